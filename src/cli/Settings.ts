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

const readDotEnv = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(".env")).pipe(
  Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed("")),
  Effect.mapError((error) => new UnreadableEnv({ detail: error.reason.message }))
)

const fromDotEnv = readDotEnv.pipe(
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

const othersMayRead = 0o077

/** What around the process puts secrets at risk, and is no reason to stop. */
export const warn = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  if (/^\s*(export\s+)?(DUO_(SKEY|MFA_NOTIFY)|OTEL_EXPORTER_OTLP_HEADERS|PGPASSWORD)\s*=/m.test(yield* readDotEnv)) {
    const mode = yield* fs.stat(".env").pipe(Effect.map(({ mode }) => mode), Effect.orElseSucceed(() => 0))
    if ((mode & othersMayRead) !== 0) {
      yield* Effect.logWarning("Others may read .env, and the secret in it: chmod 600 it.")
    }
  }
  const loaded = /--(inspect|require|import|(?:experimental-)?loader)\b|-r\b/.exec(process.env["NODE_OPTIONS"] ?? "")
  if (loaded !== null) {
    yield* Effect.logWarning(`NODE_OPTIONS has ${loaded[0]}: what that lets in can read the secret key.`)
  }
})
