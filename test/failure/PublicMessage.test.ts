/** Messages to a webhook and a collector never have text that somebody wrote, only counts and places. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Exit, Schema } from "effect"
import { exitStatusOf, publicMessageOf } from "../../src/cli/terminal/ExitStatus.ts"
import { DuoError } from "../../src/duo/DuoError.ts"
import { DuoReason } from "../../src/duo/DuoReason.ts"
import { RecordError } from "../../src/duo/record/Record.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { type Options, serve } from "../../src/emulator/server/Emulator.ts"
import { CannotCreate, Corrupt, InputOutput, SinkError, Unreachable } from "../../src/failure/SinkError.ts"
import { DataDirectory, RunError, Temporary, Unpublished } from "../../src/run/RunError.ts"
import { command } from "../support/processes/command.ts"
import { inFolder, settings } from "../support/processes/program.ts"
import { collect } from "../support/servers/collector.ts"
import { hook } from "../support/servers/webhook.ts"

const canary = "CANARY"

/** An object of Duo's with a canary in every text, and with unknown fields. */
const withCanaries = (object: object) =>
  JSON.parse(JSON.stringify(object), (_, value: unknown) =>
    typeof value === "string"
      ? `${canary} ${value}`
      : typeof value === "object" && value !== null && !Array.isArray(value)
      ? { ...value, [canary]: canary, [`${canary} of 1`]: canary }
      : value)

const user = withCanaries({
  user_id: "1",
  username: "2",
  alias1: "3",
  aliases: { alias2: "4" },
  email: "5",
  realname: "6",
  firstname: "7",
  lastname: "8",
  status: "9",
  is_enrolled: true,
  directory_key: "10",
  external_id: "11",
  notes: "12",
  lockout_reason: "13",
  groups: [{ group_id: "14", name: "15", desc: "16", status: "17" }],
  phones: [
    {
      phone_id: "18",
      number: "19",
      extension: "20",
      name: "21",
      type: "22",
      platform: "23",
      model: "24",
      activated: true,
      capabilities: ["25"],
      last_seen: "26",
      encrypted: "27",
      fingerprint: "28",
      screenlock: "29",
      tampered: "30",
      app_version: "31",
      os_version: "32"
    }
  ],
  tokens: [{ token_id: "33", serial: "34", type: "35" }],
  u2ftokens: [{ registration_id: "36" }],
  webauthncredentials: [{ webauthnkey: "37", credential_name: "38", label: "39" }],
  desktoptokens: [{ desktoptoken_id: "40", name: "41", platform: "42", type: "43" }],
  desktop_authenticators: [{ dakey: "44", device_name: "45", duo_desktop_version: "46", os_family: "47" }]
})
const code = withCanaries({ bypass_code_id: "48", admin_email: "49", user: { user_id: "50", username: "51" } })
const admin = withCanaries({
  admin_id: "52",
  email: "53",
  name: "54",
  phone: "55",
  role: "56",
  status: "57",
  hardtoken: { token_id: "58", serial: "59", type: "60" },
  phone_details: [{ phone_id: "61", number: "62", type: "63", capabilities: ["64"], last_seen: "65" }]
})

const refusal = (code: number): Options => ({
  users: 3,
  scenario: [{ do: { fault: "status", code, message: `${canary} of a refusal` } }]
})
const telling = `${import.meta.dirname}/../support/sinks/telling.ts`

