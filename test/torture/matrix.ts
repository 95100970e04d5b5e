/** The whole matrix. */
import { cases as calls } from "./calls.ts"
import type { Case } from "./Case.ts"
import { cases as kills } from "./kills.ts"

export const matrix: ReadonlyArray<Case> = [...calls, ...kills]
