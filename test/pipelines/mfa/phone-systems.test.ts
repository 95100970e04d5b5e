/** How far the systems of phones are behind, compared with code that reads the versions in another way. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect } from "effect"
import { readFileSync } from "node:fs"
import * as Tables from "../../../pipelines/mfa/Tables.ts"
import * as DuckDb from "../../../src/duckdb/DuckDb.ts"
import { comparable } from "./known-people.ts"
import { small } from "./people-over-time.ts"

const view = readFileSync(`${import.meta.dirname}/../../../pipelines/mfa/views/phone_systems.sql`, "utf8")

const platforms = ["Apple iOS", "Google Android", "Windows Phone", "Generic Smartphone", "Unknown", null]
const versions: ReadonlyArray<readonly [text: string | null, major: number | null]> = [
  ["16", 16],
  ["18.6.2", 18],
  ["17.7", 17],
  ["26.0", 26],
  ["27.1", 27],
  ["9", 9],
  [" 14", 14],
  ["15 beta", 15],
  ["20.0", 20],
  ["999.1", null],
  ["0", null],
  ["Android 14", null],
  ["99999999999999999999", null],
  [null, null]
]

/** The releases of iOS in order. Other platforms count without a gap. */
const releases = [...Array.from({ length: 18 }, (_, n) => n + 1), ...Array.from({ length: 20 }, (_, n) => n + 26)]

interface Phone {
  readonly tenant: string
  readonly id: string
  readonly platform: string | null
  readonly version: readonly [text: string | null, major: number | null]
}

const open = Effect.fnUntraced(function*(phones: ReadonlyArray<Phone>) {
  const session = yield* DuckDb.open({})
  yield* session.run(DuckDb.create("mfa_methods", Tables.mfaMethods))
  const rows = phones.flatMap(({ id, platform, tenant, version: [text] }) =>
    [["phone", text], ["desktop", "98"]].map((kindAndVersion) =>
      ["r", 0n, tenant, "DU", id, platform, ...kindAndVersion].map((cell) => DuckDb.constant(cell ?? null)).join(", ")
    )
  )
  if (rows.length > 0) {
    yield* session.run(
      `INSERT INTO mfa_methods (run_id, observed_at, tenant, user_id, method_id, platform, method_kind, os_version)
       VALUES ${rows.map((row) => `(${row})`).join(", ")}`
    )
  }
  yield* session.run(view)
  return session
})

const query = "SELECT tenant, method_id, os_major, newest_major, os_behind FROM phone_systems"

const phones = Arbitrary.map(
  Arbitrary.array(Arbitrary.all([small(1), small(platforms.length - 1), small(versions.length - 1)]), {
    maxLength: 12
  }),
  (some) =>
    some.map(([tenant, platform, version], n): Phone => ({
      tenant: `tenant ${tenant}`,
      id: `DP${n}`,
      platform: platforms[platform] ?? null,
      version: versions[version] ?? [null, null]
    }))
)

describe("phone_systems", () => {
  it.effect.prop(
    "counts the releases to the newest that two phones of the platform have in all tenants, and knows nothing of a version it cannot read",
    [phones],
    ([phones]) =>
      Effect.gen(function*() {
        const place = ({ platform, version: [_, major] }: Phone) =>
          major === null ? -1 : platform === "Apple iOS" ? releases.indexOf(major) : major
        const expected = phones.map((phone) => {
          const same = ["Unknown", "Generic Smartphone", null].includes(phone.platform)
            ? []
            : phones.filter((other) => other.platform === phone.platform && place(other) >= 0)
          const newest = same
            .filter((one) => same.some((other) => other !== one && place(other) === place(one)))
            .toSorted((a, b) => place(b) - place(a))[0]
          return [
            phone.tenant,
            phone.id,
            phone.version[1],
            newest?.version[1] ?? null,
            newest === undefined || place(phone) < 0 ? null : Math.max(0, place(newest) - place(phone))
          ]
        })
        assert.deepStrictEqual(comparable(yield* (yield* open(phones)).all(query)), comparable(expected))
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 40 }, timeout: 60_000 }
  )

  it.effect("iOS 18 is one release behind iOS 26, one phone with iOS 27 changes nothing, and the numbers are integers", () =>
    Effect.gen(function*() {
      const session = yield* open(
        ["18.6.2", "26.0", "26.1", "27.0"].map((text, n) => ({
          tenant: "t",
          id: `DP${n}`,
          platform: "Apple iOS",
          version: [text, null]
        }))
      )
      assert.deepStrictEqual(yield* session.all(`${query} ORDER BY method_id`), [
        ["t", "DP0", 18, 26, 1],
        ["t", "DP1", 26, 26, 0],
        ["t", "DP2", 26, 26, 0],
        ["t", "DP3", 27, 26, 0]
      ])
    }).pipe(Effect.scoped))
})
