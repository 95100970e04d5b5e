/**
 * A client of an S3 server for the sink. It is Amazon's own, an optional package that is loaded when it is first needed.
 * A multipart upload is a staged file: nobody sees it until it is completed.
 */
import type { ListMultipartUploadsCommandInput, ListMultipartUploadsCommandOutput } from "@aws-sdk/client-s3"
import { Effect, Runtime, Schedule, Schema, type Scope } from "effect"
import { createWriteStream } from "node:fs"
import { Agent } from "node:http"
import { Agent as TlsAgent } from "node:https"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import manifest from "../../package.json" with { type: "json" }
import { ExitCode } from "../../src/failure/ExitCode.ts"
import { CannotCreate, type SinkReason } from "../../src/failure/SinkError.ts"
import { type BucketTarget, urlOf } from "./BucketTarget.ts"
import { refusalOf, type RefusedRequest } from "./StoreFailure.ts"

const name = "@aws-sdk/client-s3"

/** The package of the client cannot be loaded. */
export class NotInstalled extends Schema.TaggedError<NotInstalled>()("NotInstalled", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.cannotCreate
  override get message() {
    const version = manifest.peerDependencies[name]
    return `The s3 sink needs the package ${name}, and ${this.detail}. Install it beside duo-mfa, in this version: npm install ${name}@${version}`
  }
}

/** The client's package. */
export const library = Effect.tryPromise({
  try: () => import("@aws-sdk/client-s3"),
  catch: (cause) =>
    new NotInstalled({
      detail: cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND"
        ? "it is not installed"
        : `it cannot be loaded (${String(cause).split("\n", 1)[0]})`
    })
})

/** An upload that has begun. */
export interface Upload {
  readonly key: string
  /** The server's id of the upload. */
  readonly upload_id: string
}

export interface ObjectStore {
  /** Begins an upload. The object will have the id of the run in its metadata. */
  readonly begin: (key: string, run_id: string) => Effect.Effect<Upload, SinkReason>
  /** Uploads a part and gives its ETag. The first part has the number 1. */
  readonly sendPart: (upload: Upload, number: number, bytes: Uint8Array) => Effect.Effect<string, SinkReason>
  /**
   * Makes the object from the parts with these ETags. The result is false if the upload is gone, or if there is an object
   * with the key already.
   */
  readonly complete: (upload: Upload, etags: ReadonlyArray<string>) => Effect.Effect<boolean, SinkReason>
  /** Removes an upload and its parts. If the upload is gone, this succeeds too. */
  readonly abort: (upload: Upload) => Effect.Effect<void, SinkReason>
  /** The uploads that have begun, and whose keys have this beginning; none if there is no bucket. */
  readonly uploads: (start: string) => Effect.Effect<ReadonlyArray<Upload>, SinkReason>
  /** The id of the run in the metadata of an object, null if it has none; undefined if there is no object. */
  readonly runOf: (key: string) => Effect.Effect<string | null | undefined, SinkReason>
  /** Copies an object to a new file that only its owner may read. The result is false if there is no object. */
  readonly download: (key: string, file: string) => Effect.Effect<boolean, SinkReason>
}

/** Where a page of a list begins. */
type Markers = Pick<ListMultipartUploadsCommandInput, "KeyMarker" | "UploadIdMarker">

/** The key of the run's id in the metadata of an object. */
const runKey = "duo-mfa-run"

const taken = /^(NoSuchUpload|PreconditionFailed|HTTP 412)$/
const gone = /^(NoSuchKey|NotFound|HTTP 404)$/

/** Milliseconds to wait for a connection, and for the next byte of an answer. */
const [connectionTimeout, socketTimeout] = [10_000, 120_000]

/** Certificates are verified, whatever NODE_TLS_REJECT_UNAUTHORIZED says. */
const agents = () => ({
  httpAgent: new Agent({ keepAlive: true }),
  httpsAgent: new TlsAgent({ keepAlive: true, rejectUnauthorized: true })
})

/** Tries again to complete an upload while the server handles another request for its key. */
const retryConflict = <A>(completing: Effect.Effect<A, RefusedRequest>) =>
  Effect.retry(completing, {
    schedule: Schedule.exponential("200 millis"),
    times: 4,
    while: ({ code }) => code === "ConditionalRequestConflict"
  })

const reasonOf = Effect.mapError(({ reason }: RefusedRequest) => reason)

/** Gives a value for refusals with some codes. */
const where = <B>(codes: RegExp, value: B) => <A>(request: Effect.Effect<A, RefusedRequest>) =>
  Effect.catchIf(request, ({ code }) => codes.test(code), () => Effect.succeed(value))

