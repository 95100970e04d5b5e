/**
 * Reads the settings for Duo: the host, the keys, the account, how to sign, and which API. They come from the ConfigProvider; the
 * command line gives it the environment, and then `.env`. The secret key is Redacted as soon as it is read.
 */
import { Config, Context, Effect, type FileSystem, Layer, Option, Redacted, Result, Runtime, Schema } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import * as SecretFile from "../../files/SecretFile.ts"
import { and } from "../../text/And.ts"
import { CurrentNames, inEnvironment, type SettingNames } from "../SettingNames.ts"
import { parseHost } from "./Host.ts"

/** A setting is missing or malformed. The message says what to set, and never shows a value. */
export class SettingsError extends Schema.TaggedError<SettingsError>()("SettingsError", {
  settings: Schema.Array(Schema.String),
  detail: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `${this.detail}.`
  }
}

export const signatures = ["auto", "v5-sha512", "v2-sha512", "v2-sha1"] as const
export type Signature = typeof signatures[number]

export const apis = ["auto", "v2", "v1"] as const
export type ApiVersion = typeof apis[number]

/** The detail may begin with the name of a setting. */
const failed = (settings: ReadonlyArray<string>, detail: string) =>
  new SettingsError({ settings, detail: `${detail.slice(0, 1).toUpperCase()}${detail.slice(1)}` })

/** A setting as text; undefined if it is absent or blank. */
const setting = (name: string) =>
  Config.option(Config.String(name)).pipe(
    Effect.mapError(() => failed([name], `${name} cannot be read`)),
    Effect.map((value) => Option.getOrUndefined(value)?.trim() || undefined)
  )

const secret = Config.option(Config.Redacted("DUO_SKEY")).pipe(
  Effect.mapError(() => failed(["DUO_SKEY"], "DUO_SKEY cannot be read")),
  Effect.map((value) => Option.map(value, (skey) => Redacted.make(Redacted.value(skey).trim()))),
  Effect.map((value) => Option.getOrUndefined(Option.filter(value, (skey) => Redacted.value(skey) !== "")))
)

const oneOf = <const Choice extends string>(name: string, choices: ReadonlyArray<Choice>, otherwise: Choice) =>
  Effect.flatMap(setting(name), (value) => {
    const choice = choices.find((choice) => choice === (value ?? otherwise))
    return choice === undefined
      ? Effect.fail(failed([name], `Set ${name} to one of ${choices.join(", ")}, or not at all`))
      : Effect.succeed(choice)
  })

/** Reads the secret key from the file that a setting names. */
const readSecretFile = (path: string, { skey: other, skeyFile }: SettingNames) =>
  Effect.mapError(
    SecretFile.read(path, skeyFile),
    (why) =>
      failed(
        [skeyFile],
        `${skeyFile} names a file that ${why}: put the secret key in it${
          skeyFile === inEnvironment.skeyFile ? `, or set ${other}` : ""
        }`
      )
  )

const readSecret = Effect.fnUntraced(function*(names: SettingNames) {
  const path = yield* setting("DUO_SKEY_FILE")
  if (path !== undefined) return yield* readSecretFile(path, names)
  const skey = yield* secret
  return skey === undefined ? undefined : { value: skey, warnings: [] }
})

/** Such as "Set DUO_IKEY and DUO_HOST (DUO_SKEY is there)". */
const missing = (present: Readonly<Record<string, boolean>>): SettingsError => {
  const names = Object.keys(present)
  const absent = names.filter((name) => !present[name])
  const there = names.filter((name) => present[name])
  return failed(
    absent,
    `Set ${and(absent.map((name) => name === inEnvironment.skey ? "DUO_SKEY (or DUO_SKEY_FILE)" : name))}${
      there.length === 0 ? "" : ` (${and(there)} ${there.length === 1 ? "is" : "are"} there)`
    }`
  )
}

/** Duo's integration keys are `DI` and 18 more characters. Its secret keys have 40 characters. */
const isIkey = (ikey: string) => /^DI[A-Z0-9]{18}$/.test(ikey)
const skeyLength = 40

const swapped = ({ ikey, skey }: SettingNames) =>
  `${ikey} and ${skey} look swapped: the one that starts with DI is ${ikey}`

/** Says why a text cannot be an integration key; undefined if it can be one. */
export const ikeyError = (ikey: string, names = inEnvironment): string | undefined => {
  if (ikey.length === skeyLength) return swapped(names)
  return /^[!-9;-~]+$/.test(ikey)
    ? undefined
    : `${names.ikey} is not an integration key, which is DI and 18 letters and digits`
}

/** Says why a text cannot be a secret key; undefined if it can be one. */
export const skeyError = (skey: Redacted.Redacted<string>, names = inEnvironment): string | undefined =>
  isIkey(Redacted.value(skey)) ? swapped(names) : undefined

