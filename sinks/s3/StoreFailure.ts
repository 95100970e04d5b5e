/**
 * Turns errors of an S3 server, of its client and of the network into a sink's reasons. Messages of the server are not
 * shown, because some of them have the id of the key or parts of the signature. Its codes are.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
import { Predicate } from "effect"
import { constants } from "node:os"
import {
  CannotCreate,
  DiskFull,
  InputOutput,
  type SinkReason,
  TooManyFiles,
  Unreachable
} from "../../src/failure/SinkError.ts"
import type { BucketTarget } from "./BucketTarget.ts"

/** A failed request. */
export interface RefusedRequest {
  /** The server's code, such as `NoSuchUpload`; the status if the answer had no code, such as `HTTP 404`. */
  readonly code: string
  readonly reason: SinkReason
}

const textIn = (cause: unknown, name: "code" | "name" | "Region") =>
  Predicate.hasProperty(cause, name) && typeof cause[name] === "string" ? cause[name] : ""

const statusOf = (cause: unknown) =>
  Predicate.hasProperty(cause, "$metadata") && Predicate.hasProperty(cause.$metadata, "httpStatusCode")
    ? Number(cause.$metadata.httpStatusCode)
    : undefined

/** The client's own names: for an answer without a body, and for an answer that it cannot read. */
const ofClient = /^(Unknown\w*|(Syntax|Type|Range)?Error)$/

const codeOf = (cause: unknown, status: number) => {
  const name = textIn(cause, "name")
  return /^[A-Z][A-Za-z]{2,63}$/.test(name) && !ofClient.test(name) ? name : `HTTP ${status}`
}

const denied = /^(AccessDenied|AllAccessDisabled|AccountProblem|Forbidden|HTTP 403)$/
const unknownKey =
  /^(InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|InvalidClientTokenId|UnrecognizedClient\w*)$/
const expired = /^(ExpiredToken\w*|TokenRefreshRequired|RequestExpired)$/
const elsewhere =
  /^(PermanentRedirect|TemporaryRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint\w*|HTTP 30[127])$/
const busy = /^(SlowDown|ServiceUnavailable|Throttling\w*|TooManyRequests\w*|RequestLimitExceeded|HTTP (429|503))$/
const failing = /^(InternalError|OperationAborted|ConditionalRequestConflict|RequestTimeout|HTTP (409|5\d\d))$/
const unsupported = /^(NotImplemented|MethodNotAllowed|HTTP (405|501))$/
const full = /QuotaExceeded$|StorageFull$|^HTTP 507$/

/** The requests that need a right of AWS. */
const requests: Readonly<Record<string, string>> = {
  "s3:PutObject": "upload an object in parts",
  "s3:AbortMultipartUpload": "abort an upload",
  "s3:ListBucketMultipartUploads": "list the uploads of the bucket",
  "s3:GetObject": "read an object"
}

const ofServer = (code: string, cause: unknown, { bucket, region }: BucketTarget, right: string): SinkReason => {
  const request = requests[right] ?? "do this"
  if (code === "NoSuchBucket") {
    return new CannotCreate({ detail: `the server has no bucket ${bucket}: create it, or correct its name` })
  }
  if (denied.test(code)) {
    const needs = right === "s3:GetObject" ? `${right} and s3:ListBucket` : right
    return new CannotCreate({ detail: `the credentials may not ${request} (${code}): they need ${needs}` })
  }
  if (unknownKey.test(code)) {
    return new CannotCreate({ detail: `the server does not accept the credentials (${code}): check the AWS_ settings` })
  }
  if (expired.test(code)) {
    return new CannotCreate({ detail: `the session of the credentials has expired (${code}): begin another` })
  }
  if (code === "RequestTimeTooSkewed") {
    return new CannotCreate({
      detail: "the clock of this machine differs from the server's by more than 15 minutes: set it right"
    })
  }
  if (elsewhere.test(code)) {
    const other = /^[a-z0-9-]{1,40}$/.exec(textIn(cause, "Region"))?.[0]
    return new CannotCreate({
      detail: `the bucket is in ${
        other === undefined || other === region ? "another region" : `the region ${other}`
      }, and not in ${region}: set AWS_REGION or ?region= to its region`
    })
  }
  if (busy.test(code)) return new Unreachable({ detail: `the server asks for fewer requests (${code})` })
  if (unsupported.test(code)) {
    return new CannotCreate({ detail: `the server does not know how to ${request} (${code})` })
  }
  if (full.test(code)) return new DiskFull()
  return failing.test(code)
    ? new Unreachable({ detail: `the server failed (${code})` })
    : new InputOutput({ detail: `the server did not ${request} (${code})` })
}

/** An error without an answer: of the network, of the system, or of the search for credentials. */
const withoutAnswer = (cause: unknown): SinkReason => {
  const code = textIn(cause, "code")
  if (/^(EMFILE|ENFILE)$/.test(code)) return new TooManyFiles()
  if (/^(ENOSPC|EDQUOT)$/.test(code)) return new DiskFull()
  if (code in constants.errno || /^(ENOTFOUND|EAI_\w+)$/.test(code)) return new Unreachable({ detail: code })
  if (/CERT|SIGNATURE|^ERR_(TLS|SSL)/.test(code)) {
    return new CannotCreate({ detail: `the server's certificate cannot be trusted (${code})` })
  }
  const name = textIn(cause, "name")
  if (/Credentials|TokenProvider|ProviderError/.test(name)) {
    return new CannotCreate({
      detail:
        "no credentials of AWS were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE in the environment (not in .env), or give the machine a role"
    })
  }
  return name === "TimeoutError"
    ? new Unreachable({ detail: "ETIMEDOUT" })
    : new Unreachable({ detail: "the answer did not come from an S3 server" })
}

/** Why a request failed. `right` is the right of AWS that it needs. */
export const refusalOf = (cause: unknown, target: BucketTarget, right: string): RefusedRequest => {
  const status = statusOf(cause)
  // a page of a proxy can have the status 200
  if (status === undefined || !(status >= 300)) return { code: "", reason: withoutAnswer(cause) }
  const code = codeOf(cause, status)
  return { code, reason: ofServer(code, cause, target, right) }
}
