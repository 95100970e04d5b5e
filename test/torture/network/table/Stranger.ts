/** A server that must not get requests. It counts those that it gets. */
import { Effect } from "effect"
import { listen } from "../../../../src/emulator/server/Loopback.ts"

export interface Stranger {
  /** `127.0.0.1:PORT` */
  readonly host: string
  readonly requests: () => number
}

/** Starts the server, which stops when the scope closes. */
export const stranger = Effect.gen(function*() {
  let requests = 0
  const port = yield* listen(0, (_, response) => {
    requests++
    response.end(`{"stat": "OK", "response": []}`)
  })
  const found: Stranger = { host: `127.0.0.1:${port}`, requests: () => requests }
  return found
})
