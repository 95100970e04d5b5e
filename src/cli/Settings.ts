/** The settings that are not the source's: where the data is, and that the environment wins over `.env`. */
import { Config, ConfigProvider, Effect, Path, Runtime, Schema } from "effect"
import { ExitCode } from "../ExitCode.ts"

/** `.env` is there and cannot be read. */
export class UnreadableEnv extends Schema.TaggedError<UnreadableEnv>()("UnreadableEnv", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `.env cannot be read: ${this.detail}. Make it readable, or move it away and set the environment instead.`
  }
}

const fromDotEnv = ConfigProvider.fromDotEnv({ path: ".env" }).pipe(
  Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed(ConfigProvider.fromUnknown({}))),
  Effect.mapError((error) => new UnreadableEnv({ detail: error.reason.message }))
)

/** The environment, then `.env` in the working directory. An empty variable counts as none. */
export const layer = ConfigProvider.layer(
  Effect.map(fromDotEnv, (dotEnv) => ConfigProvider.orElse(ConfigProvider.fromEnv(), dotEnv))
)

const DataDirectory = Config.NonEmptyString("DUO_MFA_DATA").pipe(Config.withDefault("data"))

/** `DUO_MFA_DATA`, absolute. */
export const dataDirectory = Effect.gen(function*() {
  const path = yield* Path.Path
  return path.resolve(yield* Effect.orDie(DataDirectory))
})
