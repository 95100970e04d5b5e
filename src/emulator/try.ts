/**
 * Runs the program against an emulated tenant, in a process of its own. `make extract` and `make check` do this if
 * there are no Duo settings. The port is always the same, so the rows always name the same tenant, unless another
 * program uses the port.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Clock, Effect } from "effect"
import { spawn } from "node:child_process"
import { readdirSync } from "node:fs"
import * as Story from "./people/Story.ts"
import { serve } from "./server/Emulator.ts"

/** The day of the first run in the data directory, in seconds since 1970. The story began on that day. */
const began = (dataDirectory: string, now: number) => {
  try {
    const [first = ""] = readdirSync(`${dataDirectory}/runs`).filter((name) => name.endsWith(".json")).sort()
    const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)T/.exec(first) ?? []
    return year === undefined ? now : Math.min(now, Date.parse(`${year}-${month}-${day}T00:00:00Z`) / 1000)
  } catch {
    return now
  }
}

/** The emulated tenant of today. */
const tenant = Effect.map(Clock.currentTimeMillis, (milliseconds) => {
  const now = milliseconds / 1000
  const story = Story.from(began(process.env.DUO_MFA_DATA ?? "", now))
  return Story.tenantOn(story, Math.floor((now - story.epoch) / Story.secondsOfDay))
})

const note = (text: string) => Effect.sync(() => process.stderr.write(`${text}\n`))

const program = (env: Record<string, string>) =>
  Effect.callback<number>((resume) => {
    const child = spawn(
      process.execPath,
      [`${import.meta.dirname}/../main.ts`, ...process.argv.slice(2)],
      {
        env: { ...process.env, ...env },
        stdio: "inherit"
      }
    )
    child.on("exit", (code) => resume(Effect.succeed(code ?? 70)))
  })

const demo = Effect.gen(function*() {
  const options = { tenant: yield* tenant, seed: Story.seed }
  const { host, ikey, skey } = yield* serve({ ...options, port: Story.port }).pipe(
    Effect.catch(() => serve({ ...options, port: 0 }))
  )
  yield* note("There are no Duo settings, so this is an emulated tenant with invented users.")
  const code = yield* program({ DUO_HOST: host, DUO_IKEY: ikey, DUO_SKEY: skey, DUO_INSECURE_LOOPBACK: "1" })
  if (code === 0) {
    yield* note(`These were invented users, in ${process.env.DUO_MFA_DATA}. Your own tenant: ./duo-mfa init`)
  }
  process.exitCode = code
})

NodeRuntime.runMain(Effect.scoped(demo))
