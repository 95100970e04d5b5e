/**
 * An emulated parent account with children. Each child has its own host (a port of this machine), tenant, rate limit and
 * record of requests. The keys of the parent read all children, as in Duo's Accounts API.
 */
import { Effect, type Scope } from "effect"
import { ids, seedOf } from "../people/Dice.ts"
import { dumps, type Json, type JsonObject } from "../people/PythonJson.ts"
import { type Emulator, type Options, serve } from "./Emulator.ts"
import type { EmulatorError } from "./Loopback.ts"
import type { RequestRecord } from "./RequestRecord.ts"

/** `users` and the options after it are those of every child; the scenario is played on the parent's host as well. */
export interface ParentOptions extends Omit<Options, "account" | "tenant"> {
  readonly children: number
  /** Options of the n-th child, counted from 1, that differ from those of the others. */
  readonly child?: ((n: number) => Omit<Options, "account">) | undefined
  /** Changes the list with which the parent answers. It is called for each answer. */
  readonly listed?: ((accounts: ReadonlyArray<JsonObject>) => Json) | undefined
}

export interface EmulatedChild extends Emulator {
  readonly account_id: string
  readonly name: string
}

export interface EmulatedParent extends Emulator {
  readonly children: ReadonlyArray<EmulatedChild>
  /** The requests until now, to the parent and to all children, that were sent to the wrong host by their account. */
  readonly misdirected: () => ReadonlyArray<RequestRecord>
}

const entryOf = ({ account_id, host, name }: EmulatedChild): JsonObject => ({ account_id, api_hostname: host, name })

/**
 * Starts a parent and its children. If the parent's port is given, the n-th child has the n-th port after it, so the
 * hosts are the same at the next start. When the scope closes, all stop.
 */
export const serveParent: (options: ParentOptions) => Effect.Effect<EmulatedParent, EmulatorError, Scope.Scope> = Effect
  .fnUntraced(function*(options: ParentOptions) {
    const { child, children: count, listed, ...others } = options
    const { port = 0, seed = 1 } = others
    const accountIds = ids(seedOf(`accounts of ${seed}`), "DA")
    const children: Array<EmulatedChild> = []
    const list = () => {
      const entries = children.map(entryOf)
      return dumps(listed === undefined ? entries : listed(entries))
    }
    const parent = yield* serve({ ...others, users: 0, account: { role: "parent", list } })
    for (let n = 1; n <= count; n++) {
      const account_id = accountIds.of(n)
      const emulator = yield* serve({
        ...others,
        ikey: parent.ikey,
        skey: parent.skey,
        seed: `child ${n} of ${seed}`,
        port: port === 0 ? 0 : port + n,
        ...child?.(n),
        account: { role: "child", account_id }
      })
      children.push({ ...emulator, account_id, name: `Example Customer ${n}` })
    }
    return {
      ...parent,
      children,
      misdirected: () => [parent, ...children].flatMap(({ requests }) => requests.filter((each) => each.misdirected))
    }
  })