/** A client that ends with the scope. It tries each request five times. */
export const open = Effect.fnUntraced(
  function*(target: BucketTarget): Effect.fn.Return<ObjectStore, SinkReason, Scope.Scope> {
    const api = yield* Effect.mapError(library, ({ message }) => new CannotCreate({ detail: message }))
    const client = yield* Effect.acquireRelease(
      Effect.sync(() =>
        new api.S3Client({
          region: target.region,
          endpoint: urlOf(target),
          forcePathStyle: target.endpoint !== undefined,
          maxAttempts: 5,
          // other servers do not know the newer checksums; every request has the SHA-256 of its body in its signature
          requestChecksumCalculation: "WHEN_REQUIRED",
          responseChecksumValidation: "WHEN_REQUIRED",
          requestHandler: { connectionTimeout, socketTimeout, ...agents() }
        })
      ),
      (client) => Effect.sync(() => client.destroy())
    )
    const Bucket = target.bucket

    /** Sends a request. `right` is the right of AWS that it needs. */
    const send = <A>(right: string, begin: (options: { readonly abortSignal: AbortSignal }) => Promise<A>) =>
      Effect.tryPromise({
        try: (abortSignal) => begin({ abortSignal }),
        catch: (cause) => refusalOf(cause, target, right)
      })

    /** The part of an answer that a request is sent for. */
    const present = (value: string | undefined) =>
      value === undefined
        ? Effect.fail<RefusedRequest>(refusalOf(undefined, target, ""))
        : Effect.succeed(value)

    /** A page of the uploads that have begun. */
    const list = (Prefix: string, markers: Markers) =>
      send(
        "s3:ListBucketMultipartUploads",
        (options) => client.send(new api.ListMultipartUploadsCommand({ Bucket, Prefix, ...markers }), options)
      )

    const store: ObjectStore = {
      begin: (key, run_id) =>
        send("s3:PutObject", (options) =>
          client.send(
            new api.CreateMultipartUploadCommand({
              Bucket,
              Key: key,
              ContentType: "application/vnd.apache.parquet",
              Metadata: { [runKey]: run_id }
            }),
            options
          )).pipe(
            Effect.flatMap(({ UploadId }) => present(UploadId)),
            Effect.map((upload_id) => ({ key, upload_id })),
            reasonOf
          ),

      sendPart: ({ key, upload_id }, number, bytes) =>
        send("s3:PutObject", (options) =>
          client.send(
            new api.UploadPartCommand({ Bucket, Key: key, UploadId: upload_id, PartNumber: number, Body: bytes }),
            options
          )).pipe(Effect.flatMap(({ ETag }) => present(ETag)), reasonOf),

      complete: ({ key, upload_id }, etags) =>
        send("s3:PutObject", (options) =>
          client.send(
            new api.CompleteMultipartUploadCommand({
              Bucket,
              Key: key,
              UploadId: upload_id,
              IfNoneMatch: "*",
              MultipartUpload: { Parts: etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 })) }
            }),
            options
          )).pipe(Effect.as(true), retryConflict, where(taken, false), reasonOf),

      abort: ({ key, upload_id }) =>
        send(
          "s3:AbortMultipartUpload",
          (options) =>
            client.send(new api.AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: upload_id }), options)
        ).pipe(
          Effect.asVoid,
          where(/^(NoSuchUpload|HTTP 404)$/, undefined),
          reasonOf
        ),

      uploads: Effect.fnUntraced(function*(start) {
        const found: Array<Upload> = []
        let markers: Markers | undefined = {}
        while (markers !== undefined) {
          const page: ListMultipartUploadsCommandOutput = yield* list(start, markers)
          for (const { Key: key, UploadId: upload_id } of page.Uploads ?? []) {
            if (key !== undefined && upload_id !== undefined) found.push({ key, upload_id })
          }
          markers = page.IsTruncated === true && page.NextKeyMarker !== undefined
            ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
            : undefined
        }
        return found
      }, reasonOf),

      runOf: (key) =>
        send("s3:GetObject", (options) => client.send(new api.HeadObjectCommand({ Bucket, Key: key }), options)).pipe(
          Effect.map(({ Metadata }) => Metadata?.[runKey] ?? null),
          where(gone, undefined),
          reasonOf
        ),

      download: (key, file) =>
        send("s3:GetObject", async (options) => {
          const { Body } = await client.send(new api.GetObjectCommand({ Bucket, Key: key }), options)
          if (!(Body instanceof Readable)) return false
          await pipeline(Body, createWriteStream(file, { flags: "wx", mode: 0o600 }), { signal: options.abortSignal })
          return true
        }).pipe(where(gone, false), reasonOf)
    }
    return store
  }
)
