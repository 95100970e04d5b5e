/** The targets of the sink for S3: which are refused, what completes them, and what is never shown. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { globSync } from "node:fs"
import * as BucketTarget from "../../../sinks/s3/BucketTarget.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { command } from "../../support/processes/command.ts"
import { inFolder, settings } from "../../support/processes/program.ts"
import { credentials } from "../../support/servers/moto-server.ts"

const located = (target: string, env: Record<string, string> = {}) =>
  Effect.map(BucketTarget.parse(target), BucketTarget.format).pipe(
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
  )

describe("a target of a bucket", () => {
  it.effect("is completed from the environment, and its location means the same later", () =>
    Effect.gen(function*() {
      const known = [
        ["reports/duo", { AWS_REGION: "eu-central-1" }, "s3://reports/duo?region=eu-central-1"],
        ["//reports/a/b/", { AWS_REGION: "x" }, "s3://reports/a/b?region=x"],
        ["s3://my.reports?region=eu-west-1", { AWS_REGION: "x" }, "s3://my.reports?region=eu-west-1"],
        [
          "reports?endpoint=https://r2.example.com/",
          {},
          "s3://reports?region=us-east-1&endpoint=https://r2.example.com"
        ],
        [
          "reports/x?endpoint=http://127.0.0.1:9000&region=auto",
          {},
          "s3://reports/x?region=auto&endpoint=http://127.0.0.1:9000"
        ],
        [
          "reports",
          { AWS_ENDPOINT_URL: "https://a.example.com", AWS_ENDPOINT_URL_S3: "http://[::1]:1" },
          "s3://reports?region=us-east-1&endpoint=http://[::1]:1"
        ]
      ] as const
      for (const [target, env, location] of known) {
        assert.strictEqual(yield* located(target, env), location)
        const later = { AWS_REGION: "other-1", AWS_ENDPOINT_URL_S3: "https://other.example.com" }
        assert.strictEqual(
          yield* located(location, later),
          location.includes("endpoint") ? location : `${location}&endpoint=https://other.example.com`
        )
        const read = yield* BucketTarget.read(location)
        assert.strictEqual(BucketTarget.format(read), location)
      }
      assert.strictEqual(
        BucketTarget.urlOf({ region: "cn-north-1", endpoint: undefined }),
        "https://s3.cn-north-1.amazonaws.com.cn"
      )
      assert.strictEqual(
        BucketTarget.urlOf({ region: "eu-west-1", endpoint: undefined }),
        "https://s3.eu-west-1.amazonaws.com"
      )
    }))

  it.effect("that is invalid is refused, and nothing secret in it is shown", () =>
    Effect.gen(function*() {
      const bad = [
        "",
        "No_Bucket/x",
        "a/b",
        "reports/status=active",
        "reports/../x",
        "reports//x",
        "reports/a*b",
        `reports/${"long".repeat(230)}`,
        "reports?access_key=s3cret",
        "reports?region=",
        "reports?region=s3cret/",
        "reports?endpoint=http://minio.example.com",
        "reports?endpoint=https://me:s3cret@minio.example.com",
        "reports?endpoint=https://minio.example.com/s3cret",
        "reports?endpoint=ftp://127.0.0.1",
        "reports?endpoint=s3cret"
      ]
      for (const target of bad) {
        const error = yield* Effect.flip(located(target, { AWS_REGION: "eu-west-1" }))
        assert.isFalse(error.isSetting, target)
        assert.notInclude(error.message, "s3cret")
      }
      for (const env of [{}, { AWS_ENDPOINT_URL: "http://minio.example.com" }]) {
        const error = yield* Effect.flip(located("reports", env))
        assert.isTrue(error.isSetting)
        assert.match(error.message, /^AWS_(REGION|ENDPOINT_URL)/)
      }
    }))

  it.live("where no server answers ends with 69; the error has the location, and no file has the credentials", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 1 })
      const target = "s3:reports/duo?endpoint=http://127.0.0.1:1"
      const { code, stderr } = yield* command(folder, ["extract", "--sink", target], {
        ...settings(duo),
        ...credentials
      })
      assert.strictEqual(code, 69, stderr)
      assert.include(
        stderr,
        "The s3 sink cannot reach s3://reports/duo?region=us-east-1&endpoint=http://127.0.0.1:1: ECONNREFUSED."
      )
      for (const secret of [credentials.AWS_ACCESS_KEY_ID, credentials.AWS_SECRET_ACCESS_KEY]) {
        assert.notInclude(stderr, secret)
      }
      assert.strictEqual(duo.requests.length, 0)
      assert.deepStrictEqual(globSync("data/runs/*", { cwd: folder }), [], "and nothing is left to discard there")
    })))
})
