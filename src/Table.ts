/**
 * A table is described once. DDL, comments, Parquet types, the CSV header, the NDJSON keys and the data dictionary all
 * derive from the value made here.
 */

/**
 * - `text`: UTF-8, never empty (an empty string from Duo is NULL)
 * - `boolean`
 * - `bigint`: a safe integer, a `number` in JavaScript
 * - `timestamp`: an instant in UTC, a `bigint` of microseconds since 1970 in JavaScript
 */
export const columnTypes = ["text", "boolean", "bigint", "timestamp"] as const
export type ColumnType = typeof columnTypes[number]

interface CellOf {
  readonly text: string
  readonly boolean: boolean
  readonly bigint: number
  readonly timestamp: bigint
}

/** One value; NULL means that Duo did not say. */
export type Cell = CellOf[ColumnType] | null

/** One row: column name to cell, in the table's column order. */
export type Row = Readonly<Record<string, Cell>>

/** Rows by table name. A page becomes one batch. */
export type Batch = Readonly<Record<string, ReadonlyArray<Row>>>

/** The least and the most that a cell may be. */
export type Extremes = readonly [least: Cell, most: Cell]

export interface Column {
  readonly name: string
  readonly type: ColumnType
  /** One sentence for the dictionary and the COMMENT. */
  readonly doc: string
  /** Never NULL. */
  readonly required: boolean
  /** Says something about a person. */
  readonly personal: boolean
  /** Changes by itself, so that another value does not make another version of the row. */
  readonly volatile: boolean
  /** What it says is another table's to say; it is repeated here so that nobody has to join. */
  readonly repeated: boolean
  /** What it may be where it is NULL, because that says that it is not known; null if NULL is a value of its own. */
  readonly uncertain: Extremes | null
  /** The uncertain column of which it gives the reason; it has changed only where that has. */
  readonly explains: string | null
  /** SQL for it over the other columns, for rows that are older than it; NULL for a column that was always there. */
  readonly earlier: string | null
}

/** A column as it is written down, before it has its name. */
export interface Spec<Type extends ColumnType = ColumnType, Required extends boolean = boolean> {
  readonly type: Type
  readonly doc: string
  readonly required: Required
  readonly personal: boolean
  readonly volatile: boolean
  readonly repeated: boolean
  readonly uncertain: Extremes | null
  readonly explains: string | null
  readonly earlier: string | null
}

/** Columns by name, in their order. */
export type Specs = Readonly<Record<string, Spec>>

export interface Table<Columns extends Specs = Specs> {
  readonly name: string
  /** One sentence for the dictionary and the COMMENT. */
  readonly doc: string
  readonly columns: ReadonlyArray<Column>
  /** The names of the key columns: unique together within a run. */
  readonly key: ReadonlyArray<string>
  /** The columns as they were written, for `RowOf` and for tables that have more. */
  readonly specs: Columns
  /** Percent of the rows that may go from one run to the next whatever `--max-shrink` says; 0 for most tables. */
  readonly maxShrink: number
}

/** The type of a table's rows. */
export type RowOf<T> = T extends Table<infer Columns> ? {
    readonly [Name in keyof Columns]:
      | CellOf[Columns[Name]["type"]]
      | (Columns[Name]["required"] extends true ? never : null)
  }
  : never

const column =
  <const Type extends ColumnType, const Required extends boolean>(type: Type, required: Required, personal: boolean) =>
  (doc: string): Spec<Type, Required> => ({
    type,
    doc,
    required,
    personal,
    volatile: false,
    repeated: false,
    uncertain: null,
    explains: null,
    earlier: null
  })

/** Column makers: what it holds, then its sentence. All may be NULL but for `id` and `instant`. */
export const text = column("text", false, false)
export const boolean = column("boolean", false, false)
export const bigint = column("bigint", false, false)
export const timestamp = column("timestamp", false, false)
/** Text that says something about a person. */
export const personal = column("text", false, true)
/** Text that every row has. */
export const id = column("text", true, false)
/** A timestamp that every row has. */
export const instant = column("timestamp", true, false)

/** A column that changes by itself: a last login, a counter. */
export const volatile = <S extends Spec>(column: S): S => ({ ...column, volatile: true })
/** A column that repeats what another table says. */
export const repeated = <S extends Spec>(column: S): S => ({ ...column, repeated: true })
/** A column that is NULL where it is not known, which is not the same as no; and the least and the most it may be then. */
export const uncertain = <S extends Spec<ColumnType, false>>(least: Cell, most: Cell, column: S): S => ({
  ...column,
  uncertain: [least, most]
})
/** A column that came in a later version, and SQL for its value in older rows. */
export const later = <S extends Spec<ColumnType, false>>(earlier: string, column: S): S => ({ ...column, earlier })

const unknownEarlier = "NULL"
/** A column that came in a later version, and of which older rows say nothing. */
export const added = <S extends Spec<ColumnType, false>>(column: S): S => later(unknownEarlier, column)

/** SQL for the value of a column in rows that are older than it; null if they say nothing of it, or if none are older. */
export const valueEarlier = ({ earlier }: Pick<Column, "earlier">): string | null =>
  earlier === unknownEarlier ? null : earlier
/** A column that gives the reason of an uncertain one. */
export const explaining = <S extends Spec>(other: string, column: S): S => ({ ...column, explains: other })

/** What every row of every table starts with: which run saw it, when, and where. */
export const common = {
  run_id: id("The run that saw this row; its facts are in `runs`."),
  observed_at: instant("When the run saw it: one instant for the whole run."),
  tenant: id("The API host of the Duo tenant.")
}

/** The values of the common columns in one run. */
export interface Stamp {
  readonly run_id: string
  /** Microseconds since 1970. */
  readonly observed_at: bigint
  readonly tenant: string
}

export const make = <const Columns extends Specs>(options: {
  readonly name: string
  readonly doc: string
  readonly key: ReadonlyArray<keyof Columns & string>
  readonly columns: Columns
  readonly maxShrink?: number
}): Table<Columns> => ({
  name: options.name,
  doc: options.doc,
  columns: Object.entries(options.columns).map(([name, spec]) => ({ name, ...spec })),
  key: options.key,
  specs: options.columns,
  maxShrink: options.maxShrink ?? 0
})

/** By table and in their order: the types of its columns. */
export const typesOf = (tables: ReadonlyArray<Table>): Readonly<Record<string, Readonly<Record<string, ColumnType>>>> =>
  Object.fromEntries(
    tables.map(({ columns, name }) => [name, Object.fromEntries(columns.map(({ name, type }) => [name, type]))])
  )

/** The columns that tables have more than they had, as TABLE.COLUMN; a table that is new has none more. */
export const addedTo = (before: ReturnType<typeof typesOf>, tables: ReadonlyArray<Table>): ReadonlyArray<string> =>
  tables.flatMap(({ columns, name: table }) => {
    const had = before[table]
    return columns.filter((column) => had !== undefined && valueEarlier(column) === null && !(column.name in had))
      .map(({ name }) => `${table}.${name}`)
  })

/** A table of which no more than that is known. */
export const fromTypes = (name: string, types: Readonly<Record<string, ColumnType>>): Table =>
  make<Specs>({
    name,
    doc: "",
    key: [],
    columns: Object.fromEntries(
      Object.entries(types).map(([column, type]) => [column, { text, boolean, bigint, timestamp }[type]("")])
    )
  })
