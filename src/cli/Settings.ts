/** The settings that are not the source's: where the data is, and that the environment wins over `.env`. */
import { Config, ConfigProvider, Effect, FileSystem, Path, Runtime, Schema } from "effect"
import { ExitCode } from "../ExitCode.ts"

/** `.env` is there and cannot be read. */
export class UnreadableEnv extends Schema.TaggedError<UnreadableEnv>()("UnreadableEnv", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `.env cannot be read: ${this.detail}. Make it readable, or move it away and set the environment instead.`
  }
}

/** A key in the environment also wins over the name of a file of one in `.env`. */
const withoutKeyFile = (content: string) =>
  process.env["DUO_SKEY"] ? content.replace(/^\s*(export\s+)?DUO_SKEY_FILE\s*=.*$/gm, "") : content

const fromDotEnv = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(".env")).pipe(
  Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed("")),
  Effect.mapError((error) => new UnreadableEnv({ detail: error.reason.message })),
  Effect.map((content) => ConfigProvider.fromDotEnvContents(withoutKeyFile(content)))
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
