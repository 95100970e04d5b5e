/** X1: everything that the program wrote is searched for its key and for people's data. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Fault } from "../../../src/emulator/faults/Scenario.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { type Emulator, type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import { settings, start } from "../../support/processes/program.ts"
import { neverDone, untilItWaits } from "../../support/processes/waiting.ts"
import type { Case } from "../Case.ts"
import { inFolder } from "../support/InProcess.ts"

const canary = { ikey: "DICANARYCANARYCANARY", skey: "CanaryKeyOfNobodyCanaryKeyOfNobodyCanary" }

interface Row {
  readonly name: string
  readonly emulator?: Options
  readonly args?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  readonly code: number
  /** Whether its standard output has rows. */
  readonly rows?: true
  /** The process is killed in the middle of its pages. */
  readonly killed?: boolean
}

const always = (fault: Fault): Options => ({ scenario: [{ when: { path: "/admin/*" }, do: fault }] })
const sinks = ["duckdb", "parquet", "ndjson", "csv"].flatMap((sink) => ["--sink", sink])

/** `make test` tries the first five, `make torture` all. */
const rows: ReadonlyArray<Row> = [
  { name: "all is well", args: sinks, code: 0 },
  { name: "the key is refused", env: { DUO_SKEY: canary.skey.toLowerCase() }, args: ["--json"], code: 77 },
  { name: "it is killed", args: [...sinks, "--page-size", "5"], emulator: neverDone, killed: true, code: -1 },
  {
    name: "an answer that cannot be read",
    emulator: always({ fault: "field", name: "user_id", json: "{\"email\": \"canary.person@example.com\"}" }),
    code: 65
  },
  { name: "the two keys are swapped", env: { DUO_IKEY: canary.skey, DUO_SKEY: canary.ikey }, code: 78 },
  { name: "all is logged", args: ["--json", "--log-level", "all"], code: 0 },
  { name: "a dry run", args: ["--dry-run", "--json"], code: 0 },
  { name: "rows to standard output", args: ["--sink", "ndjson:-"], code: 0, rows: true },
  {
    name: "a time of somebody that is none",
    emulator: always({ fault: "field", name: "created", json: "\"canary.person@example.com\"" }),
    code: 65
  },
  { name: "no permission", emulator: { permissions: [] }, code: 77 },
  {
    name: "Duo says the key back",
    emulator: always({ fault: "status", code: 40001, message: `bad ${canary.skey}`, detail: canary.skey }),
    code: 77
  },
  {
    name: "a redirect with the key in it",
    emulator: always({ fault: "redirect", to: `http://127.0.0.9/${canary.skey}` }),
    code: 69
  },
  {
    name: "no JSON",
    emulator: always({ fault: "truncated", how: "length", keep: 0 }),
    args: ["--sink", "csv"],
    code: 69
  },
  { name: "nobody listens", env: { DUO_HOST: "127.0.0.254:38599" }, code: 69 },
  { name: "half a configuration", env: { DUO_IKEY: "" }, code: 78 },
  { name: "a sink that is none", args: ["--sink", "none"], code: 64 },
  { name: "a place that is none", env: { DUO_MFA_DATA: "/proc/nowhere" }, code: 73 }
]

/** The forms of the key, also in base64 inside a header, without the characters that depend on the text after it. */
const forms = (secret: string) => [
  secret,
  secret.toLowerCase(),
  encodeURIComponent(secret),
  Buffer.from(secret).toString("hex"),
  Buffer.from(secret).toString("base64").replace(/=+$/, "").slice(0, -1),
  Buffer.from(`${canary.ikey}:`).toString("base64").replace(/=+$/, "").slice(0, -1)
]

/** All files below a folder, and the targets of links. */
const written = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => lstatSync(join(folder, name)).isFile())
    .map((name) => [name, readFileSync(join(folder, name), "latin1")] as const)

/** The tenant's texts about people, except those that are so short that they occur by chance. */
const peopleOf = (duo: Emulator) =>
  Array.from({ length: duo.tenant.size() }, (_, at) => JSON.stringify(duo.tenant.user(at)))
    .flatMap((user) => [...user.matchAll(/"(?:username|email|realname|number|alias\d)":\s?"([^"\\]{7,})"/g)])
    .map(([_, value = ""]) => value)

const look = (row: Row) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const { args = [], code, emulator = {}, env = {}, killed = false, name, rows } = row
    const duo = yield* serve({ tenant: Tenant.make({ people: "hostile", users: 60 }), ...canary, ...emulator })
    const temporary = join(folder, "tmp")
    mkdirSync(temporary)
    const run = start(folder, ["extract", ...args], { ...settings(duo), TMPDIR: temporary, ...env })
    if (killed) {
      yield* untilItWaits(duo)
      run.child.kill("SIGKILL")
    }
    const ended = yield* Effect.promise(() => run.ended)
    if (!killed) assert.strictEqual(ended.code, code, `${name}: ${ended.stderr}`)
    else assert.isTrue(existsSync(join(folder, "data/runs")), "it was killed too early to have written anything")
    const outputs = [["standard output", ended.stdout], ["standard error", ended.stderr]] as const
    const files = written(folder)
    const secrets = [canary.skey, ...Object.values(env).filter((value) => /canary/i.test(value) && value.length === 40)]
    for (const [where, text] of [...outputs, ...files]) {
      for (const form of secrets.flatMap(forms)) assert.notInclude(text, form, `${name}: ${where}`)
      assert.isFalse(duo.signatures.areIn(text), `${name}: ${where} holds a signature`)
    }
    const people = [...peopleOf(duo), "canary.person@example.com"]
    assert.isAbove(people.length, 100)
    for (
      const [where, text] of [
        ...outputs.slice(rows ? 1 : 0),
        ...files.filter(([file]) => /runs\/[^/]+$/.test(file))
      ]
    ) {
      for (const person of people) {
        assert.isFalse(text.includes(person), `${name}: ${where} says something about somebody`)
      }
    }
    return files.length + outputs.length
  }))

export const cases: ReadonlyArray<Case> = [{
  id: "X1",
  fault: "runs that work and runs that fail, and a search of everything that they wrote for the key and for people",
  expected: "the key, its header and its signatures are nowhere; people's data is in the outputs and nowhere else",
  n: { test: 5, torture: rows.length },
  run: ({ n }) =>
    Effect.map(Effect.forEach(rows.slice(0, n), look, { concurrency: 2 }), (looked) => ({
      runs: looked.length,
      "texts looked through": looked.reduce((a, b) => a + b)
    }))
}]
