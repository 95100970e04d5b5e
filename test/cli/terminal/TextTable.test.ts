/** A table fits on the terminal, whatever is in it. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as TextTable from "../../../src/cli/terminal/TextTable.ts"

const room = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 120 }))
const Cell = Schema.Union([Schema.String, Schema.Int, Schema.Boolean, Schema.Null])
const rows = Schema.Array(Schema.Tuple([Cell, Cell, Cell, Cell]))
const names = Schema.Tuple([Schema.String, Schema.String, Schema.String, Schema.String])

const draw = (grid: TextTable.Grid, room?: number) => {
  const layout = TextTable.layout(grid, room)
  return {
    layout,
    lines: [...TextTable.head(layout, grid.names), ...grid.rows.map((row) => TextTable.line(layout, row))]
  }
}

const wide = "張".repeat(60)

describe("a table", () => {
  it.prop("has the first columns that fit, at least one, and names the others", [names, rows, room], (
    [names, rows, room]
  ) => {
    const { layout, lines } = draw({ names, rows }, room)
    assert.isAtLeast(layout.columns.length, 1)
    assert.deepStrictEqual([...layout.columns.map(({ name }) => name), ...layout.hidden], [...names])
    assert.isAtMost((lines[1] ?? "").length, room)
  })

  it("cuts long cells only if they have no room, and gives them what there is", () => {
    const grid = { names: ["a", "b", "c"], rows: [["x".repeat(60), "y", 1]] }
    assert.deepStrictEqual(draw(grid, 68).lines[2], `${"x".repeat(60)}  y  1`)
    assert.deepStrictEqual(draw(grid, 60).lines[2], `${"x".repeat(53)}…  y  1`)
    assert.deepStrictEqual(draw(grid, 30), {
      layout: {
        columns: [{ at: 0, name: "a", width: 30, isNumber: false }],
        hidden: ["b", "c"],
        isCut: true
      },
      lines: ["a", "-".repeat(30), `${"x".repeat(29)}…`]
    })
    assert.deepStrictEqual(draw(grid).layout.isCut, false)
  })

  it("counts wide characters as two columns", () => {
    assert.deepStrictEqual(draw({ names: ["a", "b"], rows: [[wide, 1]] }, 20).lines, [
      "a",
      "-".repeat(20),
      `${"張".repeat(9)}…`
    ])
    assert.deepStrictEqual(draw({ names: ["a", "b"], rows: [[wide, 1]] }, 60).lines[2], `${"張".repeat(28)}…  1`)
  })
})
