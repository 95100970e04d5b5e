/** The environment wins over `.env`, also if it names a secret in another way. */
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Option } from "effect"
import * as Settings from "../../../src/cli/shared/Settings.ts"

/** The settings of these names, while the environment has some variables. */
const settings = (environment: Readonly<Record<string, string>>, dotEnv: string, ...names: ReadonlyArray<string>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const before = Object.keys(environment).map((name) => [name, process.env[name]] as const)
      Object.assign(process.env, environment)
      return before
    }),
    () =>
      Effect.forEach(
        names,
        (name) => Effect.map(Effect.orDie(Config.option(Config.String(name))), Option.getOrUndefined)
      )
        .pipe(Effect.provideService(ConfigProvider.ConfigProvider, Settings.provider(dotEnv))),
    (before) =>
      Effect.sync(() => {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name]
          else process.env[name] = value
        }
      })
  )

describe("a secret", () => {
  for (const name of ["DUO_SKEY", "DUO_MFA_NOTIFY", "DUO_MFA_PING"]) {
    const file = `${name}_FILE`
    it.effect(`${name} of the environment is used without its file in .env, and the other way round`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(
          yield* settings({ [name]: "mine" }, `export ${file}=/theirs\nDUO_HOST=here\n`, name, file, "DUO_HOST"),
          ["mine", undefined, "here"]
        )
        assert.deepStrictEqual(
          yield* settings({ [file]: "/mine" }, `${name}=theirs\n`, name, file),
          [undefined, "/mine"]
        )
        assert.deepStrictEqual(yield* settings({}, `${name}=theirs\n`, name, file), ["theirs", undefined])
      }))
  }
})
