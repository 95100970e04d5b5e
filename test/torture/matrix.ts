/** The whole matrix. */
import type { Case } from "./Case.ts"
import { cases as clocks } from "./clocks.ts"
import { cases as eio } from "./eio.ts"
import { cases as golden } from "./golden.ts"
import { cases as hostile } from "./hostile.ts"
import { cases as ledgers } from "./ledgers.ts"
import { cases as leftovers } from "./leftovers.ts"
import { cases as locales } from "./locales.ts"
import { cases as places } from "./places.ts"
import { cases as rights } from "./rights.ts"
import { cases as secrets } from "./secrets.ts"
import { cases as sizes } from "./sizes.ts"
import { cases as surroundings } from "./surroundings.ts"

export const matrix: ReadonlyArray<Case> = [
  ...places,
  ...eio,
  ...rights,
  ...ledgers,
  ...leftovers,
  ...clocks,
  ...locales,
  ...secrets,
  ...hostile,
  ...surroundings,
  ...sizes,
  ...golden
]
