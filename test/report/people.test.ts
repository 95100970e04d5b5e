/** The people on the report of a small company: who is privileged, in which order they come, and who is accepted. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import admins from "../../pipelines/admins.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { runAt } from "../known/ledger.ts"
import { authenticatorsOf } from "../known/people.ts"
import * as Administrators from "../pipelines/admins/administrators.ts"
import { command } from "../support/processes/command.ts"
import { sinks } from "../torture/support/InProcess.ts"
import { sentences } from "./sentences.ts"

const noon = (day: number) => Date.UTC(2026, 10, day, 12) / 1000
const { key, person, phone } = authenticatorsOf(noon)
const groups = (...names: ReadonlyArray<string>) =>
  names.map((name) => ({ group_id: `DG${name}`, name, desc: "", status: "Active" }))
const texts = (id: string) => [phone(id, "+15555550101", { activated: false, capabilities: ["sms", "phone"] })]

/** The run is on the 10th. */
const users = [
  person("ann", { groups: groups("Domain Admins"), last_login: noon(9), webauthncredentials: [key("ANN", 1)] }),
  person("ben", { groups: groups("sap-ADMINISTRATORS", "Finance"), last_login: noon(3) }),
  // clerks, and people who play
  person("cat", { groups: groups("Administration"), last_login: null, created: noon(1) }),
  person("fin", { groups: groups("Badminton"), last_login: noon(9), phones: texts("FIN") }),
  person("dan", { groups: groups("Finance"), last_login: noon(8), phones: texts("DAN") }),
  person("eve", { status: "bypass", last_login: noon(7) }),
  person("gil", { groups: groups("BreakGlass"), status: "bypass", last_login: noon(2), phones: [phone("GIL", "+15555550107")] }),
  person("hal", { groups: groups("Finance"), last_login: noon(6) }),
  person("ida", { status: "disabled", groups: groups("Domain Admins") })
]

const admin = (id: string, fields: object) => ({
  admin_id: `DE${id}`,
  name: id,
  email: `${id}@example.com`,
  role: "Owner",
  status: "Active",
  created: noon(1),
  last_login: noon(9),
  phone: null,
  phone_details: [],
  hardtoken: null,
  webauthncredentials: [],
  ...fields
})

