/** docs/adding-a-column.md, followed step by step in a clone. */
import { assert, it } from "@effect/vitest"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { contributed, inClone, typed } from "../support/processes/clone.ts"
import { succeed } from "../support/processes/package.ts"

const page = readFileSync("docs/adding-a-column.md", "utf8")

const blocks = [...page.matchAll(/^```(?:ts|sql|json)\n([^]+?)\n```$/gm)].map(([_, block = ""]) => block)

/** The file of each block, and the beginning of the line that it comes after. */
const places = [
  ["src/duo/wire/User.ts", "is_enrolled: Flag,"],
  ["pipelines/mfa/Tables.ts", "is_enrolled: boolean("],
  ["pipelines/mfa/users.sql", "is_enrolled,"],
  ["test/oracle/Flatten.ts", "is_enrolled: user.is_enrolled,"],
  ["test/torture/fuzz/rows.ts", "is_enrolled: flag(user[\"is_enrolled\"]),"],
  ["test/pipelines/odd-user.test.ts", "is_enrolled: true,"],
  ["test/torture/runs/golden.json", "\"is_enrolled\":"]
] as const

it(
  "a newcomer adds a column that passes lint, types and the oracles, and can be asked",
  () =>
    inClone(contributed, async (folder) => {
      const edit = (file: string, change: (text: string) => string) => {
        assert.include(page, `\`${file}\``)
        const text = readFileSync(join(folder, file), "utf8")
        const changed = change(text)
        assert.notStrictEqual(changed, text, file)
        writeFileSync(join(folder, file), changed)
      }
      assert.strictEqual(blocks.length, places.length)
      for (const [index, [file, anchor]] of places.entries()) {
        const block = blocks[index] ?? ""
        const start = `${/^ */.exec(block)?.[0]}${anchor}`
        edit(
          file,
          (text) => text.split("\n").flatMap((line) => line.startsWith(start) ? [line, block] : [line]).join("\n")
        )
      }
      for (const file of ["src/duo/wire/User.ts", "test/duo/wire/Judge.test.ts"]) {
        edit(file, (text) => text.replace(/^ +"has_password",\n/m, ""))
      }
      edit("pipelines/mfa/Tables.ts", (text) => text.replace("import {\n", "import {\n  added,\n"))
      const [commands = ""] = /(?<=^```sh\n)[^]+?(?=^```$)/m.exec(page) ?? []
      const output = await succeed(folder, "bash", ["-c", typed(commands)])
      assert.match(output, /Tests +\d+ passed/)
      assert.match(output, /^false,\d+$/m)
      assert.include(readFileSync(join(folder, "data/README.md"), "utf8"), "`has_password`")
    }),
  300_000
)
