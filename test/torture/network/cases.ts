/** The cases about the network: N, R, P2, P3 and P4 of the matrix. */
import type { Case } from "../Case.ts"
import * as clock from "./clock.ts"
import * as content from "./content.ts"
import * as delivery from "./delivery.ts"
import * as failing from "./failing.ts"
import * as flood from "./flood.ts"
import * as paging from "./paging.ts"
import * as throttled from "./throttled.ts"
import * as untrusted from "./untrusted.ts"

export const cases: ReadonlyArray<Case> = [
  ...delivery.cases,
  ...content.cases,
  ...flood.cases,
  ...untrusted.cases,
  ...throttled.cases,
  ...failing.cases,
  ...clock.cases,
  ...paging.cases
]
