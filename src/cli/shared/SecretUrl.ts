/**
 * A URL of somebody who is told about runs. It is a secret, because anybody who knows it can post there, so only its host
 * is ever shown. It comes from a flag, a setting, or a file that a setting names.
 */
import { Config, Effect, Option, Redacted, Runtime, Schema } from "effect"
import { allowsLoopback } from "../../duo/http/Credentials.ts"
import { ExitCode } from "../../failure/ExitCode.ts"
import * as SecretFile from "../../files/SecretFile.ts"
import { isPlainLoopback } from "../../http/LoopbackName.ts"

/** The URL cannot be used. */
export class BadUrl extends Schema.TaggedError<BadUrl>()("BadUrl", {
  isFlag: Schema.Boolean,
  detail: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = this.isFlag ? ExitCode.usage : ExitCode.config
  override get message() {
    return `${this.detail}.`
  }
}

export interface SecretUrl {
  readonly url: Redacted.Redacted<string>
  readonly host: string
  /** Whether it is this machine, over plain http. */
  readonly loopback: boolean
}

/** Where a URL can come from. */
export interface UrlSource {
  /** Such as "a webhook". */
  readonly what: string
  readonly flag: string
  readonly setting: string
  readonly file: string
}

const parse = (url: Redacted.Redacted<string>, what: string, allowLoopback: boolean): SecretUrl | string => {
  const parsed = URL.parse(Redacted.value(url))
  if (parsed === null) return `must be the https:// URL of ${what}`
  const { host, password, protocol, username } = parsed
  const loopback = isPlainLoopback(parsed)
  if (loopback && !allowLoopback) {
    return "is this machine over plain http, which is allowed only with DUO_INSECURE_LOOPBACK=1"
  }
  if (!loopback && protocol !== "https:") return "must be https, because others on the way could read its messages"
  if (username !== "" || password !== "") return "must have no user name and no password in it"
  return { url, host, loopback }
}

const trimmed = (url: Redacted.Redacted<string>) => Redacted.make(Redacted.value(url).trim())

const isSet = (url: Redacted.Redacted<string>) => Redacted.value(url) !== ""

const inEnvironment = (setting: string) =>
  Config.option(Config.Redacted(setting)).pipe(
    Effect.orDie,
    Effect.map((url) => Option.getOrUndefined(Option.filter(Option.map(url, trimmed), isSet)))
  )

const text = (name: string) =>
  Config.String(name).pipe(Config.withDefault(""), Effect.orDie, Effect.map((text) => text.trim()))

/** The URL of the settings, and how a message calls it. */
const ofSettings = Effect.fnUntraced(function*({ file, setting }: UrlSource) {
  const url = yield* inEnvironment(setting)
  const path = yield* text(file)
  const fail = (detail: string) => new BadUrl({ isFlag: false, detail })
  if (path === "") return url === undefined ? undefined : { url, name: setting }
  if (url !== undefined) return yield* fail(`${setting} and ${file} are both set: keep one of them`)
  const { value, warnings } = yield* SecretFile.read(path, file).pipe(
    Effect.mapError((why) => fail(`${file} names a file that ${why}: put the URL in it, or set ${setting}`))
  )
  for (const warning of warnings) yield* Effect.logWarning(warning)
  return { url: value, name: `The URL in the file of ${file}` }
})

/** The URL that the flag names, or the settings if there is no flag; undefined if nothing names one. */
export const find = Effect.fnUntraced(function*(source: UrlSource, given: Option.Option<Redacted.Redacted<string>>) {
  const asked = Option.isSome(given)
    ? { url: trimmed(given.value), name: source.flag }
    : yield* ofSettings(source)
  if (asked === undefined) return undefined
  const found = parse(asked.url, source.what, yield* Effect.orElseSucceed(allowsLoopback, () => false))
  return typeof found === "string"
    ? yield* new BadUrl({ isFlag: Option.isSome(given), detail: `${asked.name} ${found}` })
    : found
})
