/** The whole matrix. */
import type { Case } from "./Case.ts"
import { cases as env } from "./fuzz-env.ts"
import { cases as laws } from "./fuzz-laws.ts"
import { cases as ledger } from "./fuzz-ledger.ts"
import { cases as manifests } from "./fuzz-manifest.ts"
import { cases as pages } from "./fuzz.ts"

export const matrix: ReadonlyArray<Case> = [...pages, ...laws, ...ledger, ...manifests, ...env]
