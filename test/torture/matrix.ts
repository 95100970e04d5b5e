/** The whole matrix. */
import type { Case } from "./Case.ts"
import { cases as kills } from "./kills.ts"

export const matrix: ReadonlyArray<Case> = [...kills]
