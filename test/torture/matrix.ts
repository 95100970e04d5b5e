/** The whole matrix. */
import type { Case } from "./Case.ts"
import { cases as fuzz } from "./fuzz.ts"

export const matrix: ReadonlyArray<Case> = [...fuzz]
