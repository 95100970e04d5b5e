/** The whole matrix. */
import type { Case } from "./Case.ts"
import { cases as drift } from "./drift.ts"
import { cases as network } from "./network.ts"

export const matrix: ReadonlyArray<Case> = [
  ...network,
  ...drift
]
