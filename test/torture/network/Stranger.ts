/** Somebody who must not be asked: counts the requests that reach it. */
import { Effect } from "effect"
import { listen } from "../../../src/emulator/server/Loopback.ts"

export interface Stranger {
  /** `127.0.0.1:PORT` */
  readonly host: string
  readonly requests: () => number
}

/** Until the scope closes. */
export const stranger = Effect.gen(function*() {
  let requests = 0
  const port = yield* listen(0, (_, response) => {
    requests++
    response.end(`{"stat": "OK", "response": []}`)
  })
  const found: Stranger = { host: `127.0.0.1:${port}`, requests: () => requests }
  return found
})
