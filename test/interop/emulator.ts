/** An emulator for each signature, which takes no other: prints where they are and their keys, and serves until stopped. */
import { Effect } from "effect"
import { serve } from "../../src/emulator/server/Emulator.ts"

await Effect.runPromise(Effect.scoped(Effect.gen(function*() {
  const listening: Record<string, string> = {}
  for (const signature of ["v2-sha1", "v2-sha512", "v5-sha512"] as const) {
    const { host, ikey, skey } = yield* serve({
      people: "hostile",
      users: 250,
      seed: "interop",
      signatures: [signature]
    })
    Object.assign(listening, { ikey, skey, [signature]: host })
  }
  process.stdout.write(`${JSON.stringify(listening)}\n`)
  return yield* Effect.never
})))
