/** Reads settings: the environment wins over `.env`. Also finds the data directory. */
import { Config, ConfigProvider, Effect, FileSystem, Path } from "effect"
import * as Owner from "../../files/Owner.ts"
import * as DotEnv from "../init/DotEnv.ts"

/** The secrets that can be in a file too, which another setting names. */
const secrets = ["DUO_SKEY", "DUO_MFA_NOTIFY", "DUO_MFA_PING"].map((name) => [name, `${name}_FILE`])

/** Removes both settings of a secret from `.env` if the environment has one of them, because the environment wins. */
const withoutOverridden = (content: string) =>
  secrets.filter((names) => names.some((name) => process.env[name])).flat().reduce(
    (rest, name) => rest.replace(new RegExp(`^\\s*(export\\s+)?${name}\\s*=.*$`, "gm"), ""),
    content
  )

/** The environment, then the content of `.env`. An empty variable counts as none. */
export const provider = (dotEnv: string): ConfigProvider.ConfigProvider =>
  ConfigProvider.orElse(ConfigProvider.fromEnv(), ConfigProvider.fromDotEnvContents(withoutOverridden(dotEnv)))

/** The settings of this process, with `.env` in the working directory. */
export const layer = ConfigProvider.layer(Effect.map(DotEnv.read, (content) => provider(content)))

const DataDirectory = Config.NonEmptyString("DUO_MFA_DATA").pipe(Config.withDefault("data"))

/** `DUO_MFA_DATA` as an absolute path, for messages. */
export const dataDirectoryPath = Effect.gen(function*() {
  const path = yield* Path.Path
  return path.resolve(yield* Effect.orDie(DataDirectory))
})

/** Refuses a directory that others own or may write, because the files in it are trusted. */
const trusted = Effect.fnUntraced(function*(directory: string) {
  const { join } = yield* Path.Path
  yield* Owner.check(directory)
  yield* Owner.check(join(directory, "runs"))
  return directory
})

/** The data directory to work in. */
export const dataDirectory = Effect.flatMap(dataDirectoryPath, trusted)

/** Where `demo`, and `make extract` without settings, put an invented tenant. */
export const demoDirectory = "data/demo"

const isSet = (name: string) =>
  Effect.map(Effect.orDie(Config.String(name).pipe(Config.withDefault(""))), (value) => value.trim() !== "")

/**
 * Whether commands that only read mean the demo: there is no setting of Duo and of the data directory, no ledger in
 * `data`, and one in `data/demo`.
 */
export const isDemoRead = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const names = ["DUO_IKEY", "DUO_SKEY", "DUO_SKEY_FILE", "DUO_HOST", "DUO_MFA_DATA"]
  const hasLedger = (directory: string) =>
    Effect.orElseSucceed(fs.exists(path.join(directory, "duo.duckdb")), () => false)
  if ((yield* Effect.forEach(names, isSet)).includes(true)) return false
  return !(yield* hasLedger("data")) && (yield* hasLedger(demoDirectory))
})

/** The data directory to read: the one to work in, or the demo's. */
export const dataDirectoryToRead = Effect.gen(function*() {
  const path = yield* Path.Path
  if (!(yield* isDemoRead)) return yield* dataDirectory
  yield* Effect.logInfo(`There is no Duo setting and no ledger in data, so this is the demo in ${demoDirectory}.`)
  return yield* trusted(path.resolve(demoDirectory))
})

/** Options of Node that open a debugger, load code, or write memory or the environment to a file. */
const exposing =
  /--(inspect|require|import|(experimental-)?loader|heapsnapshot-[a-z-]+|heap-prof|report-[a-z-]+|abort-on-uncaught-exception)\b|-r\b/

/**
 * With this variable at 0, Node accepts any certificate. Our connections demand a valid one in spite of it; the
 * variable is deleted as well, so that nothing else in the process reads it.
 */
export const verifyCertificates = Effect.suspend(() => {
  const setting = process.env["NODE_TLS_REJECT_UNAUTHORIZED"]
  delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]
  return setting === "0"
    ? Effect.logWarning(
      "NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect: certificates are verified. Name a CA of your own in NODE_EXTRA_CA_CERTS."
    )
    : Effect.void
})

/** Warns of surroundings that put secrets at risk but need not stop the run. */
export const warn = Effect.gen(function*() {
  if (
    /^\s*(export\s+)?(DUO_(SKEY|MFA_NOTIFY|MFA_PING)|OTEL_EXPORTER_OTLP_HEADERS|PGPASSWORD)\s*=/m.test(
      yield* DotEnv.read
    )
  ) {
    if (yield* Owner.isReadByOthers(".env")) {
      yield* Effect.logWarning("Others may read .env, and the secret in it: chmod 600 it.")
    }
  }
  const found = exposing.exec(process.env["NODE_OPTIONS"] ?? "")
  if (found !== null) {
    yield* Effect.logWarning(`NODE_OPTIONS has ${found[0]}: what that lets in, or writes, can have the secret key.`)
  }
})
