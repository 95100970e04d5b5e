/** Checks that texts for other parties contain no personal data and no keys. */
import { assert } from "@effect/vitest"
import type { Emulator } from "../../src/emulator/server/Emulator.ts"

/** Checks that a text has no key and no text about a person, except texts so short that they occur by chance. */
export const assertHarmless = (duo: Emulator, text: string) => {
  const people = Array.from({ length: duo.tenant.size() }, (_, at) => JSON.stringify(duo.tenant.user(at)))
    .flatMap((user) => [...user.matchAll(/"(?:username|email|realname|number|user_id)":\s?"([^"\\]{7,})"/g)])
    .map(([_, value = ""]) => value)
  assert.isAbove(people.length, 100)
  for (const secret of [...people, duo.skey, duo.ikey]) assert.notInclude(text, secret)
  assert.isFalse(duo.signatures.areIn(text))
}
