/** A run is refused if much of what the run before had is gone: rows, or the values of a field. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Runtime } from "effect"
import type { Facts } from "../../src/Outcome.ts"
import * as Run from "../../src/run/Run.ts"
import { inTemporary, options, pipeline, spy } from "./spy-sink.ts"

/** A list of objects with nested objects, and in how many of them each field is filled. */
const saying = (fields: Facts["fields"]) => {
  const kinds = Map.groupBy(Object.entries(fields), ([field]) => field.split(".")[0] ?? "")
  const objects = (kind: string) => {
    const of = kinds.get(kind) ?? []
    return Array.from(
      { length: of[0]?.[1].of ?? 0 },
      (_, at) => Object.fromEntries(of.map(([field, { filled }]) => [field.split(".")[1], at < filled ? "x" : null]))
    )
  }
  const columns = (kind: string) => (kinds.get(kind) ?? []).map(([field]) => field.split(".")[1] ?? "")
  const inner = [...kinds.keys()].filter((kind) => kind !== "persons")
  return {
    list: {
      name: "persons",
      object: "a person",
      columns: {
        id: "VARCHAR",
        ...Object.fromEntries(columns("persons").map((name) => [name, "VARCHAR"])),
        ...Object.fromEntries(
          inner.map((kind) => [kind, `STRUCT(${columns(kind).map((name) => `"${name}" VARCHAR`).join(", ")})[]`])
        )
      },
      id: "id",
      created: "created"
    },
    objects: objects("persons").map((person, at) => ({
      id: null,
      ...person,
      ...Object.fromEntries(inner.map((kind) => [kind, at === 0 ? objects(kind) : []]))
    }))
  }
}

describe("a run", () => {
  it.effect("is refused if the tenant has lost everybody, unless that is allowed", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const log: Array<string> = []
      const given = options(directory, [spy("good", log)])
      yield* Run.run(pipeline({ people: 101 }), given)
      log.length = 0
      const refused = yield* Effect.flip(Run.run(pipeline({ people: 0 }), given))
      assert.strictEqual(Runtime.getErrorExitCode(refused), 4)
      assert.match(refused.message, /has no people, and had 101 in the run before\..*--allow-empty/)
      assert.isFalse(log.includes("good publish"))
      yield* Run.run(pipeline({ people: 0 }), { ...given, allowEmpty: true })
      assert.isTrue(log.includes("good publish"))
    })))

  it.effect("is compared with the last complete run, because an incomplete run removes nobody", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const given = options(directory, [spy("good", [])])
      yield* Run.run(pipeline({ people: 101 }), given)
      yield* Run.run(pipeline({ people: 60, read: { doubt: "it moved", proof: null } }), given)
      const refused = yield* Effect.flip(Run.run(pipeline({ people: 60 }), given))
      assert.strictEqual(Runtime.getErrorExitCode(refused), 4)
      assert.match(refused.message, /41 of 101 people are gone since the run before, more than 10 %.*--max-shrink 41/)
      yield* Run.run(pipeline({ people: 60 }), { ...given, maxShrink: 41 })
      yield* Run.run(pipeline({ people: 60 }), given)
    })))

  it.effect("is compared with an older run if the last manifest is damaged", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const fs = yield* FileSystem.FileSystem
      const given = options(directory, [spy("good", [])])
      yield* Run.run(pipeline({ people: 101 }), given)
      const { outcome } = yield* Run.run(pipeline({ people: 101 }), given)
      yield* fs.writeFileString(`${directory}/runs/${outcome.run_id}.json`, "{")
      const refused = yield* Effect.flip(Run.run(pipeline({ people: 0 }), given))
      assert.strictEqual(Runtime.getErrorExitCode(refused), 4)
      yield* Run.run(pipeline({ people: 101 }), given)
    })))

  it.effect("is refused if a field that most objects had is empty, unless the field is new or rare, or objects are few", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const given = options(directory, [spy("good", [])])
      const run = (fields: Facts["fields"], agreed: Partial<Run.RunOptions> = {}) =>
        Run.run(pipeline({ more: saying(fields) }), { ...given, ...agreed })
      const had = {
        "persons.name": { of: 100, filled: 50 },
        "persons.pet": { of: 100, filled: 49 },
        "phones.number": { of: 9, filled: 9 },
        "cars.colour": { of: 100, filled: 100 },
        "persons.gone": { of: 100, filled: 100 }
      }
      const none = Object.fromEntries(Object.keys(had).map((name) => [name, { of: 100, filled: 0 }]))
      yield* run({})
      yield* run(had)
      const refused = yield* Effect.flip(run({ ...none, "cars.colour": { of: 0, filled: 0 } }))
      assert.strictEqual(Runtime.getErrorExitCode(refused), 4)
      assert.match(
        refused.message,
        /50 of 100 persons had name in the run before, and 0 of 100 have now, and so with persons\.gone\. Nothing changed/
      )
      yield* Effect.flip(run({ ...had, "persons.name": { of: 100, filled: 4 } }))
      yield* run({ ...had, "persons.name": { of: 100, filled: 5 } })
      yield* run(had)
      const { "persons.gone": _, ...known } = had
      yield* run(known)
      yield* run(none, { maxShrink: 100 })
    })))
})
