/**
 * An emulator of the Duo Admin API on loopback, for the demo, the tests and the benchmarks. It checks signatures as Duo
 * does, pages a tenant of any size, and fails as a scenario tells it. Its time is the Effect Clock that `serve` runs
 * with.
 */
import { Clock, Effect, FiberSet, Redacted, type Scope } from "effect"
import { createHash } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import { onBytes, onReply, tooMany } from "../faults/Faults.ts"
import { type Due, type Fault, type FaultName, type RetryAfter, type Scenario, start } from "../faults/Scenario.ts"
import { Signatures } from "../faults/Signatures.ts"
import * as LogEndpoint from "../log/LogEndpoint.ts"
import * as LoginLog from "../log/LoginLog.ts"
import { seedOf } from "../people/Dice.ts"
import * as Tenant from "../people/Tenant.ts"
import { type HostAccount, isAccountsPath, listAccounts, refuseAccount } from "./AccountHost.ts"
import { authenticate, type Keys, type SignatureName } from "./Authentication.ts"
import * as Bucket from "./Bucket.ts"
import { deliver, isDelivery } from "./Delivery.ts"
import {
  type EmulatedApi,
  endpointOf,
  type Permission,
  permissions as allPermissions,
  readLog,
  respond
} from "./Endpoints.ts"
import { delays } from "./Latency.ts"
import { type EmulatorError, listen } from "./Loopback.ts"
import { receive, type ReceivedRequest } from "./ReceivedRequest.ts"
import { render, type Reply, type ReplyAnswer } from "./Reply.ts"
import { recordOf, type RequestRecord } from "./RequestRecord.ts"

export interface RateLimit {
  readonly perMinute: number
  /** How many requests may come at once. If not given, as many as per minute. */
  readonly burst?: number | undefined
  readonly retryAfter?: RetryAfter | undefined
}

export interface Options {
  /** The number of invented users. Not needed with `tenant`. */
  readonly users?: number | undefined
  /** The number of invented administrators. If not given, a few. */
  readonly administrators?: number | undefined
  /** Users and keys are functions of the seed. The users are plausible if `people` is not given. */
  readonly seed?: number | string | undefined
  readonly people?: LoginLog.LogOptions["people"]
  readonly tenant?: Tenant.Tenant | undefined
  /** The port. If it is 0 or not given, any free port. */
  readonly port?: number | undefined
  readonly ikey?: string | undefined
  readonly skey?: string | undefined
  /** The host that clients must sign. If not given, 127.0.0.1. */
  readonly apiHost?: string | undefined
  /** The account of this host in the Accounts API. If not given, no request needs an `account_id`. */
  readonly account?: HostAccount | undefined
  readonly apis?: ReadonlyArray<EmulatedApi> | undefined
  readonly signatures?: ReadonlyArray<SignatureName> | undefined
  readonly permissions?: ReadonlyArray<Permission> | undefined
  /** Seconds that the server's clock is ahead. */
  readonly clockSkew?: number | undefined
  readonly rateLimit?: RateLimit | undefined
  /** Milliseconds before each answer: a number, or a range to choose from. */
  readonly latency?: number | readonly [from: number, to: number] | undefined
  readonly scenario?: Scenario | undefined
  /** The authentication log. If not given, the users of the tenant log in on every day. */
  readonly log?: LoginLog.LoginLog | undefined
  /** How the log is counted. If not given, exactly. */
  readonly counting?: LogEndpoint.Counting | undefined
}

export interface Emulator {
  /** `127.0.0.1:PORT` */
  readonly host: string
  readonly ikey: string
  readonly skey: string
  readonly tenant: Tenant.Tenant
  /** All requests until now, in order of arrival. */
  readonly requests: ReadonlyArray<RequestRecord>
  /** The signatures of the requests. Tests search logs and files for them. */
  readonly signatures: Pick<Signatures, "areIn">
  /** How often each fault was applied. A test of a fault that was never applied proves nothing. */
  readonly reached: Readonly<Partial<Record<FaultName, number>>>
}

const ping = "/auth/v2/ping"

/** Makes keys from the seed that look like Duo's. */
const keysOf = (seed: number | string) => {
  const text = createHash("sha256").update(`keys of ${seed}`).digest("hex")
  return { ikey: `DI${text.slice(0, 18).toUpperCase()}`, skey: text.slice(20, 60) }
}

