/**
 * The bucket that `--sink s3:TARGET` names. The usual environment variables of AWS fill in the region and the endpoint.
 * Credentials are never part of it.
 */
import { Config, ConfigProvider, Effect, Option, Runtime, Schema } from "effect"
import { ExitCode } from "../../src/failure/ExitCode.ts"
import { isPlainLoopback } from "../../src/http/LoopbackName.ts"

export interface BucketTarget {
  readonly bucket: string
  /** The folder of the objects, without a `/` at its ends; "" for none. */
  readonly prefix: string
  readonly region: string
  /** The origin of the server's URL; undefined for Amazon's servers of the region. */
  readonly endpoint: string | undefined
}

/** The target or a setting is invalid. */
export class BadBucket extends Schema.TaggedError<BadBucket>()("BadBucket", {
  detail: Schema.String,
  isSetting: Schema.Boolean
}) {
  override readonly [Runtime.errorExitCode] = this.isSetting ? ExitCode.config : ExitCode.usage
  override get message() {
    return this.isSetting
      ? `${this.detail}. Set it right, or give the value in the target: --sink 's3:BUCKET/PREFIX?region=REGION'.`
      : `The target of the s3 sink ${this.detail}. Give it as s3:BUCKET/PREFIX?region=REGION, with &endpoint=URL for a server that is not Amazon's. Credentials belong in the environment or in a profile of AWS.`
  }
}

const wrong = (detail: string) => new BadBucket({ detail, isSetting: false })

/** The options of a target, after its `?`. */
const Options = Schema.Struct({
  region: Schema.optionalKey(Schema.NonEmptyString),
  endpoint: Schema.optionalKey(Schema.NonEmptyString)
})
const decodeOptions = Schema.decodeUnknownEffect(Options, { onExcessProperty: "error" })

/** The key of an object may have 1,024 bytes. What follows the prefix in a key needs fewer than 128. */
const prefixBytesMax = 1024 - 128

/** A name that every tool reads as it is. A folder such as `status=x` would become a column for many of them. */
const folder = /^(?!\.{1,2}$)[\w.-]+$/

/** The first of these environment variables that is set, and its name. */
const setting = Effect.fnUntraced(function*(names: ReadonlyArray<string>) {
  for (const name of names) {
    const value = yield* Effect.orDie(Config.option(Config.NonEmptyString(name)))
    if (Option.isSome(value)) return { name, value: value.value }
  }
  return undefined
})

/** A value from the target, or otherwise from the environment, and the error that names this source. */
const either = Effect.fnUntraced(function*(given: string | undefined, ...names: ReadonlyArray<string>) {
  const found = given === undefined ? yield* setting(names) : undefined
  return {
    value: given ?? found?.value,
    bad: (detail: string) =>
      found === undefined ? wrong(detail) : new BadBucket({ detail: `${found.name} ${detail}`, isSetting: true })
  }
})

const originOf = (text: string, bad: (detail: string) => BadBucket) => {
  const url = URL.parse(text)
  if (url === null) return Effect.fail(bad("has an endpoint that is not a URL"))
  if (url.username !== "" || url.password !== "") {
    return Effect.fail(
      bad("has credentials in its endpoint, and everybody who sees the command line or the logs can read them")
    )
  }
  if (url.protocol !== "https:" && !isPlainLoopback(url)) {
    return Effect.fail(bad("has an endpoint without https, which is accepted only for this machine itself"))
  }
  return url.pathname === "/" && url.search === "" && url.hash === ""
    ? Effect.succeed(url.origin)
    : Effect.fail(bad("has an endpoint with more than a host and a port; the bucket belongs before the ?"))
}

/** The bucket of a target, completed from the environment. A target may begin with `//` or `s3://`. */
export const parse = Effect.fnUntraced(function*(text: string) {
  const [path = "", ...query] = text.replace(/^(s3:)?\/\//, "").split("?")
  const options = yield* Effect.mapError(
    decodeOptions(Object.fromEntries(new URLSearchParams(query.join("?")))),
    () => wrong(`has an unknown or empty option after the ?; the options are ${Object.keys(Options.fields).join(", ")}`)
  )
  const [bucket = "", ...folders] = path.replace(/\/+$/, "").split("/")
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    return yield* wrong("has no valid name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens")
  }
  if (!folders.every((name) => folder.test(name))) {
    return yield* wrong("has an invalid prefix: its folders may have letters, digits, dots, hyphens and underscores")
  }
  const prefix = folders.join("/")
  if (prefix.length > prefixBytesMax) {
    return yield* wrong(`has a prefix that is too long: it may have ${prefixBytesMax} characters`)
  }
  const server = yield* either(options.endpoint, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
  const endpoint = server.value === undefined ? undefined : yield* originOf(server.value, server.bad)
  const asked = yield* either(options.region, "AWS_REGION")
  // other servers have no regions, and accept this one
  const region = asked.value ?? (endpoint === undefined ? undefined : "us-east-1")
  if (region === undefined) {
    return yield* new BadBucket({ detail: "AWS_REGION, the region of the bucket, is not set", isSetting: true })
  }
  if (!/^[a-z0-9-]+$/.test(region)) return yield* asked.bad("has a region that is not one, such as eu-central-1")
  const target: BucketTarget = { bucket, prefix, region, endpoint }
  return target
})

/** The target of a location; the environment is not read again. */
export const read = (location: string) =>
  Effect.provideService(parse(location), ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown({}))

/** The location of a target, with all of its values. */
export const format = ({ bucket, endpoint, prefix, region }: BucketTarget) =>
  `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}?region=${region}${
    endpoint === undefined ? "" : `&endpoint=${endpoint}`
  }`

const partitions: ReadonlyArray<readonly [start: string, domain: string]> = [
  ["cn-", "amazonaws.com.cn"],
  ["eusc-", "amazonaws.eu"],
  ["", "amazonaws.com"]
]

/**
 * The URL of the server. It is always given to the client, because otherwise the client would take another one from the
 * environment or from a profile, which may have changed since the location was written.
 */
export const urlOf = ({ endpoint, region }: Pick<BucketTarget, "endpoint" | "region">) =>
  endpoint ?? `https://s3.${region}.${partitions.find(([start]) => region.startsWith(start))?.[1]}`
