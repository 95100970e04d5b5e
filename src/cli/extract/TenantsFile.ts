/**
 * Reads the file of `--tenants`: a tenant per line as JSON, or `[[tenants]]` in TOML. It has no secrets; `skey_file` is the
 * path of a file that has one.
 */
import { Effect, FileSystem, Path, Result, Runtime, Schema } from "effect"
import { parseHost } from "../../duo/http/Host.ts"
import { ExitCode } from "../../failure/ExitCode.ts"
import * as Owner from "../../files/Owner.ts"

/** The file cannot be used. */
export class BadTenantsFile extends Schema.TaggedError<BadTenantsFile>()("BadTenantsFile", {
  file: Schema.String,
  detail: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `${this.file}: ${this.detail}.`
  }
  get publicMessage() {
    return "The file of --tenants cannot be used; standard error says why."
  }
}

/** A name is part of file listings and messages, so it is one line. */
const Name = Schema.String.check(Schema.isPattern(/^(?!\s)[^\p{Cc}\p{Zl}\p{Zp}]{1,200}(?<!\s)$/u))

const Listed = Schema.Struct({
  /** The name that the tenant's rows have; without it, the host. */
  name: Schema.optionalKey(Name),
  host: Schema.String,
  ikey: Schema.optionalKey(Schema.String),
  skey_file: Schema.optionalKey(Schema.String),
  /** The id of a child account, which is read with the keys of its parent. */
  account_id: Schema.optionalKey(Schema.String)
})

/** A tenant of the file. Without keys, those of the settings are used. */
export interface ListedTenant {
  readonly name: string
  readonly host: string
  readonly ikey?: string
  readonly skey_file?: string
  readonly account_id?: string
}

const fields = Object.keys(Listed.fields)

const decode = Schema.decodeUnknownResult(Listed)

/** Something that stands in the file, and its place for messages, such as `line 3`. */
interface Entry {
  readonly place: string
  readonly value: unknown
}

const parseLines = (text: string): ReadonlyArray<Entry | string> =>
  text.split("\n").flatMap((line, index): ReadonlyArray<Entry | string> => {
    if (line.trim() === "") return []
    const place = `line ${index + 1}`
    try {
      const value: unknown = JSON.parse(line)
      return [{ place, value }]
    } catch {
      return [`${place} is not JSON`]
    }
  })

const parseToml = async (text: string): Promise<ReadonlyArray<Entry | string>> => {
  const { parse, TomlError } = await import("smol-toml")
  try {
    const { tenants } = parse(text)
    return Array.isArray(tenants)
      ? tenants.map((value, index) => ({ place: `tenant ${index + 1}`, value }))
      : ["it has no [[tenants]]"]
  } catch (error) {
    return [error instanceof TomlError ? `line ${error.line} is not TOML` : "it is not TOML"]
  }
}

/** The tenant of an entry, or the sentence that says what is wrong with it. It never shows a value. */
const tenantOf = ({ place, value }: Entry, allowLoopback: boolean): ListedTenant | string => {
  const decoded = decode(value)
  if (typeof value === "object" && value !== null) {
    const other = Object.keys(value).find((field) => !fields.includes(field))
    if (other === "skey") return `${place} has a secret key; put it in a file, and name that file in skey_file`
    if (other !== undefined) return `${place} has the field ${JSON.stringify(other)}; known are ${fields.join(", ")}`
  }
  if (Result.isFailure(decoded)) {
    return `${place} needs a host, and texts in ${fields.join(", ")}; a name is one line of at most 200 characters`
  }
  const { account_id, ikey, name, skey_file } = decoded.success
  const host = parseHost(decoded.success.host, allowLoopback, "host")
  if (Result.isFailure(host)) return `${place}: ${host.failure}`
  if ((ikey === undefined) !== (skey_file === undefined)) return `${place} needs both ikey and skey_file, or neither`
  if (ikey === undefined && account_id === undefined) {
    return `${place} needs ikey and skey_file, or the account_id of a child account`
  }
  return {
    name: name ?? host.success.host,
    host: host.success.host,
    ...ikey === undefined ? {} : { ikey },
    ...skey_file === undefined ? {} : { skey_file },
    ...account_id === undefined ? {} : { account_id }
  }
}

/** The first text that comes twice. */
const twice = (texts: ReadonlyArray<string>) => texts.find((text, index) => texts.indexOf(text) !== index)

/** Reads the tenants of a file. Paths in it start in its own directory. */
export const read = Effect.fnUntraced(function*(file: string, allowLoopback: boolean) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const fail = (detail: string) => new BadTenantsFile({ file, detail })
  yield* Owner.check(file)
  const text = yield* Effect.mapError(
    fs.readFileString(file),
    (error) =>
      fail(error.reason._tag === "NotFound" ? "there is no such file" : `it cannot be read (${error.reason._tag})`)
  )
  const entries = file.endsWith(".toml") ? yield* Effect.promise(() => parseToml(text)) : parseLines(text)
  const tenants: Array<ListedTenant> = []
  for (const entry of entries) {
    const tenant = typeof entry === "string" ? entry : tenantOf(entry, allowLoopback)
    if (typeof tenant === "string") return yield* fail(tenant)
    const { skey_file, ...rest } = tenant
    tenants.push(
      skey_file === undefined ? tenant : { ...rest, skey_file: path.resolve(path.dirname(file), skey_file) }
    )
  }
  if (tenants.length === 0) return yield* fail("it has no tenants")
  const name = twice(tenants.map((tenant) => tenant.name))
  if (name !== undefined) return yield* fail(`two tenants have the name ${JSON.stringify(name)}`)
  const host = twice(tenants.map((tenant) => tenant.host))
  if (host !== undefined) return yield* fail(`two tenants have the host ${host}`)
  return tenants
})
