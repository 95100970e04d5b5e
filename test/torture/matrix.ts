/** The whole matrix. */
import { cases as calls } from "./calls.ts"
import type { Case } from "./Case.ts"
import { cases as chaos } from "./chaos.ts"
import { cases as clocks } from "./clocks.ts"
import { cases as disk } from "./disk.ts"
import { cases as drift } from "./drift.ts"
import { cases as eio } from "./eio.ts"
import { cases as env } from "./fuzz-env.ts"
import { cases as laws } from "./fuzz-laws.ts"
import { cases as damagedLedgers } from "./fuzz-ledger.ts"
import { cases as manifests } from "./fuzz-manifest.ts"
import { cases as pages } from "./fuzz.ts"
import { cases as golden } from "./golden.ts"
import { cases as hostile } from "./hostile.ts"
import { cases as kills } from "./kills.ts"
import { cases as ledgers } from "./ledgers.ts"
import { cases as leftovers } from "./leftovers.ts"
import { cases as locales } from "./locales.ts"
import { cases as lost } from "./lost.ts"
import { cases as memory } from "./memory.ts"
import { cases as network } from "./network.ts"
import { cases as outlived } from "./outlived.ts"
import { cases as parts } from "./parts.ts"
import { cases as places } from "./places.ts"
import { cases as planted } from "./planting.ts"
import { cases as power } from "./power.ts"
import { cases as rights } from "./rights.ts"
import { cases as secrets } from "./secrets.ts"
import { cases as shared } from "./shared.ts"
import { cases as signals } from "./signals.ts"
import { cases as sizes } from "./sizes.ts"
import { cases as surroundings } from "./surroundings.ts"
import { cases as together } from "./together.ts"
import { cases as upgrades } from "./upgrades.ts"

export const matrix: ReadonlyArray<Case> = [
  ...kills,
  ...drift,
  ...pages,
  ...calls,
  ...sizes,
  ...network,
  ...laws,
  ...damagedLedgers,
  ...manifests,
  ...env,
  ...signals,
  ...power,
  ...together,
  ...shared,
  ...chaos,
  ...disk,
  ...places,
  ...eio,
  ...rights,
  ...ledgers,
  ...upgrades,
  ...leftovers,
  ...clocks,
  ...locales,
  ...secrets,
  ...lost,
  ...memory,
  ...hostile,
  ...surroundings,
  ...golden,
  ...planted,
  ...parts,
  ...outlived
]
