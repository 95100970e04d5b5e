/** Emulated tenants, and the file that lists them. */
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { type Emulator, type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import { command } from "../../support/processes/command.ts"

export const loopback = { DUO_INSECURE_LOOPBACK: "1" }

export interface Listed {
  readonly name: string
  readonly host: string
  readonly ikey: string
  readonly skey_file: string
}

/** Writes the key of an emulated tenant to a file, and gives its entry in a file of tenants. */
const listed = (folder: string, name: string, { host, ikey, skey }: Emulator): Listed => {
  const skey_file = `${name.replaceAll(" ", "-")}.key`
  writeFileSync(`${folder}/${skey_file}`, skey, { mode: 0o600 })
  return { name, host, ikey, skey_file }
}

export const write = (folder: string, tenants: ReadonlyArray<object>) =>
  writeFileSync(`${folder}/tenants.ndjson`, tenants.map((tenant) => `${JSON.stringify(tenant)}\n`).join(""))

/** Some emulated tenants, and their entries. */
export const some = Effect.fnUntraced(function*(folder: string, given: Readonly<Record<string, Options>>) {
  const tenants: Array<Listed & { readonly emulator: Emulator }> = []
  let seed = 10
  for (const [name, options] of Object.entries(given)) {
    const emulator = yield* serve({ people: "hostile", users: 20, seed: seed++, ...options })
    tenants.push({ ...listed(folder, name, emulator), emulator })
  }
  const entries = tenants.map(({ emulator: _, ...entry }) => entry)
  write(folder, entries)
  return { entries, emulators: tenants.map(({ emulator }) => emulator) }
})

export const extract = (folder: string, ...args: ReadonlyArray<string>) =>
  command(folder, ["extract", "--tenants", "tenants.ndjson", ...args], loopback)