describe("A webhook and a collector", () => {
  const runs: ReadonlyArray<readonly [what: string, options: Options, code: number, args?: ReadonlyArray<string>]> = [
    ["of users", { tenant: Tenant.fromUsers([user], [code]) }, 0],
    ["of administrators", { tenant: Tenant.fromUsers([], [], [admin]) }, 0, ["admins"]],
    ["whose bypass codes are refused", {
      users: 3,
      scenario: [{
        when: { path: "/admin/v1/bypass_codes" },
        do: { fault: "status", code: 40301, message: `${canary} of a refusal` }
      }]
    }, 0],
    ["that is refused", refusal(40301), 77],
    ["of a field that cannot be read", { tenant: Tenant.fromUsers([{ ...user, aliases: { [canary]: {} } }]) }, 65],
    ["into a sink that quotes in its errors", { users: 3 }, 74, ["--sink", telling]]
  ]
  for (const [what, options, code, args = []] of runs) {
    it.live(`get no text that somebody wrote: a run ${what}`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const duo = yield* serve(options)
        const { posts, url } = yield* hook()
        const collector = yield* collect()
        const env = { ...settings(duo), ...collector.env, DUO_MFA_NOTIFY: url }
        const ended = yield* command(folder, ["extract", ...args, "--log-level", "all"], env)
        assert.strictEqual(ended.code, code, ended.stderr)
        assert.match(ended.stderr + ended.stdout, /CANARY/)
        assert.strictEqual(posts.length, 1)
        assert.isAbove(collector.posts.length, 2)
        assert.notInclude(posts[0]?.body, canary)
        assert.notInclude(JSON.stringify(collector.posts), canary)
        if (what === "of users") {
          assert.includeMembers(JSON.parse(posts[0]?.body ?? "").warnings, [
            "unknown user status",
            "unknown field of a user (16 times)",
            "phone last_seen is not a time, left NULL"
          ])
          assert.include(ended.stderr, `unknown user status: ${canary} 9, kept as it is`)
          assert.strictEqual(collector.value("duo_mfa.run.warnings"), 24)
        }
      })))
  }

  /** The same reason with a canary in every text except the tag and the words of a choice. */
  const encode = Schema.encodeSync(DuoReason)
  const decode = Schema.decodeUnknownSync(DuoReason)
  const choices = ["_tag", "which", "why"]
  const told = (reason: DuoReason) =>
    decode(
      Object.fromEntries(
        Object.entries(encode(reason)).map(([name, value]) => [
          name,
          typeof value !== "string" || choices.includes(name)
            ? value
            : name === "where"
            ? `response[1].aliases.${canary}`
            : `${canary} ${value}`
        ])
      )
    )

  it.effect.prop(
    "get no text that an error of Duo's quotes",
    [Arbitrary.schema(DuoReason)],
    ([reason]) =>
      Effect.sync(() => {
        const error = new DuoError({ path: "/admin/v2/users", attempts: 1, reason: told(reason) })
        assert.notInclude(publicMessageOf(error), canary)
        assert.match(publicMessageOf(error), /\w+.*\.$/)
      }),
    { arbitrary: { runs: 500 } }
  )

  it("get no text that an error of a sink or of the data directory quotes", () => {
    const detail = `${canary} EVELYN: IO Error "${canary}" EACCES`
    for (const reason of [CannotCreate, Corrupt, InputOutput, Unreachable].map((Reason) => new Reason({ detail }))) {
      for (const location of [`/home/${canary}/x`, `postgres://${canary}@x/${canary}`]) {
        const error = new SinkError({ sink: `/home/${canary}/sink.ts`, location, reason })
        assert.notInclude(publicMessageOf(error), canary)
        assert.include(publicMessageOf(error), "IO Error")
      }
    }
    const reasons = [
      ...(["unwritable", "unlockable", "failed"] as const).map((why) =>
        new DataDirectory({ directory: "DATA", detail, why })
      ),
      new Temporary({ directory: canary, detail }),
      new Unpublished({ run_id: "20261123T201500123Z-4f09ac", detail })
    ]
    for (const reason of reasons) assert.notInclude(publicMessageOf(new RunError({ reason })), canary)
  })

  it("get only the tag of an error that has no public message", () => {
    const error = new RecordError({ flag: "--replay", directory: canary, detail: canary })
    assert.strictEqual(publicMessageOf(error), "The log of the run says why.")
    assert.deepInclude(exitStatusOf(Exit.fail(error)), {
      error: "RecordError",
      message: "The log of the run says why."
    })
  })
})
