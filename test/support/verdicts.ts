/** The verdicts of the real program on the data of a folder. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { readdirSync } from "node:fs"
import { command } from "./processes/command.ts"

export const policiesOf = `${import.meta.dirname}/../../data/policies`

/** The names of the policies that come with the program. */
export const shipped = readdirSync(policiesOf).map((file) => file.replace(/\.sql$/, ""))

export interface Verdict {
  readonly policy: string
  readonly verdict: string
  readonly found: number | null
  readonly why: string | null
}

export const policy = (folder: string, ...args: ReadonlyArray<string>) =>
  command(folder, ["policy", ...args], { DUO_MFA_DATA: "data" })

/** As JSON says them, whose exit is the process's. */
export const judged = (folder: string, ...args: ReadonlyArray<string>) =>
  Effect.map(policy(folder, "--format", "json", ...args), ({ code, stderr, stdout }) => {
    const { exit, policies, tenants } = JSON.parse(stdout) as {
      exit: number
      policies: ReadonlyArray<Verdict>
      tenants: unknown
    }
    assert.strictEqual(code, exit)
    const broken = policies.filter(({ verdict }) => verdict === "broken").map(({ found, policy }) => [policy, found])
    assert.strictEqual(exit, policies.every(({ verdict }) => verdict === "kept" || verdict === "left out") ? 0 : 5)
    return { broken: Object.fromEntries(broken), exit, policies, stderr, stdout, tenants }
  })
