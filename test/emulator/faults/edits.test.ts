/** Edits of a tenant while its list is read. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type { Fault } from "../../../src/emulator/faults/Scenario.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { everyone } from "../../support/servers/emulator-client.ts"

describe("a list that is edited while it is read", () => {
  const removed = { fault: "edit", edit: { edit: "remove", at: 0 }, after: true } as const
  const added = { fault: "edit", edit: { edit: "add", at: 0 }, after: true } as const
  const usernames = (fault: Fault) =>
    Effect.gen(function*() {
      const emulator = yield* serve({ users: 10, scenario: [{ when: { page: 1 }, do: fault }] })
      const pages = yield* everyone(emulator, "/admin/v1/users", 5)
      return pages.flatMap((page) => page.response ?? []).map((user) => user.username)
    })

  it.effect("hides the user behind one that was removed before the cursor", () =>
    Effect.gen(function*() {
      const all = yield* usernames({ fault: "edit", edit: { edit: "rename", at: 99, username: "nobody" } })
      assert.deepStrictEqual(yield* usernames(removed), all.filter((_, at) => at !== 5))
    }))

  it.effect("shows a user twice when one is added before the cursor", () =>
    Effect.map(usernames(added), (found) => assert.deepStrictEqual([found.length, new Set(found).size], [11, 10])))

  const Edits = Schema.Array(Tenant.Edit)
  it.prop("does to its users and administrators what the same edits do to an array", [Edits], ([edits]) => {
    const tenant = Tenant.make({ users: 5 })
    const model: Array<unknown> = Array.from({ length: 5 }, (_, at) => tenant.user(at))
    const admins: Array<unknown> = Array.from({ length: tenant.admins() }, (_, at) => JSON.parse(tenant.admin(at)))
    let next = 5
    for (const edit of edits) {
      const at = edit.at % 8
      tenant.edit({ ...edit, at })
      if (edit.edit === "add_admin") admins.splice(at, 0, edit.admin)
      else if (edit.edit === "remove_admin") admins.splice(at, 1)
      else if (edit.edit === "add") model.splice(at, 0, edit.user ?? Tenant.make({ users: 99 }).user(next++))
      else if (at >= model.length) continue
      else if (edit.edit === "remove") model.splice(at, 1)
      else if (edit.edit === "replace") model[at] = edit.user
      else model[at] = { ...model[at] as object, username: edit.username }
    }
    assert.deepStrictEqual(Array.from({ length: tenant.size() }, (_, at) => tenant.user(at) as unknown), model)
    assert.deepStrictEqual(Array.from({ length: tenant.admins() }, (_, at) => JSON.parse(tenant.admin(at))), admins)
  })
})