let folder = ""

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-people-"))
  const dataDirectory = `${folder}/data`
  const tenant = Tenant.fromUsers(users, [], [
    admin("Ada", { webauthncredentials: [Administrators.key] }),
    admin("Bob", { phone_details: [{ ...Administrators.phone, capabilities: ["sms"] }] }),
    admin("Cyd", { webauthncredentials: null }),
    admin("Dee", { status: "Disabled" })
  ])
  const ledger = [{ sink: "duckdb", location: sinks.duckdb.location(dataDirectory) }]
  await Effect.runPromise(
    Effect.forEach([undefined, admins], (pipeline) =>
      runAt(dataDirectory, Date.UTC(2026, 10, 10, 9), { port: 27_096, tenant }, ledger, pipeline)).pipe(
        Effect.provide(NodeServices.layer)
      )
  )
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** Runs `report` with these files in the data directory, which are removed afterwards. */
const report = (files: Readonly<Record<string, string>> = {}, ...args: ReadonlyArray<string>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/data/${name}`, text)
    }),
    () => command(folder, ["report", ...args], { DUO_MFA_DATA: "data" }),
    () => Effect.sync(() => Object.keys(files).forEach((name) => rmSync(`${folder}/data/${name}`)))
  )

const page = (...given: Parameters<typeof report>) =>
  Effect.map(report(...given), ({ code, stderr, stdout }) => {
    assert.strictEqual(code, 0, stderr)
    return readFileSync(stdout.trimEnd(), "utf8")
  })

/** The text of the page. */
const text = (...given: Parameters<typeof report>) => Effect.map(page(...given), sentences)

/** The first cells of the rows of a table. */
const whoIn = (markup: string, caption: string) => {
  const [, table = ""] = new RegExp(`<caption[^>]*>${caption}</caption>([\\s\\S]*?)</table>`).exec(markup) ?? []
  return [...table.matchAll(/<th role="rowheader" scope="row"><bdi>([^<]+)</g)].map(([, name]) => name)
}

describe("privileged accounts", () => {
  it.live("are those in groups whose names have a word that says it, and the page says which groups and why", () =>
    Effect.gen(function*() {
      const markup = yield* page()
      const said = sentences(markup)
      assert.include(said, "5 people can log in with a password alone. 2 of them are privileged.")
      assert.include(
        said,
        "3 people in privileged groups can log in, 2 with a password alone; 1 has a phishing-resistant method."
      )
      assert.include(
        said,
        "the groups whose names have the word admin, root, privileged or break-glass: BreakGlass (1), Domain Admins (1), " +
          "sap-ADMINISTRATORS (1). To name others, write the names of groups into privileged.txt"
      )
      assert.deepStrictEqual(whoIn(markup, "Members of privileged groups"), ["ben", "gil", "ann"])
    }))

  it.live("are those in the groups that privileged.txt names, and nobody else", () =>
    Effect.gen(function*() {
      const markup = yield* page({ "privileged.txt": "# theirs is the money\nfinance # all of it\r\n\nNo Such Group\n" })
      assert.deepStrictEqual(whoIn(markup, "Members of privileged groups"), ["ben", "hal", "dan"])
      assert.include(
        sentences(markup),
        "Privileged are the groups that privileged.txt names: Finance (3). Nobody who can log in is in No Such Group."
      )
      const none = yield* text({ "privileged.txt": "" })
      assert.include(none, "Nobody in a privileged group can log in.")
    }))

  it.live("need a privileged.txt that can be read, if there is one", () =>
    Effect.gen(function*() {
      mkdirSync(`${folder}/data/privileged.txt`)
      const { code, stderr } = yield* report()
      rmSync(`${folder}/data/privileged.txt`, { recursive: true })
      assert.strictEqual(code, 78)
      assert.match(stderr, /privileged\.txt cannot be read: .*Make it readable, or move it away\.\n$/)
    }))

  it.live("have Duo's administrators among them, whose factors are not known if Duo does not list them", () =>
    Effect.gen(function*() {
      const markup = yield* page()
      assert.include(
        sentences(markup),
        "3 administrators are active, and 1 more is not. ≥ 1 of the active is at risk; " +
          "≥ 1 has a phishing-resistant factor. ≥ means at least: of 1, Duo does not say it."
      )
      assert.deepStrictEqual(whoIn(markup, "Administrators of Duo"), ["Bob", "Ada", "Cyd"])
      assert.match(sentences(markup), /Cyd ?Owner ?not known ?not known/)
    }))

  it.live("are ids without names", () =>
    Effect.gen(function*() {
      const markup = yield* page({}, "--pii", "drop")
      for (const name of ["Ada", "ada@", "ben", "Ben"]) assert.notInclude(markup, `>${name}`)
      assert.include(markup, "<code>DEADA</code>".replace("DEADA", "DEAda"))
    }))
})

describe("people at risk", () => {
  it.live("come by privilege, then by last login, and the heading says so", () =>
    Effect.gen(function*() {
      const markup = yield* page()
      assert.deepStrictEqual(whoIn(markup, "Users at risk"), ["ben", "gil", "fin", "dan", "eve", "hal", "cat"])
      assert.include(sentences(markup), "The users: privileged ones first, then by last login, the newest first")
      assert.match(sentences(markup), /ben Ben Example privileged/)
    }))

  it.live("are counted as the figures count them: a user on bypass is not unprotected too", () =>
    Effect.gen(function*() {
      const markup = yield* page()
      const figure = (name: string) => new RegExp(`data-figure="${name}">([^<]*)<`).exec(markup)?.[1]
      assert.deepStrictEqual([figure("unprotected"), figure("at_risk.unprotected")], ["3", "3"])
      assert.deepStrictEqual([figure("only_telephony"), figure("at_risk.only telephony")], ["2", "2"])
      assert.deepStrictEqual([figure("bypass"), figure("at_risk.bypass")], ["2", "2"])
      assert.include(
        sentences(markup),
        "7 of the 8 users who can log in are at risk, some for more than one reason. " +
          "6 of these users are active; 2 are not, and only a bypass lets them in."
      )
    }))
})
