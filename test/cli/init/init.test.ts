import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { command } from "../../support/processes/command.ts"
import { inFolder, program } from "../../support/processes/program.ts"
import {
  type Conversation,
  converse,
  ctrlC,
  ctrlD,
  down,
  enter,
  hasTerminal,
  type Step
} from "../../support/processes/terminal.ts"

const loopback = { DUO_INSECURE_LOOPBACK: "1" }

/** As long as a secret key, and none. */
const wrong = "CANARYcanaryCANARYcanaryCANARYcanary1234"

interface Keys {
  readonly ikey: string
  readonly skey: string
  readonly host: string
}

const answers = ({ host, ikey, skey }: Keys): ReadonlyArray<Step> => [
  ["Integration key ›", `${ikey}${enter}`],
  ["Secret key, not shown ›", `${skey}${enter}`],
  ["API hostname ›", `${host}${enter}`]
]

/** No piece of a secret that is long enough to be known again came to the terminal. */
const assertHidden = ({ bytes }: Conversation, secret: string) => {
  for (let at = 0; at + 6 <= secret.length; at++) assert.notInclude(bytes, secret.slice(at, at + 6))
}

const assertEnded = (conversation: Conversation, code: number) => {
  assert.deepStrictEqual(conversation.left, [], conversation.text)
  assert.strictEqual(conversation.code, code, conversation.text)
}

const modeOf = (file: string) => statSync(file).mode & 0o777

const described = hasTerminal ? describe : describe.skip

