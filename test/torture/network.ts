/** The network at its worst: the rows N, R, P2, P3 and P4 of the matrix. */
import type { Case } from "./Case.ts"
import * as content from "./network/content.ts"
import * as delivery from "./network/delivery.ts"

export const cases: ReadonlyArray<Case> = [...delivery.cases, ...content.cases]
