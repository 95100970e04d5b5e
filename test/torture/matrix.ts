/** The whole matrix. */
import type { Case } from "./Case.ts"
import * as network from "./network.ts"

export const matrix: ReadonlyArray<Case> = [...network.cases]
