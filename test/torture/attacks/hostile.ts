/** X2: texts that spreadsheets, browsers, shells, SQL, file systems or terminals could interpret. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { mfaMethods, userGroups, users } from "../../../pipelines/mfa/Tables.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import type { Row } from "../../../src/Table.ts"
import { program, settings } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"
import type { Case } from "../Case.ts"
import { afterwards } from "../support/afterwards.ts"
import { everySink, inFolder, readerOf, sinkNames } from "../support/InProcess.ts"

const texts = [
  "=cmd|' /C calc'!A0",
  "+1+1",
  "-2+3",
  "@SUM(A1)",
  "\t=1",
  "'=1",
  "＝1",
  "<script>alert(1)</script>",
  "\u001b[2J\u001b]0;owned\u0007",
  "\u009b31mred",
  "\u202egnp.exe",
  "\u2066hidden\u2069",
  "'; DROP TABLE users; --",
  "\"; DROP TABLE users; --",
  "../../../../etc/passwd",
  "..\\..\\windows",
  "/etc/passwd",
  "a\u0000b",
  "${jndi:ldap://example.com}",
  "{{7*7}} %s%n `id` $(id)",
  "\ufeffmark",
  "line\u2028separator",
  "two\r\nlines, \"quoted\"",
  "null",
  "NaN",
  "\\N",
  "constructor",
  "__proto__",
  "\u{1f469}\u200d\u{1f469}\u200d\u{1f467}",
  "Ω".repeat(3000)
]

/** A user whose texts are all this one. Ids have an additional ending that keeps them different. */
const user = (text: string, n: number) => ({
  user_id: `DU${n}${text}`,
  username: text,
  email: text,
  realname: text,
  firstname: text,
  lastname: text,
  status: text,
  external_id: text,
  directory_key: text,
  lockout_reason: text,
  notes: text,
  aliases: { alias1: text },
  groups: [{ group_id: `DG${text}`, name: text, status: text, desc: text }],
  phones: [{
    phone_id: `DP${text}`,
    name: text,
    number: text,
    extension: text,
    type: text,
    platform: text,
    model: text,
    capabilities: [text],
    last_seen: text,
    encrypted: text,
    fingerprint: text,
    screenlock: text,
    tampered: text,
    app_version: text,
    os_version: text
  }],
  tokens: [{ token_id: `DH${text}`, serial: text, type: text }],
  webauthncredentials: [{ webauthnkey: `WA${text}`, credential_name: text, label: text }],
  u2ftokens: [{ registration_id: `DF${text}` }],
  desktoptokens: [{ desktoptoken_id: `DT${text}`, name: text, platform: text, type: text }],
  desktop_authenticators: [{ dakey: `DD${text}`, device_name: text, os_family: text, duo_desktop_version: text }]
})

/** By table, the columns whose values are Duo's texts. */
const said = [
  [users, ["username", "email", "realname", "firstname", "lastname", "status", "external_id", "directory_key"]],
  [users, ["lockout_reason", "notes", "aliases", "group_names"]],
  [userGroups, ["username", "group_name", "group_status"]],
  [mfaMethods, ["username", "email", "realname", "user_status"]]
] as const

const phone = ["method_type", "name", "number", "extension", "platform", "model", "capabilities", "encrypted"]
  .concat("fingerprint", "screenlock", "tampered", "app_version", "os_version")

const differing = (rows: ReadonlyArray<Row>, columns: ReadonlyArray<string>) =>
  rows.flatMap((row) => {
    const text = texts[Number.parseInt(String(row["user_id"]).slice(2), 10) - 100]
    return columns.filter((column) => row[column] !== text).map((column) => `${column} of ${JSON.stringify(text)}`)
  })

/** Characters that a terminal executes or shows in another order, except newlines. */
const obeyed = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

const inert = (where: string, text: string) => {
  for (const line of text.split("\n")) assert.notMatch(line, obeyed, where)
}

const hostile = inFolder(Effect.fnUntraced(function*(folder) {
  const duo = yield* serve({ tenant: Tenant.fromUsers(texts.map((text, n) => user(text, n + 100))) })
  const sinks = sinkNames.flatMap((sink) => ["--sink", sink])
  const ended = yield* program(folder, ["extract", ...sinks], settings(duo))
  assert.strictEqual(ended.code, 0, ended.stderr)
  inert("standard output", ended.stdout)
  inert("standard error", ended.stderr)
  assert.deepStrictEqual(readdirSync(folder), ["data"])

  const [manifest = ""] = readdirSync(join(folder, "data/runs"))
  const [row] = yield* readers.query(join(folder, "data/duo.duckdb"), "SELECT epoch_us(observed_at) AS at FROM runs")
  const run = {
    run_id: manifest.replace(".json", ""),
    observed_at: BigInt(String(row?.["at"])),
    tenant: duo.host
  }
  for (const { location, sink } of everySink(join(folder, "data"))) {
    const read = readerOf(sink)
    for (const [table, columns] of said) {
      const rows = yield* read(location, run, table)
      assert.isAtLeast(rows.length, texts.length, `${sink} ${table.name}`)
      assert.deepStrictEqual(differing(rows, columns), [], sink)
    }
    const methods = yield* read(location, run, mfaMethods)
    assert.lengthOf(methods, texts.length * 6, sink)
    assert.deepStrictEqual(differing(methods.filter(({ method_kind }) => method_kind === "phone"), phone), [], sink)
  }
  for (const format of ["table", "markdown", "json", "ndjson"]) {
    const shown = yield* program(folder, ["sql", "FROM users", "--format", format])
    assert.strictEqual(shown.code, 0, shown.stderr)
    inert(`sql as ${format}`, shown.stdout)
  }
  const { stdout } = yield* program(folder, ["sql", "FROM users", "--format", "csv"])
  const cells = readers.parseCsv(stdout).slice(1).flat()
  assert.isAbove(cells.length, texts.length)
  for (const cell of cells) assert.notMatch(cell, /^[=+\-@\t\r\n＝＋－＠]/, "sql as csv")
  yield* afterwards({ folder, before: {}, recovered: true, keys: duo })
  return { texts: texts.length }
}))

export const cases: ReadonlyArray<Case> = [{
  id: "X2",
  fault: "formulas, scripts, escapes, reversed text, SQL and paths in every text of a user",
  expected: "the data has exactly these texts; they are harmless in the summary, the log and on the terminal",
  n: { test: 1, torture: 1 },
  run: () => hostile
}]
