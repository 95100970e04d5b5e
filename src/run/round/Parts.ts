/** Divides the tenants of a round into parts. The rows of a part are made together, in one run database. */
import type { Array } from "effect"

/** A part has about so many objects at most. */
const objectsMax = 10_000

/** A part has so many times more tenants at most than are read at the same time. */
const tenantsFactor = 1.5

/** So many parts are open at the same time: while the rows of one are made, the tenants of the other are read. */
export const openMax = 2

/** The objects that a tenant without an earlier run is expected to have. */
export const objectsExpected = 500

/** A tenant and its size. */
interface Sized<Tenant> {
  readonly tenant: Tenant
  /** How many objects it probably has. */
  readonly objects: number
}

/**
 * The parts of some tenants, in the order of the tenants. Larger parts take less processor time, because planning the rows
 * takes most of it. But a slow tenant delays the others of its part, and a kill loses them.
 */
export const divide = <Tenant>(tenants: ReadonlyArray<Sized<Tenant>>, atOnce: number) => {
  const parts: globalThis.Array<Array.NonEmptyArray<Tenant>> = []
  let sum = 0
  for (const { objects, tenant } of tenants) {
    const part = parts.at(-1)
    sum += objects
    if (part !== undefined && part.length < Math.floor(tenantsFactor * atOnce) && sum <= objectsMax) part.push(tenant)
    else {
      parts.push([tenant])
      sum = objects
    }
  }
  return parts
}
