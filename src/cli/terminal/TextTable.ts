/** Lays out a table for people: columns side by side, numbers to the right, and only as much as the terminal has room for. */
import * as Terminal from "../../text/Terminal.ts"
import * as CellValue from "./CellValue.ts"

export interface Grid {
  readonly names: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<CellValue.Value>>
}

interface Column {
  /** Its place in a row. */
  readonly at: number
  readonly name: string
  readonly width: number
  readonly isNumber: boolean
}

/** The widths of columns. A table of many rows is printed with the widths of its first ones. */
export interface Layout {
  readonly columns: ReadonlyArray<Column>
  /** The names of the columns that have no room. */
  readonly hidden: ReadonlyArray<string>
  /** Whether the cells of some columns are cut to their width. */
  readonly isCut: boolean
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const segmenter = new Intl.Segmenter("en")

const widthOf = (character: string) => wide.test(character) ? 2 : 1

/** How many columns of a terminal a text takes. */
const width = (text: string) => {
  if (/^[ -~]*$/.test(text)) return text.length
  let columns = 0
  for (const { segment } of segmenter.segment(text)) columns += widthOf(segment)
  return columns
}

/** The beginning of a text, with a sign that it goes on. */
const cut = (text: string, columns: number) => {
  if (width(text) <= columns) return text
  let beginning = ""
  let left = columns - 1
  for (const { segment } of segmenter.segment(text)) {
    left -= widthOf(segment)
    if (left < 0) break
    beginning += segment
  }
  return `${beginning}…`
}

const show = (value: CellValue.Value | undefined) => Terminal.safeLine(CellValue.toText(value ?? null))

const gap = "  "

/** If not all columns fit, long cells are cut to this width or, of few columns, to their share of the terminal. */
const cellWidth = 40

/** Lays out a grid in so many columns of a terminal. */
export const layout = ({ names, rows }: Grid, room = Infinity): Layout => {
  const natural = names.map((name, at) =>
    rows.reduce((most, row) => Math.max(most, width(show(row[at]))), width(show(name)))
  )
  const column = (at: number, width: number) => ({
    at,
    name: names[at] ?? "",
    width,
    isNumber: rows.some((row) => typeof row[at] === "number")
  })
  const needed = natural.reduce((sum, width) => sum + width + gap.length, -gap.length)
  if (needed <= room) return { columns: natural.map((width, at) => column(at, width)), hidden: [], isCut: false }

  const share = Math.floor((room + gap.length) / names.length) - gap.length
  const widthMax = Math.min(room, Math.max(cellWidth, share))
  const widths: Array<number> = []
  let left = room
  for (const width of natural) {
    const cell = Math.min(width, widthMax)
    if (cell > left) break
    widths.push(cell)
    left -= cell + gap.length
  }
  left += gap.length
  const columns = widths.map((width, at) => {
    const more = Math.min((natural[at] ?? 0) - width, left)
    left -= more
    return column(at, width + more)
  })
  return {
    columns,
    hidden: names.slice(columns.length),
    isCut: columns.some(({ at, width }) => width < (natural[at] ?? 0))
  }
}

/** A row as a line. */
export const line = ({ columns, isCut }: Layout, row: ReadonlyArray<CellValue.Value>): string =>
  columns.map(({ at, isNumber, width: columnWidth }) => {
    const text = isCut ? cut(show(row[at]), columnWidth) : show(row[at])
    const space = " ".repeat(Math.max(0, columnWidth - width(text)))
    return isNumber ? space + text : text + space
  }).join(gap).trimEnd()

/** The two lines above the rows. */
export const head = (layout: Layout, names: ReadonlyArray<string>): ReadonlyArray<string> => [
  line(layout, names),
  layout.columns.map(({ width }) => "-".repeat(width)).join(gap)
]
