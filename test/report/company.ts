/** The ledger of a small company, where a reader knows everybody, and a function that makes its report. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import admins from "../../pipelines/admins.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import type { Options } from "../../src/emulator/server/Emulator.ts"
import type { Pipeline } from "../../src/Pipeline.ts"
import { runAt } from "../known/ledger.ts"
import { authenticatorsOf } from "../known/people.ts"
import * as Administrators from "../pipelines/admins/administrators.ts"
import { command } from "../support/processes/command.ts"
import { sinks } from "../torture/support/InProcess.ts"
import { sentences } from "./sentences.ts"

const noon = (day: number) => Date.UTC(2026, 10, day, 12) / 1000
export const { key, person, phone } = authenticatorsOf(noon)
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
  person("gil", {
    groups: groups("BreakGlass"),
    status: "bypass",
    last_login: noon(2),
    phones: [phone("GIL", "+15555550107")]
  }),
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

/** Makes the ledger in a new folder. No other test may use the port. */
export const make = async (port: number) => {
  const folder = mkdtempSync(join(tmpdir(), "duo-mfa-company-"))
  const dataDirectory = `${folder}/data`
  const tenant = Tenant.fromUsers(users, [], [
    admin("Ada", { webauthncredentials: [Administrators.key] }),
    admin("Bob", { phone_details: [{ ...Administrators.phone, capabilities: ["sms"] }] }),
    admin("Cyd", { webauthncredentials: null }),
    admin("Dee", { status: "Disabled" })
  ])
  const ledger = [{ sink: "duckdb", location: sinks.duckdb.location(dataDirectory) }]
  const run = (options: Options, pipeline?: Pipeline) =>
    Effect.runPromise(
      runAt(dataDirectory, Date.UTC(2026, 10, 10, 9), options, ledger, pipeline).pipe(
        Effect.provide(NodeServices.layer)
      )
    )
  await run({ port, tenant })
  await run({ port, tenant }, admins)
  return { ...companyIn(folder), run }
}

const companyIn = (folder: string) => {
  /** Runs a command with these files in the data directory, which are removed afterwards. */
  const ask = (files: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/data/${name}`, text)
      }),
      () => command(folder, args, { DUO_MFA_DATA: "data" }),
      () => Effect.sync(() => Object.keys(files).forEach((name) => rmSync(`${folder}/data/${name}`)))
    )

  /** Runs `report` with such files. */
  const report = (files: Readonly<Record<string, string>> = {}, ...args: ReadonlyArray<string>) =>
    ask(files, "report", ...args)

  /** The page that it makes. */
  const page = (...given: Parameters<typeof report>) =>
    Effect.map(report(...given), ({ code, stderr, stdout }) => {
      assert.strictEqual(code, 0, stderr)
      return readFileSync(stdout.trimEnd(), "utf8")
    })

  /** The text of the page. */
  const text = (...given: Parameters<typeof report>) => Effect.map(page(...given), sentences)

  return { folder, ask, report, page, text, remove: () => rmSync(folder, { recursive: true }) }
}

/** The names in the first cells of the rows of a table. */
export const whoIn = (markup: string, caption: string) => {
  const [, table = ""] = new RegExp(`<caption[^>]*>${caption}</caption>([\\s\\S]*?)</table>`).exec(markup) ?? []
  return [...table.matchAll(/<th role="rowheader" scope="row"><bdi>([^<]+)</g)].map(([, name]) => name)
}
