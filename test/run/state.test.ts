import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, FileSystem, Layer } from "effect"
import * as Planting from "../torture/attacks/planting.ts"

class Planted extends Context.Service<Planted, Effect.Success<ReturnType<typeof Planting.make>>>()("test/Planted") {
  static readonly layer = Layer.effect(
    Planted,
    Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "duo-mfa-state-" })).pipe(
      Effect.flatMap(Planting.make)
    )
  ).pipe(Layer.provideMerge(NodeServices.layer))
}

layer(Planted.layer, { timeout: 120_000, excludeTestServices: true })(
  "planted files run no code, and cause no request, no read and no write elsewhere",
  (it) => {
    for (const row of Planting.rows) {
      it.effect(row.name, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* (yield* Planted)(row), [])
        }), 60_000)
    }
  }
)
