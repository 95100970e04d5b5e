/** F3: a `.env` file with any bytes. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Layer, Redacted } from "effect"
import * as assert from "node:assert"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import * as Settings from "../../../src/cli/shared/Settings.ts"
import { Credentials } from "../../../src/duo/http/Credentials.ts"
import { Dice, mix, type NonEmpty } from "../../../src/emulator/people/Dice.ts"
import { program } from "../../support/processes/program.ts"
import { type Case, repeat, sum } from "../Case.ts"
import { codeOf, inFolder } from "./engine.ts"
import { damaged, noise } from "./pages.ts"

/** Values that occur nowhere else, so that the output can be searched for them. */
const secret = "CaNaRy0123456789CaNaRy0123456789CaNaRy01"
const ikey = "DICANARY0123456789XY"

const lines: NonEmpty<string> = [
  `DUO_IKEY=${ikey}`,
  `DUO_SKEY=${secret}`,
  `DUO_SKEY='${secret}'`,
  `DUO_SKEY="${secret}"`,
  `export DUO_SKEY=${secret}`,
  `DUO_SKEY: ${secret}`,
  `DUO_SKEY=${ikey}`,
  `DUO_IKEY=${secret}`,
  "DUO_HOST=api-12345678.duosecurity.com",
  `DUO_HOST=${secret}`,
  `DUO_HOST=https://${secret}/`,
  "DUO_HOST=127.0.0.1:99999",
  "DUO_INSECURE_LOOPBACK=1",
  `DUO_ACCOUNT_ID=${secret}`,
  "DUO_ACCOUNT_ID=DA0123456789ABCDEFGH",
  "DUO_SKEY_FILE=/dev/null",
  "DUO_SKEY_FILE=/nowhere",
  "DUO_SKEY_FILE=\u0000",
  `DUO_SIGNATURE=${secret}`,
  "DUO_SIGNATURE=v2-sha1",
  `DUO_API=${secret}`,
  "DUO_API=v1",
  "DUO_MFA_DATA=",
  "DUO_MFA_DATA=data",
  "DUO_MFA_DATA_X=1",
  "DUO_MFA_DATA=\"\"",
  "DUO_MFA_DATA=\" \"",
  "DUO=1",
  "__proto__=1",
  "constructor=1",
  "# a comment",
  "\"\"\"",
  "=",
  "\r\n\t"
]

const right = `DUO_IKEY=${ikey}\nDUO_SKEY=${secret}\nDUO_HOST=api-12345678.duosecurity.com\nDUO_MFA_DATA=data\n`

const spoil = (dice: Dice): Buffer => {
  const some = Array.from({ length: dice.below(8) }, () => dice.pick(lines))
  const text = dice.chance(50) ? `${right}${some.join("\n")}` : some.join("\n")
  const kind = dice.below(10)
  return kind === 0 ? noise(dice) : kind < 6 ? damaged(dice, Buffer.from(text)) : Buffer.from(text)
}

const says = (text: string) => /canary/i.test(text)

/** Reads the settings of a `.env` file. The rest of the file system is the real one. */
const settingsOf = (env: Buffer) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const disk = Layer.succeed(FileSystem.FileSystem, {
      ...fs,
      readFileString: (path, encoding) =>
        path === ".env" ? Effect.succeed(new TextDecoder().decode(env)) : fs.readFileString(path, encoding)
    })
    const layer = Settings.layer.pipe(Layer.provide(disk))
    const { host, ikey, origin, skey, warnings } = yield* Effect.provide(
      Credentials,
      Credentials.layer.pipe(Layer.provide(disk), Layer.provide(layer))
    )
    const directory = yield* Effect.provide(Settings.dataDirectory, layer)
    assert.ok(ikey !== "" && Redacted.value(skey) !== "" && /^[\x21-\x7e]+$/.test(host) && URL.canParse(origin))
    assert.ok(!warnings.some(says))
    assert.ok(directory.startsWith("/"))
  }).pipe(Effect.provide(NodeServices.layer))

const inProcess = (seed: number) =>
  Effect.gen(function*() {
    const exit = yield* Effect.exit(settingsOf(spoil(new Dice(mix(seed, 0xf3)))))
    const code = codeOf(exit, [78])
    assert.ok(!says(JSON.stringify(exit)), "a value is shown")
    if (exit._tag === "Failure") assert.ok(!says(String(exit.cause)), "a value is shown")
    return { [code === 0 ? "values" : "exit 78"]: 1 }
  })

/** Runs the real program in a folder with a `.env` file. The command does not use the network. */
const real = (n: number, seed: number) =>
  inFolder((folder) =>
    repeat({ n, seed }, (seed) =>
      Effect.gen(function*() {
        rmSync(`${folder}/run`, { recursive: true, force: true })
        mkdirSync(`${folder}/run`)
        writeFileSync(`${folder}/run/.env`, spoil(new Dice(mix(seed, 0xf33))))
        const { code, stderr, stdout } = yield* program(`${folder}/run`, ["check", "--offline", "--sink", "csv"])
        assert.ok([0, 73, 78].includes(code ?? -1), `${code}: ${stderr}`)
        assert.ok(!says(stdout + stderr.replaceAll(folder, "")), "a value is shown")
        return { "real program": 1 }
      }))
  )

export const cases: ReadonlyArray<Case> = [
  {
    id: "F3",
    fault: "a .env file with any bytes",
    expected: "its values are read, or exit 78; no value is ever shown",
    n: { test: 500, torture: 8000 },
    run: ({ n, seed }) =>
      Effect.gen(function*() {
        const settings = yield* repeat({ n, seed }, inProcess)
        return sum([settings, yield* real(Math.min(40, Math.ceil(n / 250)), seed)])
      })
  }
]
