/** The whole matrix. */
import { cases as hostile } from "./attacks/hostile.ts"
import { cases as memory } from "./attacks/memory.ts"
import { cases as parts } from "./attacks/parts.ts"
import { cases as planted } from "./attacks/planting.ts"
import { cases as secrets } from "./attacks/secrets.ts"
import { cases as surroundings } from "./attacks/surroundings.ts"
import type { Case } from "./Case.ts"
import { cases as pages } from "./fuzz/answers.ts"
import { cases as env } from "./fuzz/env.ts"
import { cases as laws } from "./fuzz/laws.ts"
import { cases as damagedLedgers } from "./fuzz/ledger.ts"
import { cases as manifests } from "./fuzz/manifest.ts"
import { cases as calls } from "./kills/calls.ts"
import { cases as fleet } from "./kills/fleet.ts"
import { cases as kills } from "./kills/kills.ts"
import { cases as killedLogs } from "./kills/logs.ts"
import { cases as outlived } from "./kills/outlived.ts"
import { cases as power } from "./kills/power.ts"
import { cases as rounds } from "./kills/rounds.ts"
import { cases as signals } from "./kills/signals.ts"
import { cases as clocks } from "./machine/clocks.ts"
import { cases as disk } from "./machine/disk.ts"
import { cases as eio } from "./machine/eio.ts"
import { cases as locales } from "./machine/locales.ts"
import { cases as lost } from "./machine/lost.ts"
import { cases as places } from "./machine/places.ts"
import { cases as rights } from "./machine/rights.ts"
import { cases as sizes } from "./machine/sizes.ts"
import { cases as network } from "./network/cases.ts"
import { cases as brokenTenants } from "./runs/broken-tenants.ts"
import { cases as chaos } from "./runs/chaos.ts"
import { cases as drift } from "./runs/drift.ts"
import { cases as golden } from "./runs/golden.ts"
import { cases as leftovers } from "./runs/leftovers.ts"
import { cases as logs } from "./runs/logs.ts"
import { cases as openLedgers } from "./runs/open-ledgers.ts"
import { cases as shared } from "./runs/shared.ts"
import { cases as strangeLedgers } from "./runs/strange-ledgers.ts"
import { cases as together } from "./runs/together.ts"
import { cases as upgrades } from "./runs/upgrades.ts"

export const matrix: ReadonlyArray<Case> = [
  ...kills,
  ...drift,
  ...pages,
  ...calls,
  ...rounds,
  ...fleet,
  ...brokenTenants,
  ...killedLogs,
  ...logs,
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
  ...openLedgers,
  ...strangeLedgers,
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
