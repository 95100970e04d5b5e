/** Why the sink for S3 failed: each cause has its own reason, which says what to do, and shows nothing secret. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import s3 from "../../../sinks/s3.ts"
import { isSinkReason, SinkError } from "../../../src/failure/SinkError.ts"
import { plain, rowsOf, runOf, things } from "../../laws/rows.ts"
import { comparable, perform, readBack, stage } from "../../laws/sink.ts"
import {
  bucket,
  clientOf,
  credentials,
  keysIn,
  locationOf,
  tree,
  uploadsIn
} from "../../support/servers/moto-server.ts"
import { environment } from "../../support/servers/real-host.ts"
import { hasServer, prefixFor, serverOfFile } from "./s3-sink.ts"

const at = serverOfFile()
const run = runOf(1)
const rows = { things: rowsOf(run, [plain]), others: rowsOf(run, [plain]) }

/** The tag and the detail of a failure. */
const failure = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const error = yield* Effect.flip(effect)
  const reason = error instanceof SinkError ? error.reason : error
  assert(isSinkReason(reason), String(error))
  return "detail" in reason ? `${reason._tag}: ${reason.detail}` : reason._tag
})

interface Answer {
  readonly status: number
  readonly body?: string
  readonly headers?: Record<string, string>
}

/** A server that answers each request with the next of these answers, and then with the last of them. */
const answering = (...answers: ReadonlyArray<Answer>) =>
  Effect.gen(function*() {
    const seen: Array<string> = []
    const server = createServer((incoming, outgoing) => {
      incoming.resume()
      const { body = "", headers, status } = answers[Math.min(seen.length, answers.length - 1)] ?? { status: 500 }
      seen.push(`${incoming.method} ${incoming.url}`)
      outgoing.writeHead(status, { "content-type": "application/xml", connection: "close", ...headers }).end(body)
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () => Effect.sync(() => (server.closeAllConnections(), server.close()))
    )
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
  })

const error = (status: number, code: string, more = ""): Answer => ({
  status,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>CANARY of the message</Message>${more}</Error>`
})

const opening = (location: string) => failure(Effect.scoped(s3.open(location, run, tmpdir())))

layer(NodeServices.layer)("the reason of a failure is right", (it) => {
  it.effect("for every answer that a server may give", () =>
    Effect.gen(function*() {
      yield* environment(credentials)
      const known: ReadonlyArray<readonly [Answer, string]> = [
        [error(404, "NoSuchBucket"), "CannotCreate: the server has no bucket reports: create it, or correct its name"],
        [
          error(403, "AccessDenied"),
          "CannotCreate: the credentials may not list the uploads of the bucket (AccessDenied): they need s3:ListBucketMultipartUploads"
        ],
        [
          error(403, "SignatureDoesNotMatch"),
          "CannotCreate: the server does not accept the credentials (SignatureDoesNotMatch): check the AWS_ settings"
        ],
        [
          error(400, "ExpiredToken"),
          "CannotCreate: the session of the credentials has expired (ExpiredToken): begin another"
        ],
        [
          error(403, "RequestTimeTooSkewed"),
          "CannotCreate: the clock of this machine differs from the server's by more than 15 minutes: set it right"
        ],
        [
          error(400, "AuthorizationHeaderMalformed", "<Region>eu-central-1</Region>"),
          "CannotCreate: the bucket is in the region eu-central-1, and not in us-east-1: set AWS_REGION or ?region= to its region"
        ],
        [
          error(301, "PermanentRedirect"),
          "CannotCreate: the bucket is in another region, and not in us-east-1: set AWS_REGION or ?region= to its region"
        ],
        [error(503, "SlowDown"), "Unreachable: the server asks for fewer requests (SlowDown)"],
        [error(500, "InternalError"), "Unreachable: the server failed (InternalError)"],
        [
          error(501, "NotImplemented"),
          "CannotCreate: the server does not know how to list the uploads of the bucket (NotImplemented)"
        ],
        [error(400, "Strange"), "InputOutput: the server did not list the uploads of the bucket (Strange)"],
        [error(507, "XMinioStorageFull"), "DiskFull"],
        [{ status: 200, body: "<html>Sign in<br></html>" }, "Unreachable: the answer did not come from an S3 server"]
      ]
      for (const [answer, expected] of known) {
        const { url } = yield* answering(answer)
        assert.strictEqual(yield* opening(locationOf(url, "x")), expected)
      }
    }), 120_000)

  it.effect("where no server answers, and where there are no credentials", () =>
    Effect.gen(function*() {
      yield* environment(credentials)
      assert.strictEqual(yield* opening(locationOf("http://127.0.0.1:1", "x")), "Unreachable: ECONNREFUSED")
      // nothing was begun, so nothing is to be discarded, and no server is asked
      yield* s3.discard(locationOf("http://127.0.0.1:1", "x"), run.run_id)
      yield* environment({ AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" })
      const { seen, url } = yield* answering({ status: 200 })
      assert.match(yield* opening(locationOf(url, "x")), /^CannotCreate: no credentials of AWS were found: set AWS_/)
      assert.deepStrictEqual(seen, [])
    }), 60_000)

  it.effect("uploads on all pages of a list are aborted", () =>
    Effect.gen(function*() {
      yield* environment(credentials)
      const page = (key: string, next: string): Answer => ({
        status: 200,
        body: `<ListMultipartUploadsResult><Bucket>${bucket}</Bucket>${next}<Upload><Key>${key}</Key>` +
          `<UploadId>id-${key.length}</UploadId></Upload></ListMultipartUploadsResult>`
      })
      const key = (table: string, run_id: string) => `x/${table}/run_date=2026-11-23/${run_id}.parquet`
      const next =
        "<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>"
      const { seen, url } = yield* answering(
        page(key("things", run.run_id), next),
        page(key("others", runOf(2).run_id), next),
        page(key("others", run.run_id), "<IsTruncated>false</IsTruncated>"),
        { status: 204 }
      )
      yield* s3.discard(locationOf(url, "x"), run.run_id)
      assert.deepStrictEqual(seen.map((request) => request.split(" ")[0]), ["GET", "GET", "GET", "DELETE", "DELETE"])
      assert.include(seen[1], "key-marker=k")
      assert.include(seen[3], "/things/")
      assert.include(seen[4], "/others/")
    }))
})

describe.skipIf(!hasServer)("with an S3 server", () => {
  layer(NodeServices.layer)("publishing", (it) => {
    it.effect("refuses a publication that no run of this location made, and changes nothing", () =>
      Effect.gen(function*() {
        const location = locationOf(at().url, prefixFor("foreign"))
        const { publication } = yield* stage(s3, location, run, rows)
        const { objects } = publication as { objects: ReadonlyArray<Record<string, string>> }
        const before = yield* tree(at)(location)
        const changed = (key: string) => ({
          location,
          run_id: run.run_id,
          objects: [{ ...objects[0], key }, ...objects.slice(1)]
        })
        const first = objects[0]?.["key"] ?? ""
        for (
          const [given, run_id] of [
            [publication, runOf(2).run_id],
            [null, run.run_id],
            [{ location, run_id: run.run_id, objects: [] }, run.run_id],
            [{ ...publication as object, location: locationOf(at().url, "elsewhere") }, run.run_id],
            [{ ...publication as object, location: locationOf("https://s3.example.com", "x") }, run.run_id],
            [changed(`other/${first}`), run.run_id],
            [changed(first.replace(run.run_id, runOf(2).run_id)), run.run_id],
            [changed(first.replace("things", "../things")), run.run_id],
            [{ location, run_id: run.run_id, objects: objects.slice(0, -1) }, run.run_id],
            [{ location, run_id: run.run_id, objects: objects.toReversed() }, run.run_id]
          ] as const
        ) {
          assert.match(yield* failure(s3.publish(given as never, run_id, location)), /^Corrupt: /)
        }
        assert.deepStrictEqual(yield* tree(at)(location), before)
      }))

    it.effect("does not replace an object of somebody else, and a run that exists is refused", () =>
      Effect.gen(function*() {
        const prefix = prefixFor("taken")
        const location = locationOf(at().url, prefix)
        const { publication } = yield* stage(s3, location, run, rows)
        const other = clientOf(at().url)
        const { PutObjectCommand } = yield* Effect.promise(() => import("@aws-sdk/client-s3"))
        const key = (publication as { objects: ReadonlyArray<{ key: string }> }).objects[0]?.key ?? ""
        yield* Effect.promise(() => other.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: "mine" })))
        const message = yield* failure(s3.publish(publication, run.run_id, location))
        assert.strictEqual(message, `CannotCreate: there is an object ${key} that run ${run.run_id} did not write`)
        yield* s3.discard(location, run.run_id)
        assert.deepStrictEqual(yield* Effect.promise(() => keysIn(other, prefix)), [key])
        assert.deepStrictEqual(yield* Effect.promise(() => uploadsIn(other, prefix)), [])
        const again = locationOf(at().url, prefixFor("again"))
        yield* perform(s3, again, run, rows)
        assert.strictEqual(
          yield* failure(stage(s3, again, run, rows)),
          `CannotCreate: run ${run.run_id} exists already`
        )
      }))

    it.effect("a file of several parts is read back as it was written", () =>
      Effect.gen(function*() {
        const location = locationOf(at().url, prefixFor("large"))
        const large = Array.from({ length: 16_000 }, (_, index) => ({
          ...plain,
          note: Array.from({ length: 80 }, (_, part) => Math.sin(index * 80 + part).toString(36)).join("")
        }))
        const { publication } = yield* perform(s3, location, run, { things: rowsOf(run, large) })
        const { objects } = publication as { objects: ReadonlyArray<{ etags: ReadonlyArray<string> }> }
        assert.isAbove(objects[0]?.etags.length ?? 0, 1)
        const read = comparable((yield* readBack(s3, location, run, things)) ?? [])
        assert.deepStrictEqual(read, comparable(rowsOf(run, large)))
      }), 60_000)
  })
})
