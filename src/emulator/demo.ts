/**
 * What `make extract` and `make check` do when there is no Duo setting at all: the real program, as a process of its own, on an emulated
 * tenant. The port is always the same, and so is the tenant that the rows name; unless somebody else has it.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { serve } from "./Emulator.ts"

/** DUO on a telephone's keys, and how many users it has. */
const port = 38_600
const tenant = { users: 1000, seed: 1 }

const say = (text: string) => Effect.sync(() => process.stderr.write(`${text}\n`))

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
  const { host, ikey, skey } = yield* serve({ ...tenant, port }).pipe(
    Effect.catch(() => serve({ ...tenant, port: 0 }))
  )
  yield* say("No Duo setting is there, so this is an emulated tenant: its users are invented. See README for yours.")
  process.exitCode = yield* program({ DUO_HOST: host, DUO_IKEY: ikey, DUO_SKEY: skey, DUO_INSECURE_LOOPBACK: "1" })
  yield* say(`These were invented users, in ${process.env.DUO_MFA_DATA}. Ask them something: make sql`)
})

NodeRuntime.runMain(Effect.scoped(demo))
