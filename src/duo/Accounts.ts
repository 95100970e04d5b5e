/**
 * Lists the child accounts of a parent, by Duo's Accounts API: https://duo.com/docs/accountsapi. The keys of the parent
 * then read each child on the child's own host, with its `account_id` in every request. An entry of Duo's list from
 * which this cannot be known for sure is left out. No child is ever asked on the host of another, or of the parent.
 */
import { Context, Effect, type FileSystem, Layer, Result } from "effect"
import type { BadProxy } from "../http/Proxy.ts"
import * as ClockSkew from "./ClockSkew.ts"
import { DuoError } from "./DuoError.ts"
import { UnreadableAnswer } from "./DuoReason.ts"
import { Client } from "./http/Client.ts"
import { Credentials, isAccountId, SettingsError } from "./http/Credentials.ts"
import { accountListPath } from "./http/Exchange.ts"
import { type HostName, parseHost } from "./http/Host.ts"
import { type Account, decodeAccounts } from "./wire/Account.ts"

/** A child account that can be asked. */
export interface ChildAccount {
  /** `DA` and 18 letters and digits, as the setting `DUO_ACCOUNT_ID` has it. */
  readonly account_id: string
  /** The name that somebody gave the account, with any characters; "" if it has none. */
  readonly name: string
  /** The account's API host, as the setting `DUO_HOST` has it. */
  readonly host: HostName
}

/** The list of child accounts. No two children have the same host, or the same id. */
export interface ChildAccounts {
  /** In Duo's order. */
  readonly children: ReadonlyArray<ChildAccount>
  /** A sentence for each entry that cannot be asked. It may have the id of an account, and never has a name. */
  readonly leftOut: ReadonlyArray<string>
}

/** The parent's host, and whether it is this machine. Only then a child may be on this machine. */
type Parent = Pick<Credentials["Service"], "host" | "loopback">

/** The values that come more than once. */
const repeated = <A>(values: ReadonlyArray<A>): ReadonlySet<A> => {
  const once = new Set<A>()
  const more = new Set<A>()
  for (const value of values) (once.has(value) ? more : once).add(value)
  return more
}

/** Divides the entries of Duo's list into children, and sentences about the rest. */
export const divide = (entries: ReadonlyArray<Account>, parent: Parent): ChildAccounts => {
  const read = entries.map((entry) => ({
    account_id: entry.account_id ?? "",
    name: entry.name ?? "",
    host: parseHost(entry.api_hostname ?? "", parent.loopback).pipe(
      Result.map(({ host }) => host),
      Result.mapError(() => entry.api_hostname ? "its API host is not one of Duo's" : "it has no API host")
    )
  }))
  const hosts = repeated(read.flatMap(({ host }) => Result.isSuccess(host) ? [host.success] : []))
  const ids = repeated(read.map(({ account_id }) => account_id))

  const childOf = ({ account_id, host, name }: typeof read[number]): Result.Result<ChildAccount, string> => {
    if (account_id === "") return Result.fail("it has no account_id")
    if (!isAccountId(account_id)) return Result.fail("its account_id is not DA and 18 letters and digits")
    if (ids.has(account_id)) return Result.fail("another entry of Duo's list has the same account_id")
    return Result.flatMap(host, (host) => {
      if (host === parent.host) return Result.fail("its API host is the one of the parent")
      if (hosts.has(host)) return Result.fail("another entry of Duo's list has the same API host")
      return Result.succeed({ account_id, name, host })
    })
  }

  const children: Array<ChildAccount> = []
  const leftOut: Array<string> = []
  for (const [n, entry] of read.entries()) {
    const child = childOf(entry)
    if (Result.isSuccess(child)) {
      children.push(child.success)
      continue
    }
    const subject = isAccountId(entry.account_id) ? `Account ${entry.account_id}` : `Entry ${n + 1} of Duo's list`
    leftOut.push(`${subject} is left out, because ${child.failure}.`)
  }
  return { children, leftOut }
}

export class Accounts extends Context.Service<Accounts, {
  /** Asks the parent for the list. Fails with a `SettingsError` if the settings name a child. */
  readonly list: Effect.Effect<ChildAccounts, DuoError | SettingsError>
}>()("duo-mfa/duo/Accounts") {
  static readonly layerNoDeps: Layer.Layer<Accounts, never, Client | Credentials> = Layer.effect(
    Accounts,
    Effect.gen(function*() {
      const client = yield* Client
      const credentials = yield* Credentials
      return Accounts.of({
        list: Effect.gen(function*() {
          if (credentials.accountId !== undefined) {
            return yield* new SettingsError({
              settings: ["DUO_ACCOUNT_ID"],
              detail: "DUO_ACCOUNT_ID names a child account, and only its parent has a list of accounts: " +
                "remove the setting"
            })
          }
          const { response } = yield* client.accounts.pipe(ClockSkew.ofCall(client))
          const { values } = yield* Effect.fromResult(decodeAccounts(response)).pipe(
            Effect.mapError((refusal) =>
              new DuoError({ path: accountListPath, attempts: 1, reason: new UnreadableAnswer(refusal) })
            )
          )
          return divide(values, credentials)
        })
      })
    })
  )

  /** The accounts of the parent that the settings name. */
  static readonly layer: Layer.Layer<Accounts, BadProxy | SettingsError, FileSystem.FileSystem> = this.layerNoDeps.pipe(
    Layer.provide(Client.layer),
    Layer.provide(Credentials.layer)
  )
}
