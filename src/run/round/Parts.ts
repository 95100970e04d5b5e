/** Divides the tenants of a round into parts. The rows of a part are made together, in one run database. */
import type { Array } from "effect"

/** The limits of a part: so many tenants, with about so many objects. */
const partMax = { tenants: 20, objects: 10_000 }

/** The objects that a tenant without an earlier run is expected to have. */
export const objectsExpected = 500

/** A tenant and its size. */
interface Sized<Tenant> {
  readonly tenant: Tenant
  /** How many objects it probably has. */
  readonly objects: number
}

/** The parts of some tenants, in the order of the tenants. */
export const divide = <Tenant>(tenants: ReadonlyArray<Sized<Tenant>>) => {
  const parts: globalThis.Array<Array.NonEmptyArray<Tenant>> = []
  let sum = 0
  for (const { objects, tenant } of tenants) {
    const part = parts.at(-1)
    sum += objects
    if (part !== undefined && part.length < partMax.tenants && sum <= partMax.objects) part.push(tenant)
    else {
      parts.push([tenant])
      sum = objects
    }
  }
  return parts
}
