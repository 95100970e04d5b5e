/** The whole matrix. */
import { cases as calls } from "./calls.ts"
import type { Case } from "./Case.ts"
import { cases as chaos } from "./chaos.ts"
import { cases as disk } from "./disk.ts"
import { cases as kills } from "./kills.ts"
import { cases as power } from "./power.ts"
import { cases as signals } from "./signals.ts"
import { cases as together } from "./together.ts"

export const matrix: ReadonlyArray<Case> = [...kills, ...calls, ...signals, ...power, ...disk, ...together, ...chaos]
