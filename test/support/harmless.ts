/** What goes to others has nothing of anybody in it. */
import { assert } from "@effect/vitest"
import type { Emulator } from "../../src/emulator/server/Emulator.ts"

/** Nothing that the tenant knows of a person, but for what is too short to be told from other text, and no key. */
export const assertHarmless = (duo: Emulator, text: string) => {
  const people = Array.from({ length: duo.tenant.size() }, (_, at) => JSON.stringify(duo.tenant.user(at)))
    .flatMap((user) => [...user.matchAll(/"(?:username|email|realname|number|user_id)":\s?"([^"\\]{7,})"/g)])
    .map(([_, value = ""]) => value)
  assert.isAbove(people.length, 100)
  for (const secret of [...people, duo.skey, duo.ikey]) assert.notInclude(text, secret)
  assert.isFalse(duo.signatures.areIn(text))
}