/** Starts the emulator. When the scope closes, it stops and closes all connections. */
export const serve: (options?: Options) => Effect.Effect<Emulator, EmulatorError, Scope.Scope> = Effect.fnUntraced(
  function*(options: Options = {}) {
    const clock = yield* Clock.Clock
    const run = yield* FiberSet.makeRuntimePromise()
    const seed = options.seed ?? 1
    const ikey = options.ikey ?? keysOf(seed).ikey
    const skey = options.skey ?? keysOf(seed).skey
    const tenant = options.tenant ?? Tenant.make({ ...options, users: options.users ?? 250, seed })
    const script = start(options.scenario ?? [])
    const requests: Array<RequestRecord> = []
    const signatures = new Signatures()
    const log = options.log ?? LoginLog.make({ ...options, seed: seedOf(seed), users: LoginLog.usersOf(tenant) })
    const answer = answerer({ ...options, log }, { ikey, skey: Redacted.make(skey), tenant })
    const delay = delays(options.latency, seed)
    const began = clock.currentTimeMillisUnsafe()
    let pages = 0

    const handle = async (incoming: IncomingMessage, response: ServerResponse, connection: number) => {
      const request = await receive(incoming)
      const now = clock.currentTimeMillisUnsafe()
      const record = recordOf(request, refuseAccount(options.account, request) !== undefined, connection, now)
      requests.push(record)
      signatures.add(request.headers["authorization"])
      const list = endpointOf(request.path, ["v1", "v2"])?.list
      if (list === "users") pages++
      const offset = Number(record.params.find(([name]) => name === "offset")?.[1] ?? 0)
      const due = script.due({
        path: request.path,
        list: list !== undefined,
        offset,
        request: requests.length,
        page: list === "users" ? pages : 0,
        seconds: (now - began) / 1000
      })
      const outcome = answer(request, due, now / 1000)
      for (const each of outcome.applied) {
        each.reached()
        record.faults.push(each.fault.fault)
      }
      const gone = new AbortController()
      response.once("close", () => gone.abort())
      /** Stops sleeping when the client has gone. */
      const sleep = (milliseconds: number) =>
        run(Effect.sleep(milliseconds), { signal: gone.signal }).catch(() => undefined)
      const wait = delay()
      if (wait > 0) await sleep(wait)
      if (outcome.delivery?.fault !== "silence") record.status = outcome.answer.status
      const acceptsGzip = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "")
      await deliver({ response, acceptsGzip, sleep }, outcome.answer, outcome.delivery)
      record.took = clock.currentTimeMillisUnsafe() - now
    }

    const port = yield* listen(options.port ?? 0, (request, response, connection) => {
      handle(request, response, connection).catch((cause) => {
        if (response.headersSent || response.destroyed) return response.destroy()
        return response.writeHead(500, { "content-type": "text/plain" }).end(`The emulator has a defect: ${cause}\n`)
      })
    })
    return { host: `127.0.0.1:${port}`, ikey, skey, tenant, requests, signatures, reached: script.reached }
  }
)

interface Outcome {
  readonly answer: ReplyAnswer
  readonly delivery: Fault | undefined
  readonly applied: ReadonlyArray<Due>
}

/**
 * Faults are applied to authentic requests only, so they never hide a wrong request. The server's clock is the
 * exception.
 */
const answerer = (
  options: Options & { readonly log: LoginLog.LoginLog },
  fixed: { readonly ikey: string; readonly skey: Redacted.Redacted<string>; readonly tenant: Tenant.Tenant }
) => {
  const { tenant } = fixed
  const keys: Keys = {
    ...fixed,
    apiHost: options.apiHost ?? "127.0.0.1",
    signatures: options.signatures ?? ["v2-sha1", "v2-sha512", "v5-sha512"]
  }
  const apis = options.apis ?? ["v1", "v2"]
  const permissions = options.permissions ?? allPermissions
  const { rateLimit } = options
  const bucket = rateLimit === undefined
    ? Bucket.unlimited
    : Bucket.make(rateLimit.perMinute, rateLimit.burst ?? rateLimit.perMinute)

  return (request: ReceivedRequest, due: ReadonlyArray<Due>, realNow: number): Outcome => {
    const applied: Array<Due> = []
    let now = realNow + (options.clockSkew ?? 0)
    for (const each of due) {
      if (each.fault.fault !== "clock") continue
      now += each.fault.seconds
      applied.push(each)
    }
    const dated = (given: ReplyAnswer): ReplyAnswer => ({
      ...given,
      headers: { ...given.headers, date: new Date(now * 1000).toUTCString() }
    })
    const endpoint = endpointOf(request.path, apis)
    const refusal = request.path === ping
      ? undefined
      : authenticate(endpoint?.isV5Only ? v5Only(keys) : keys, request, now)
    if (refusal !== undefined) return { answer: dated(render(refusal)), delivery: undefined, applied }

    let limitAtMost = Infinity
    for (const each of due) {
      if (each.fault.fault === "edit" && each.fault.after !== true) {
        tenant.edit(each.fault.edit)
        applied.push(each)
      }
      if (each.fault.fault === "short_page" && endpoint?.list !== undefined) {
        limitAtMost = each.fault.size
        applied.push(each)
      }
    }
    let reply: Reply = request.path === ping
      ? { kind: "single", text: `{"time": ${Math.floor(now)}}` }
      : refuseAccount(options.account, request) ?? (isAccountsPath(request.path)
        ? listAccounts(options.account, request)
        : request.path === LogEndpoint.path
        ? readLog(
          request,
          permissions,
          (query) => LogEndpoint.answer(query, options.log, options.counting ?? "exact", now * 1000)
        )
        : respond(request, endpoint, permissions, tenant, limitAtMost))
    const wait = reply.kind === "refusal" || request.path === ping ? 0 : bucket.take(now)
    if (wait > 0) reply = tooMany(rateLimit?.retryAfter ?? "none", wait, now)
    for (const each of due) {
      const changed = onReply(reply, each, now)
      if (changed !== reply) applied.push(each)
      reply = changed
    }
    const rendered = render(reply)
    let { body } = rendered
    for (const each of due) {
      const changed = onBytes(body, each)
      if (changed !== body) applied.push(each)
      body = changed
    }
    const delivery = due.findLast(({ fault }) => isDelivery(fault))
    if (delivery !== undefined) applied.push(delivery)
    for (const each of due) {
      if (each.fault.fault !== "edit" || each.fault.after !== true) continue
      tenant.edit(each.fault.edit)
      applied.push(each)
    }
    return { answer: dated({ ...rendered, body }), delivery: delivery?.fault, applied }
  }
}

const v5Only = (keys: Keys): Keys => ({ ...keys, signatures: keys.signatures.filter((name) => name === "v5-sha512") })
