/** Divides many tenants among machines, by a hash of each tenant's host. A tenant stays on its machine when others come. */
import { Option } from "effect"
import { hash } from "node:crypto"

/** One part of `of`, counted from 0 as Kubernetes counts the pods of an indexed job. */
export interface Shard {
  readonly part: number
  readonly of: number
}

/** Parses `I/K`. */
export const parse = (text: string): Option.Option<Shard> => {
  const [, part = "", of = ""] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? []
  const shard = { part: Number(part), of: Number(of) }
  return of !== "" && shard.part < shard.of ? Option.some(shard) : Option.none()
}

/** Whether the tenant with this host is in the part. */
export const has = ({ of, part }: Shard, host: string): boolean =>
  Number.parseInt(hash("sha256", host, "hex").slice(0, 8), 16) % of === part
