/** Takes the picture of the report that the README shows, from a fresh demo: `src/node/node docs/tools/report-picture.ts`. */
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { chromium, open } from "../../test/support/servers/chromium.ts"

const width = 1000
const height = 1047

const folder = mkdtempSync(join(tmpdir(), "duo-mfa-picture-"))
try {
  if (chromium === undefined) throw new Error("There is no Chromium on the PATH: apt-get install chromium.")
  const demo = spawnSync(resolve("duo-mfa"), ["demo"], { cwd: folder, stdio: "inherit" })
  if (demo.status !== 0) throw new Error("The demo failed.")
  const picture = Effect.gen(function*() {
    const page = yield* open(chromium ?? "", join(folder, "data/demo/report.html"))
    yield* Effect.promise(() => page.look({ width }))
    return yield* Effect.promise(() => page.screenshot({ width, height }))
  })
  writeFileSync("docs/report.png", await Effect.runPromise(Effect.scoped(picture)))
} finally {
  rmSync(folder, { recursive: true })
}
