/** F2: manifests that were damaged or changed by somebody. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import * as assert from "node:assert"
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { Dice, mix, type NonEmpty } from "../../../src/emulator/people/Dice.ts"
import { stampOf } from "../../../src/Outcome.ts"
import * as Manifest from "../../../src/run/publish/Manifest.ts"
import { contents } from "../../support/processes/program.ts"
import { type Case, repeat } from "../Case.ts"
import { codeOf, inFolder, run } from "./engine.ts"
import * as Pages from "./pages.ts"

const states: NonEmpty<".open" | ".sealed" | ""> = [".sealed", ".sealed", ".open", ""]

/** A manifest's text after a few changes to its JSON, its paths or its bytes. */
const spoil = (dice: Dice, good: string, paths: NonEmpty<string>): Buffer => {
  const manifest: unknown = JSON.parse(good)
  const kind = dice.below(10)
  if (kind === 0) return Pages.noise(dice)
  if (kind < 3) return Pages.damaged(dice, Buffer.from(good))
  if (kind === 3) return Buffer.from(Pages.anyJson(dice).text)
  if (kind === 4) {
    return Buffer.from(good.replace("\"tool_version\":\"0\"", `"tool_version":"${"0".repeat(3_000_000)}"`))
  }
  for (let times = 1 + dice.below(3); times > 0; times--) {
    if (kind < 7) Pages.mutate(dice, manifest)
    else Pages.putPath(dice, manifest, dice.pick(paths))
  }
  return Buffer.from(Pages.write(manifest))
}

/** Makes a data directory with a published run, a run that is sealed but not published, and files of others. */
const scene = Effect.fnUntraced(function*(folder: string) {
  const [data, root] = [`${folder}/data`, `${folder}/data/ndjson`]
  yield* run(data, "ndjson", root)
  const { outcome, receipts } = yield* run(data, "ndjson", root)
  const { run_id } = outcome
  const manifest = readFileSync(`${data}/runs/${run_id}.json`, "utf8")
  for (const { publication } of receipts) {
    const { moves } = publication as { readonly moves: ReadonlyArray<{ readonly from: string; readonly to: string }> }
    for (const { from, to } of moves) renameSync(to, from)
  }
  rmSync(`${data}/runs/${run_id}.json`)
  mkdirSync(`${folder}/mine`)
  for (
    const name of ["mine/a", "mine/a.part", `mine/${run_id}.part`, "data/mine", "data/ndjson/mine", "data/runs/mine"]
  ) {
    writeFileSync(`${folder}/${name}`, name)
  }
  cpSync(folder, `${folder}.kept`, { recursive: true })
  return { data, root, run_id, manifest }
})

/** The files that no run may touch: all except those that it stages and publishes, and its manifests. */
const untouchable = (folder: string, run_id: string) =>
  Object.fromEntries(
    Object.entries(contents(folder)).filter(([name]) => /mine/.test(name) || /ndjson\/\w+\/(?!.*part)/.test(name))
      .filter(([name]) => !name.includes(run_id) || name.includes("mine"))
  )

const manifests = (n: number, seed: number) =>
  inFolder((folder) =>
    Effect.gen(function*() {
      const at = `${folder}/now`
      mkdirSync(at)
      const { data, manifest, root, run_id } = yield* scene(at)
      const open = JSON.stringify({ sinks: [{ sink: "ndjson", location: root }] })
      const before = untouchable(at, run_id)
      const paths: NonEmpty<string> = [
        ...["mine/a", "mine", `mine/${run_id}.part`, "data/mine", "data/ndjson/mine", "data/runs/mine", "data/runs", ""]
          .map((name) => `${at}/${name}`) as unknown as NonEmpty<string>,
        `${root}/things.${run_id}.part`,
        `${root}/../../mine/a`,
        "mine/a",
        "/",
        "..",
        "",
        "-",
        "\u0000",
        `${root}/\u0000`,
        `${root}/${"x".repeat(300)}`,
        "duckdb",
        "./nothing.ts",
        run_id,
        "20260101T000000000Z-000000",
        "banana",
        "2026-13-01T00:00:00.000Z"
      ]
      return yield* repeat({ n, seed }, (seed) =>
        Effect.gen(function*() {
          const dice = new Dice(mix(seed, 0xf2))
          rmSync(at, { recursive: true })
          cpSync(`${at}.kept`, at, { recursive: true })
          const state = dice.pick(states)
          const file = `${data}/runs/${
            dice.chance(95) ? run_id : dice.pick(["x", "..", "", `${run_id}.json`])
          }.json${state}`
          writeFileSync(file, spoil(dice, state === ".open" ? open : manifest, paths))
          const code = codeOf(yield* Effect.exit(run(data, "ndjson", root)), [4, 73, 74])
          assert.deepStrictEqual(untouchable(at, run_id), { ...untouchable(at, run_id), ...before }, "it touched mine")
          const all = yield* Effect.exit(Effect.flatMap(Manifest.make(data), ({ all }) => all))
          codeOf(all, [73, 74])
          if (all._tag === "Success") {
            for (const one of all.value) assert.ok(existsSync(`${data}/runs/${one.run_id}.json`) && stampOf(one))
          }
          return { [`${state === "" ? "published" : state.slice(1)}: ${code === 0 ? "went on" : `exit ${code}`}`]: 1 }
        }).pipe(Effect.provide(NodeServices.layer)))
    })
  )

export const cases: ReadonlyArray<Case> = [
  {
    id: "F2",
    fault: "manifests whose JSON, paths or bytes were changed, and files that only look like manifests",
    expected:
      "the next run works, or names the file that is damaged (73, 74) or names another place (4); no other file is moved, changed or removed",
    n: { test: 12, torture: 400 },
    run: ({ n, seed }) => manifests(n, seed)
  }
]
