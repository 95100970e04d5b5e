/**
 * The database that `--sink postgres:TARGET` names. The usual environment variables of PostgreSQL, such as PGHOST, fill in
 * the rest. A password is never part of it.
 */
import { Config, ConfigProvider, Effect, Option, Runtime, Schema } from "effect"
import { userInfo } from "node:os"
import { ExitCode } from "../../src/failure/ExitCode.ts"
import { isLoopback } from "../../src/http/LoopbackName.ts"

/** The check of the server's identity. `disable` means plain text and no check. */
const SslMode = Schema.Literals(["disable", "require", "verify-ca", "verify-full"])
type SslMode = typeof SslMode.Type

export interface DatabaseTarget {
  /** A name, an address, or the directory of a socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  /** The schema for readers; the rows are in another schema beside it. */
  readonly schema: string
  readonly sslmode: SslMode
  /** A file of CA certificates to trust instead of the public ones. */
  readonly sslrootcert: string | undefined
}

/** The target or a setting is invalid. */
export class BadTarget extends Schema.TaggedError<BadTarget>()("BadTarget", {
  detail: Schema.String,
  isSetting: Schema.Boolean
}) {
  override readonly [Runtime.errorExitCode] = this.isSetting ? ExitCode.config : ExitCode.usage
  override get message() {
    return this.isSetting
      ? `${this.detail}. Set it right, or unset it and name the database with --sink postgres:TARGET.`
      : `The target of the postgres sink ${this.detail}. Give it as postgres://USER@HOST:PORT/DATABASE?schema=SCHEMA, and the password in PGPASSWORD or a file, PGPASSFILE.`
  }
}

const wrong = (detail: string) => new BadTarget({ detail, isSetting: false })

/** The options of a target, after its `?`. */
const Options = Schema.Struct({
  host: Schema.optionalKey(Schema.NonEmptyString),
  port: Schema.optionalKey(Schema.NonEmptyString),
  user: Schema.optionalKey(Schema.NonEmptyString),
  schema: Schema.optionalKey(Schema.NonEmptyString),
  sslmode: Schema.optionalKey(Schema.NonEmptyString),
  sslrootcert: Schema.optionalKey(Schema.NonEmptyString)
})
const decodeOptions = Schema.decodeUnknownEffect(Options, { onExcessProperty: "error" })

/** PostgreSQL cuts off the end of names of more than 63 bytes, and `_rows` is appended to this name. */
const schemaBytesMax = 63 - "_rows".length

const isLocal = (host: string) => host.startsWith("/") || isLoopback(host)
const sslmodeOf = (host: string): SslMode => isLocal(host) ? "disable" : "verify-full"

const parts = Effect.fnUntraced(function*(text: string) {
  const url = yield* Effect.try({
    try: () => {
      const { hostname, password, pathname, port, protocol, searchParams, username } = new URL(text)
      return {
        protocol,
        hasPassword: password !== "" || searchParams.has("password"),
        host: hostname.replace(/^\[(.*)\]$/, "$1"),
        port,
        user: decodeURIComponent(username),
        database: decodeURIComponent(pathname.slice(1)),
        options: Object.fromEntries(searchParams)
      }
    },
    catch: () => wrong("is not a URL")
  })
  if (url.hasPassword) return yield* wrong("has a password in it, and everybody who sees the command line can read it")
  if (!/^postgres(ql)?:$/.test(url.protocol)) return yield* wrong("is not a URL of PostgreSQL")
  const options = yield* Effect.mapError(
    decodeOptions(url.options),
    () => wrong(`has an unknown or empty option after the ?; the options are ${Object.keys(Options.fields).join(", ")}`)
  )
  return { ...url, options }
})

const setting = (name: string) =>
  Effect.map(Effect.orDie(Config.option(Config.NonEmptyString(name))), Option.getOrUndefined)

/** A value from the target, or otherwise from the environment, and the error that names this source. */
const either = Effect.fnUntraced(function*(given: string | undefined, name: string) {
  if (given !== undefined && given !== "") return { value: given, bad: (detail: string) => wrong(detail) }
  return {
    value: yield* setting(name),
    bad: (detail: string) => new BadTarget({ detail: `${name} ${detail}`, isSetting: true })
  }
})

/** The database of a target; without a target, that of the environment. A target may begin with `//`. */
export const parse = Effect.fnUntraced(function*(text: string) {
  const { database, host, options, port, user } = yield* parts(
    text === "" ? "postgres:///" : text.startsWith("//") ? `postgres:${text}` : text
  )
  const server = (yield* either(host || options.host, "PGHOST")).value ?? "localhost"
  const asked = yield* either(port || options.port, "PGPORT")
  const number = Number(asked.value ?? 5432)
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    return yield* asked.bad("has a port that is not a number from 1 to 65535")
  }
  const asking = yield* either(user || options.user, "PGUSER")
  const name = asking.value ?? (yield* Effect.try({
    try: () => userInfo().username,
    catch: () => asking.bad("is not set, and the system has no name for this user")
  }))
  const schema = options.schema ?? "duo_mfa"
  if (Buffer.byteLength(schema) > schemaBytesMax || /^pg_|\0/.test(schema)) {
    return yield* wrong(`has an invalid schema: a name may have ${schemaBytesMax} bytes, and may not begin with pg_`)
  }
  const mode = yield* either(options.sslmode, "PGSSLMODE")
  const sslmode = mode.value ?? sslmodeOf(server)
  if (!Schema.is(SslMode)(sslmode)) {
    return yield* mode.bad(`has an unknown sslmode; the modes are ${SslMode.literals.join(", ")}`)
  }
  const target: DatabaseTarget = {
    host: server,
    port: number,
    user: name,
    database: (yield* either(database, "PGDATABASE")).value ?? name,
    schema,
    sslmode,
    sslrootcert: (yield* either(options.sslrootcert, "PGSSLROOTCERT")).value
  }
  return target
})

/** The target of a location; the environment is not read again. */
export const read = (location: string) =>
  Effect.provideService(parse(location), ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown({}))

/** The location of a target, with all of its values. */
export const format = ({ database, host, port, schema, sslmode, sslrootcert, user }: DatabaseTarget) => {
  const isSocket = host.startsWith("/")
  const name = encodeURIComponent
  const server = isSocket ? "" : `${name(user)}@${host.includes(":") ? `[${host}]` : host}:${port}`
  const options = {
    ...isSocket ? { host, port: String(port), user } : {},
    schema,
    ...sslmode === sslmodeOf(host) ? {} : { sslmode },
    ...sslrootcert === undefined ? {} : { sslrootcert }
  }
  return `postgres://${server}/${name(database)}?${new URLSearchParams(options).toString().replaceAll("%2F", "/")}`
}
