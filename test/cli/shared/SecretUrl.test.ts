/** Where the URL of a webhook comes from. The program shows its host, and never the rest of it. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Logger, Option, Redacted, Runtime } from "effect"
import * as SecretUrl from "../../../src/cli/shared/SecretUrl.ts"

const source: SecretUrl.UrlSource = { what: "a webhook", flag: "--x", setting: "DUO_X", file: "DUO_X_FILE" }

const url = "https://hooks.example.com/s3cret"

/** The URL, or the error, with settings, a flag, and a file of some content and mode; and what is warned of. */
const found = Effect.fnUntraced(
  function*(
    { content, flag, mode = 0o600, settings = {} }: {
      readonly settings?: Readonly<Record<string, string>>
      readonly flag?: string
      readonly content?: string
      readonly mode?: number
    }
  ) {
    const fs = yield* FileSystem.FileSystem
    const file = `${yield* fs.makeTempDirectoryScoped()}/url`
    if (content !== undefined) {
      yield* fs.writeFileString(file, content)
      yield* fs.chmod(file, mode)
    }
    const warnings: Array<string> = []
    const result = yield* SecretUrl.find(
      source,
      Option.map(Option.fromUndefinedOr(flag), (text) => Redacted.make(text))
    )
      .pipe(
        Effect.match({
          onSuccess: (found) => found === undefined ? undefined : Redacted.value(found.url),
          onFailure: (error) => ({ exit: error[Runtime.errorExitCode], message: error.message })
        }),
        Effect.provide([
          ConfigProvider.layer(ConfigProvider.fromUnknown(
            Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, value.replace("FILE", file)]))
          )),
          Logger.layer([Logger.make(({ message }) => void warnings.push(String(message)))])
        ])
      )
    assert.notInclude(JSON.stringify(warnings) + JSON.stringify(typeof result === "object" ? result : ""), "s3cret")
    return { result, warnings }
  },
  Effect.scoped,
  Effect.provide(NodeServices.layer)
)

const failure = (exit: 64 | 78, message: string) => ({ exit, message })

describe("the URL of a webhook", () => {
  it.live("is the flag's, the setting's or the file's, without the spaces around it", () =>
    Effect.gen(function*() {
      for (
        const given of [
          { flag: ` ${url}\n` },
          { settings: { DUO_X: ` ${url}\n` } },
          { settings: { DUO_X_FILE: "FILE" }, content: `${url}\n` },
          { flag: url, settings: { DUO_X: "https://other.example.com", DUO_X_FILE: "/nowhere" } },
          { settings: { DUO_X: " ", DUO_X_FILE: "FILE" }, content: url },
          { settings: { DUO_X: url, DUO_X_FILE: "" } }
        ]
      ) {
        assert.deepStrictEqual(yield* found(given), { result: url, warnings: [] })
      }
      assert.isUndefined((yield* found({})).result)
    }))

  it.live("warns of a file that others may read", () =>
    Effect.gen(function*() {
      const { result, warnings } = yield* found({ settings: { DUO_X_FILE: "FILE" }, content: url, mode: 0o640 })
      assert.deepStrictEqual([result, warnings], [url, [
        "Others may read the file of DUO_X_FILE: chmod 600 it."
      ]])
    }))

  it.live("is refused if both settings name one", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        (yield* found({ settings: { DUO_X: url, DUO_X_FILE: "FILE" }, content: url })).result,
        failure(78, "DUO_X and DUO_X_FILE are both set: keep one of them.")
      )
    }))

  it.live("is refused if its file has none, and the message says what to do", () =>
    Effect.gen(function*() {
      const settings = { DUO_X_FILE: "FILE" }
      const names = (why: string) =>
        failure(78, `DUO_X_FILE names a file that ${why}: put the URL in it, or set DUO_X.`)
      assert.deepStrictEqual((yield* found({ settings })).result, names("does not exist"))
      assert.deepStrictEqual((yield* found({ settings, content: "\n" })).result, names("is empty"))
      assert.deepStrictEqual(
        (yield* found({ settings, content: "http://hooks.example.com/s3cret" })).result,
        failure(
          78,
          "The URL in the file of DUO_X_FILE must be https, because others on the way could read its messages."
        )
      )
    }))
})
