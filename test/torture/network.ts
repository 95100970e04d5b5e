/** The cases about the network: N, R, P2, P3 and P4 of the matrix. */
import type { Case } from "./Case.ts"
import * as clock from "./network/clock.ts"
import * as content from "./network/content.ts"
import * as delivery from "./network/delivery.ts"
import * as failing from "./network/failing.ts"
import * as flood from "./network/flood.ts"
import * as paging from "./network/paging.ts"
import * as throttled from "./network/throttled.ts"
import * as untrusted from "./network/untrusted.ts"

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