described("init, on a terminal", () => {
  it.live("writes what check and extract then go by, and never shows the secret", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 20 })
      const asked = yield* converse(folder, "init", answers(duo), loopback)
      assertEnded(asked, 0)
      assertHidden(asked, duo.skey)
      const [, page = ""] = readFileSync("docs/first-minute.md", "utf8").split("$ make init\n")
      const shown = page.slice(0, page.indexOf("```"))
        .replaceAll("DI0123456789ABCDEFGH", duo.ikey).replaceAll("api-12345678.duosecurity.com", duo.host)
        .replaceAll("./duo-mfa", "duo-mfa")
      for (const line of shown.split("\n")) assert.include(asked.text, line)
      assert.deepStrictEqual(readdirSync(folder), [".env"])
      assert.strictEqual(modeOf(`${folder}/.env`), 0o600)
      for (const name of ["check", "extract"]) {
        const { code, stderr } = yield* command(folder, [name])
        assert.strictEqual(code, 0, stderr)
        assert.notInclude(stderr, "chmod")
      }
    })))

  it.live("takes what is pasted: all at once, with blanks and quotes, and a URL for the host", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { host, ikey, skey } = yield* serve({ users: 20 })
      const pasted = ` ${ikey}\r"${skey}"\r http://${host}/admin/v1 \r`
      const asked = yield* converse(folder, "init", [["Integration key ›", pasted]], loopback)
      assertEnded(asked, 0)
      assertHidden(asked, skey)
      assert.strictEqual((yield* command(folder, ["check"])).code, 0)
    })))

  it.live("says of each answer what is wrong with it before it asks for the next", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { ikey, skey } = yield* serve({ users: 20 })
      const clear = "\u0015"
      const asked = yield* converse(folder, "init", [
        ["Integration key ›", `no key at all${enter}`],
        ["which is DI and 18 letters and digits.", `${clear}abc${enter}`],
        ["does not look like an integration key", `${clear}${ikey}${enter}`],
        ["Secret key, not shown ›", `${ikey}${enter}`],
        ["look swapped: the one that starts with DI is DUO_IKEY. Secret key, not shown ›", `short${enter}`],
        ["does not have the 40 characters of a secret key. Secret key, not shown ›", `${skey}${enter}`],
        ["API hostname ›", `https://admin-12345678.duosecurity.com${enter}`],
        ["that is the Admin Panel", `${clear}api.example.com${enter}`],
        ["Set DUO_HOST to the API hostname", ctrlC]
      ], loopback)
      assertEnded(asked, 130)
      assert.deepStrictEqual(readdirSync(folder), [])
    })))

  it.live("if Duo refuses the answers, says what Duo said and asks again; what was right need not be typed again", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 20 })
      const asked = yield* converse(folder, "init", [
        ...answers({ ...duo, skey: wrong }),
        ["40103", ""],
        ["Check DUO_SKEY", ""],
        ["What now?", enter],
        [`Integration key (Enter keeps ${duo.ikey}) ›`, enter],
        ["Secret key, not shown (Enter keeps it) ›", `${duo.skey}${enter}`],
        [`API hostname (Enter keeps ${duo.host}) ›`, enter]
      ], loopback)
      assertEnded(asked, 0)
      assertHidden(asked, wrong)
      assertHidden(asked, duo.skey)
      assert.strictEqual((yield* command(folder, ["check"])).code, 0)
    })))

  it.live("if Duo refuses the answers, writes them only if the user chooses to", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 20, permissions: [] })
      const stopped = yield* converse(folder, "init", [
        ...answers(duo),
        ["Grant read resource", ""],
        ["What now?", down],
        ["❯ Write", down],
        ["❯ Stop", enter]
      ], loopback)
      assertEnded(stopped, 77)
      assert.deepStrictEqual(readdirSync(folder), [])
      const written = yield* converse(folder, "init", [
        ...answers(duo),
        ["What now?", down],
        ["❯ Write", enter]
      ], loopback)
      assertEnded(written, 0)
      assert.strictEqual(modeOf(`${folder}/.env`), 0o600)
    })))

  it.live("changes only the settings that it has shown, shows no earlier value, and asks first", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 20 })
      const file = `${folder}/.env`
      const before = `# ours\nDUO_SKEY=${wrong}\nDUO_SKEY_FILE=/nowhere\nDUO_MFA_DATA='some where' # here`
      writeFileSync(file, before)
      chmodSync(file, 0o644)
      const change = answers(duo).map((
        [shown, typed]
      ): Step => [shown.replace("shown ›", "shown (Enter keeps it) ›"), typed])
      const refused = yield* converse(folder, "init", [...change, ["Change .env?", "n"]], loopback)
      assertEnded(refused, 0)
      assert.strictEqual(readFileSync(file, "utf8"), before)
      const asked = yield* converse(folder, "init", [...change, ["Change .env?", enter]], loopback)
      assertEnded(asked, 0)
      for (const name of ["DUO_IKEY", "DUO_SKEY", "DUO_SKEY_FILE", "DUO_HOST", "DUO_INSECURE_LOOPBACK"]) {
        assert.match(asked.text, new RegExp(`^ {2}${name} +(becomes|goes)`, "m"))
      }
      assert.notMatch(asked.text, /^ {2}DUO_MFA_DATA/m)
      assertHidden(asked, wrong)
      assertHidden(asked, duo.skey)
      assert.strictEqual(modeOf(file), 0o600)
      assert.strictEqual(
        readFileSync(file, "utf8"),
        `# ours\nDUO_SKEY=${duo.skey}\nDUO_MFA_DATA='some where' # here\n` +
          `DUO_IKEY=${duo.ikey}\nDUO_HOST=${duo.host}\nDUO_INSECURE_LOOPBACK=1\n`
      )
      assert.strictEqual((yield* command(folder, ["check"])).code, 0)
    })))

  it.live("says if git would take .env along, and leaves .gitignore to whoever it belongs to", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 20 })
      spawnSync("git", ["init", "--quiet"], { cwd: folder })
      const asked = yield* converse(folder, "init", answers(duo), loopback)
      assert.include(asked.text, "git does not ignore .env")
      writeFileSync(`${folder}/.gitignore`, ".env\n")
      const same = ["Integration key (", "Secret key, not shown (", "API hostname ("].map((text): Step => [text, enter])
      const ignored = yield* converse(folder, "init", same, loopback)
      assertEnded(ignored, 0)
      assert.notInclude(ignored.text, "git does not ignore")
    })))

  it.live("Ctrl-C and Ctrl-D end it with 130, also while Duo is asked; nothing is written", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 20, latency: 3_600_000 })
      const given = answers(duo)
      const moments: ReadonlyArray<ReadonlyArray<Step>> = [
        [["Integration key ›", ctrlD]],
        [...given.slice(0, 1), ["Secret key, not shown ›", `half a key${ctrlC}`]],
        [...given, ["Asking Duo ...", `${duo.skey}${ctrlC}`]]
      ]
      for (const steps of moments) {
        const asked = yield* converse(folder, "init", steps, loopback)
        assertEnded(asked, 130)
        assertHidden(asked, duo.skey)
        assert.include(asked.text, "Stopped; nothing was written.")
        assert.deepStrictEqual(readdirSync(folder), [])
      }
    })))

  it.live("asks for nothing that the environment would win over", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { code, text } = yield* converse(folder, "init", [], { DUO_SKEY: wrong })
      assert.strictEqual(code, 78)
      assert.include(text, "The environment has DUO_SKEY")
      assert.notInclude(text, wrong)
    })))
})

describe("init", () => {
  it.live("where there is no terminal says which settings to give instead", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { code, stderr, stdout } = yield* program(folder, ["init"])
      assert.strictEqual(code, 64)
      assert.strictEqual(stdout, "")
      for (const name of ["DUO_IKEY", "DUO_SKEY_FILE", "DUO_SKEY", "DUO_HOST"]) assert.include(stderr, name)
    })))
})