/** The sentence that says that an integration key has not the shape of Duo's; Duo has the last word. */
export const ikeyWarning = (ikey: string, names = inEnvironment): string | undefined =>
  isIkey(ikey) ? undefined : `${names.ikey} does not look like an integration key (DI and 18 letters and digits)`

/** The same of a secret key. */
export const skeyWarning = (skey: Redacted.Redacted<string>, names = inEnvironment): string | undefined =>
  Redacted.value(skey).length === skeyLength
    ? undefined
    : `${names.skey} does not have the ${skeyLength} characters of a secret key`

/** Whether a text has the form of an account's id: `DA` and 18 more characters. */
export const isAccountId = (text: string): boolean => /^DA[A-Z0-9]{18}$/.test(text)

const readAccountId = ({ accountId }: SettingNames) =>
  Effect.filterOrFail(
    setting("DUO_ACCOUNT_ID"),
    (id) => id === undefined || isAccountId(id),
    () => failed([accountId], `${accountId} is not the id of an account, which is DA and 18 letters and digits`)
  )

/** Whether a host on this machine may be asked, over plain http. */
export const allowsLoopback = Effect.map(setting("DUO_INSECURE_LOOPBACK"), (value) => value === "1")

const checkKeys = (
  ikey: string,
  skey: Redacted.Redacted<string> | undefined,
  names: SettingNames
): Result.Result<ReadonlyArray<string>, SettingsError> => {
  const wrong = (skey && skeyError(skey, names)) ?? ikeyError(ikey, names)
  if (wrong !== undefined) {
    return Result.fail(failed(wrong === swapped(names) ? [names.ikey, names.skey] : [names.ikey], wrong))
  }
  return Result.succeed(
    [ikeyWarning(ikey, names), skey && skeyWarning(skey, names)].flatMap((odd) => odd === undefined ? [] : [`${odd}.`])
  )
}

/** One error for all settings that are missing or wrong, so that a person can mend them at once. */
const together = (errors: ReadonlyArray<SettingsError>) =>
  failed(errors.flatMap(({ settings }) => settings), errors.map(({ detail }) => detail).join(". "))

export class Credentials extends Context.Service<Credentials, {
  readonly ikey: string
  readonly skey: Redacted.Redacted<string>
  /** The host's name, for the signature and the rows. */
  readonly host: string
  /** The scheme, host and port of every request. */
  readonly origin: string
  /** Whether the host is this machine. */
  readonly loopback: boolean
  /** The child account that every signed request is for, if the keys are those of its parent. */
  readonly accountId: string | undefined
  readonly signature: Signature
  readonly api: ApiVersion
  /** Sentences about settings that look wrong, and do not stop the run. */
  readonly warnings: ReadonlyArray<string>
}>()("duo-mfa/duo/Credentials") {
  static readonly layer: Layer.Layer<Credentials, SettingsError, FileSystem.FileSystem> = Layer.effect(
    Credentials,
    Effect.gen(function*() {
      const names = yield* CurrentNames
      const ikey = yield* setting("DUO_IKEY")
      const secret = yield* Effect.result(readSecret(names))
      const skey = Result.isSuccess(secret) ? secret.success?.value : undefined
      const name = yield* setting("DUO_HOST")
      const present = {
        [names.ikey]: ikey !== undefined,
        [names.skey]: skey !== undefined || Result.isFailure(secret),
        [names.host]: name !== undefined
      }
      const host = Result.mapError(
        parseHost(name ?? "", yield* allowsLoopback, names.host),
        (detail) => failed([names.host], detail)
      )
      const keys = checkKeys(ikey ?? "", skey, names)
      const accountId = yield* Effect.result(readAccountId(names))
      const signature = yield* Effect.result(oneOf("DUO_SIGNATURE", signatures, "auto"))
      const api = yield* Effect.result(oneOf("DUO_API", apis, "auto"))
      const read = Result.all({ secret, keys, host, accountId, signature, api })
      if (Result.isFailure(read) || ikey === undefined || read.success.secret === undefined) {
        const results: ReadonlyArray<Result.Result<unknown, SettingsError>> = [
          secret,
          ...ikey === undefined ? [] : [keys],
          ...name === undefined ? [] : [host],
          accountId,
          signature,
          api
        ]
        return yield* together([
          ...Object.values(present).every(Boolean) ? [] : [missing(present)],
          ...results.flatMap((result) => Result.isFailure(result) ? [result.failure] : [])
        ])
      }
      return Credentials.of({
        ikey,
        skey: read.success.secret.value,
        ...read.success.host,
        accountId: read.success.accountId,
        signature: read.success.signature,
        api: read.success.api,
        warnings: [...read.success.secret.warnings, ...read.success.keys]
      })
    })
  )
}
