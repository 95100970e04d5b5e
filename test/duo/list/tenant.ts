/** A tenant of numbered users that answers page by page, and all of its users as they are read. */
import { Effect, Layer, Stream } from "effect"
import { BypassCodes } from "../../../src/duo/list/BypassCodes.ts"
import type { Page, PageOptions } from "../../../src/duo/list/Pages.ts"
import { Users } from "../../../src/duo/list/Users.ts"
import { objectsOf } from "../../support/objects-of.ts"
import { type fake, ok, type Sent } from "../../support/servers/duo-fake.ts"

/** The path, the offset and the limit that a request asks for. */
export const query = ({ url }: Sent) => {
  const params = new URL(url).searchParams
  return { path: new URL(url).pathname, offset: Number(params.get("offset")), limit: Number(params.get("limit")) }
}

/** The ids of the first `count` users. */
export const numbers = (count: number) => Array.from({ length: count }, (_, n) => `DU${n}`)

/** A tenant of `size` users, in pages of at most `clamp`. */
export const tenant = (size: number, clamp: number) => (sent: Sent) => {
  const { limit, offset } = query(sent)
  const end = Math.min(offset + Math.min(limit, clamp), size)
  const users = Array.from({ length: Math.max(0, end - offset) }, (_, n) => ({ user_id: `DU${offset + n}` }))
  return ok(users, { total_objects: size, ...end < size ? { next_offset: end } : {} })
}

/** The ids of the users of a page. */
export const idsOf = (page: Page): ReadonlyArray<string> => objectsOf(page).map(({ user_id }) => String(user_id))

/** All users, without those whom a page repeats from the page before it. */
export const everyone = (options?: PageOptions) =>
  Effect.gen(function*() {
    const pages = yield* Users.use(({ pages }) => Stream.runCollect(pages(options)))
    return pages.flatMap((page) => idsOf(page).slice(page.overlaps === true ? 1 : 0))
  })

/** Gives an effect the lists of a fake Duo. */
export const provide = <A, E>(effect: Effect.Effect<A, E, Users | BypassCodes>, duo: ReturnType<typeof fake>) =>
  effect.pipe(Effect.provide(Layer.mergeAll(Users.layer, BypassCodes.layer).pipe(Layer.provideMerge(duo.layer))))
