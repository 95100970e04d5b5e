/** A record of a request, for tests. It never contains a signature. */
import type { FaultName } from "../faults/Scenario.ts"
import { credentials } from "./Authentication.ts"
import type { ReceivedRequest } from "./ReceivedRequest.ts"

export interface RequestRecord {
  readonly method: string
  readonly path: string
  readonly params: ReadonlyArray<readonly [name: string, value: string]>
  /** The names of the headers in lower case, without Authorization. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Whether it was sent to the wrong host, by its account: to a child without the child's `account_id`, or to a parent
   * for anything but the list of its children.
   */
  readonly misdirected: boolean
  /** The number of hex digits of the signature: 40 for SHA-1, 128 for SHA-512; null without a signature. */
  readonly signatureDigits: number | null
  /** The names of its headers of distributed tracing. There should be none, because Duo must not get these. */
  readonly trace: ReadonlyArray<string>
  /** The number of the connection, from 1. */
  readonly connection: number
  /** When it arrived, in milliseconds since 1970. */
  readonly at: number
  /** The status of the answer; null if there is no answer (yet). */
  status: number | null
  /** Milliseconds from the request's arrival until the answer was handed over; null if it was not handed over (yet). */
  took: number | null
  /** The faults that were applied. */
  readonly faults: Array<FaultName>
}

export const recordOf = (
  request: ReceivedRequest,
  misdirected: boolean,
  connection: number,
  at: number
): RequestRecord => {
  const { authorization, ...headers } = request.headers
  return {
    method: request.method,
    path: request.path,
    params: request.query ?? [],
    headers,
    misdirected,
    signatureDigits: credentials(authorization)?.hex.length ?? null,
    trace: Object.keys(headers).filter((name) => /^(?:traceparent|tracestate|b3|x-b3-.*|baggage)$/.test(name)),
    connection,
    at,
    status: null,
    took: null,
    faults: []
  }
}
