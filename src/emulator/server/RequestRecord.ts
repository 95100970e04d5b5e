/** What a test may want to know of a request afterwards. It never holds a signature. */
import type { FaultName } from "../faults/Scenario.ts"
import { credentials } from "./Authentication.ts"
import type { ReceivedRequest } from "./ReceivedRequest.ts"

export interface RequestRecord {
  readonly method: string
  readonly path: string
  readonly params: ReadonlyArray<readonly [name: string, value: string]>
  /** In lower case, without Authorization. */
  readonly headers: Readonly<Record<string, string>>
  /** Hex digits of the signature: 40 is SHA-1, 128 is SHA-512; null without one. */
  readonly signatureDigits: number | null
  /** Names of distributed tracing's headers, which must not go to a third party. */
  readonly trace: ReadonlyArray<string>
  /** From 1; requests on one connection share it. */
  readonly connection: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** What was answered; null while, or if, nothing is. */
  status: number | null
  /** Milliseconds from when it was in until its answer was handed over; null while, or if, it is not. */
  took: number | null
  /** The faults that were applied. */
  readonly faults: Array<FaultName>
}

export const recordOf = (request: ReceivedRequest, connection: number, at: number): RequestRecord => {
  const { authorization, ...headers } = request.headers
  return {
    method: request.method,
    path: request.path,
    params: request.query ?? [],
    headers,
    signatureDigits: credentials(authorization)?.hex.length ?? null,
    trace: Object.keys(headers).filter((name) => /^(?:traceparent|tracestate|b3|x-b3-.*|baggage)$/.test(name)),
    connection,
    at,
    status: null,
    took: null,
    faults: []
  }
}
