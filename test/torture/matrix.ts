/** The whole matrix. */
import type { Case } from "./Case.ts"
import { cases as drift } from "./drift.ts"

export const matrix: ReadonlyArray<Case> = [...drift]
