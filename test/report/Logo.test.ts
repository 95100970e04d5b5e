/** The logo of a report: which files can be one, and why others cannot. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Runtime } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import * as Logo from "../../src/report/Logo.ts"
import { inFolder } from "../support/processes/program.ts"
import { png } from "./pixel.ts"

const read = (file: string) => Logo.read(file).pipe(Effect.provide(NodeServices.layer))

describe("a logo", () => {
  it.live("is a PNG or a JPEG by its first bytes, whatever its name says", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      writeFileSync(`${folder}/logo.jpg`, png)
      const logo = yield* read(`${folder}/logo.jpg`)
      assert.strictEqual(logo.type, "image/png")
      assert.include(String(Logo.picture(logo)), `alt="Logo" src="data:image/png;base64,${png.toString("base64")}"`)
      writeFileSync(`${folder}/logo.png`, Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), png]))
      assert.strictEqual((yield* read(`${folder}/logo.png`)).type, "image/jpeg")
    })))

  it.live("that cannot be one is refused with 64 and with what to do", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const limit = 256 * 1024
      const padded = (bytes: number) => Buffer.concat([png, Buffer.alloc(bytes - png.length)])
      writeFileSync(`${folder}/large.png`, padded(limit + 1))
      writeFileSync(`${folder}/largest.png`, padded(limit))
      writeFileSync(`${folder}/logo.png`, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>")
      writeFileSync(`${folder}/empty.png`, "")
      mkdirSync(`${folder}/folder`)
      assert.strictEqual((yield* read(`${folder}/largest.png`)).bytes.length, limit)
      for (
        const [name, why] of [
          ["large.png", "it has more than 256 KiB. Make it smaller"],
          ["logo.png", "it is neither a PNG nor a JPEG. Save it as a PNG"],
          ["empty.png", "it is neither a PNG nor a JPEG. Save it as a PNG"],
          ["folder", "it cannot be read. Name a PNG or a JPEG file"],
          ["nothing.png", "there is no such file. Check its path, which starts in the working directory"]
        ] as const
      ) {
        const error = yield* Effect.flip(read(`${folder}/${name}`))
        assert.strictEqual(error.message, `${folder}/${name} cannot be the logo: ${why}.`)
        assert.strictEqual(error[Runtime.errorExitCode], 64)
      }
    })))
})
