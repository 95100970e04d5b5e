/** `--pseudonymise`: a record of a run that can be replayed and names nobody. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readdirSync, readFileSync, renameSync } from "node:fs"
import { type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import { command } from "../../support/processes/command.ts"
import { inFolder, query, settings } from "../../support/processes/program.ts"

describe("A record with pseudonyms", () => {
  it.live("has the counts and the strengths of the run, and no person's data", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const options: Options = {
        users: 200,
        scenario: [{ when: { page: 2, times: 1 }, do: { fault: "reset", at: "start" } }]
      }
      const duo = yield* serve({ people: "hostile", ...options })
      const args = ["extract", "--json", "--page-size", "50", "--sink", "ndjson"]
      const first = yield* command(folder, [...args, "--record", "record", "--pseudonymise"], settings(duo))
      assert.strictEqual(first.code, 0, first.stderr)
      assert.isAbove(duo.reached.reset ?? 0, 0)
      renameSync(`${folder}/data`, `${folder}/kept`)
      const again = yield* command(folder, [...args, "--replay", "record"])
      assert.strictEqual(again.code, 0, again.stderr)

      const { sinks: _, tenant, ...facts } = JSON.parse(first.stdout)
      const { sinks: __, tenant: hidden, ...replayed } = JSON.parse(again.stdout)
      assert.deepStrictEqual(replayed, facts)
      assert.match(hidden, /^api-[a-z]{8}\.duosecurity\.com$/)

      const strengths = (directory: string) =>
        query(`SELECT status, strongest, weakest, is_bypass, bypass_reason, method_count, count(*) AS n
          FROM '${folder}/${directory}/ndjson/users/*.ndjson.zst' GROUP BY ALL ORDER BY ALL`)
      assert.deepStrictEqual(yield* strengths("data"), yield* strengths("kept"))

      // a text of this length is not found by chance
      const record = readdirSync(`${folder}/record`).map((file) => readFileSync(`${folder}/record/${file}`, "utf8"))
        .join()
      const people = yield* query(`
        SELECT unnest([user_id, username, email, realname, directory_key, external_id]) AS text
          FROM '${folder}/kept/ndjson/users/*.ndjson.zst'
        UNION SELECT unnest([method_id, number, name]) FROM '${folder}/kept/ndjson/mfa_methods/*.ndjson.zst'
        UNION SELECT unnest([group_id, group_name]) FROM '${folder}/kept/ndjson/user_groups/*.ndjson.zst'
        UNION SELECT unnest([bypass_code_id, admin_email]) FROM '${folder}/kept/ndjson/bypass_codes/*.ndjson.zst'`)
      const telling = people.flatMap(({ text }) => typeof text === "string" && text.length >= 10 ? [text] : [])
      assert.isAbove(telling.length, 800)
      assert.deepStrictEqual([...telling, tenant, duo.ikey, duo.skey].filter((text) => record.includes(text)), [])
    })))
})
