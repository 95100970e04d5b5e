/** The whole matrix. */
import type { Case } from "./Case.ts"

export const matrix: ReadonlyArray<Case> = []
