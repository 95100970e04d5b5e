/**
 * Describes a table once: its columns, their types and their sentences. DDL, comments, Parquet types, the CSV header,
 * the NDJSON keys and the data dictionary are all derived from this description.
 */

/**
 * The types of columns, and what a cell is in JavaScript:
 *
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

/** One value. NULL means that Duo gave no value. */
export type Cell = CellOf[ColumnType] | null

/** One row: its cells by column name, in the order of the table's columns. */
export type Row = Readonly<Record<string, Cell>>

/** Rows by table name. */
export type Batch = Readonly<Record<string, ReadonlyArray<Row>>>

/** The smallest and the largest value that a cell may have. */
export type Extremes = readonly [least: Cell, most: Cell]

export interface Column {
  readonly name: string
  readonly type: ColumnType
  /** One sentence for the dictionary and the COMMENT. */
  readonly doc: string
  /** Whether the column is NOT NULL. */
  readonly required: boolean
  /** Whether the column says something about a person. */
  readonly personal: boolean
  /**
   * Whether the column changes by itself, such as a last login. A change of it does not make a new version of the row.
   */
  readonly volatile: boolean
  /** Whether another table owns this value, and it is repeated here to save a join. */
  readonly repeated: boolean
  /** The range of possible values where NULL means "not known"; null if NULL is a value like any other. */
  readonly uncertain: Extremes | null
  /**
   * The uncertain column that this column gives the reason for. It counts as changed only where that column has
   * changed.
   */
  readonly explains: string | null
  /** SQL over the other columns that fills this column in rows from before it existed; null for an original column. */
  readonly earlier: string | null
}

/** A column without its name, as a table's description gives it. */
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

/** Columns by name, in order. */
export type Specs = Readonly<Record<string, Spec>>

/** How a table of a log is kept. */
export interface EventTable {
  /** The column that says when an event happened. */
  readonly at: string
  /**
   * `events`: a row per event, which is there once, whatever run has read it. `sums`: the few rows of a run are numbers,
   * which are added up over all runs; the ledger keeps only such tables.
   */
  readonly rows: "events" | "sums"
}

export interface Table<Columns extends Specs = Specs> {
  readonly name: string
  /** One sentence for the dictionary and the COMMENT. */
  readonly doc: string
  readonly columns: ReadonlyArray<Column>
  /** The names of the key columns. Together they are unique within a run. */
  readonly key: ReadonlyArray<string>
  /** The columns as the description gives them, for `RowOf` and for tables that add columns. */
  readonly specs: Columns
  /** The percentage of rows that may vanish between two runs even if `--max-shrink` is lower; 0 for most tables. */
  readonly maxShrink: number
  /** The column of the ledger's table `runs` that has this table's number of rows; null for most tables. */
  readonly countedIn: string | null
  /** Null for a table of a snapshot. */
  readonly log: EventTable | null
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

/** Makers of columns: each takes the column's sentence. All columns may be NULL except those of `id` and `instant`. */
export const text = column("text", false, false)
export const boolean = column("boolean", false, false)
export const bigint = column("bigint", false, false)
export const timestamp = column("timestamp", false, false)
/** Text that says something about a person. */
export const personal = column("text", false, true)
/** Text that is never NULL. */
export const id = column("text", true, false)
/** A timestamp that is never NULL. */
export const instant = column("timestamp", true, false)

/** Marks a column that changes by itself: a last login, a counter. */
export const volatile = <S extends Spec>(column: S): S => ({ ...column, volatile: true })
/** Marks a column that repeats a value of another table. */
export const repeated = <S extends Spec>(column: S): S => ({ ...column, repeated: true })
/**
 * Marks a column whose NULL means "not known", which is not the same as false, and gives the range of possible values.
 */
export const uncertain = <S extends Spec<ColumnType, false>>(least: Cell, most: Cell, column: S): S => ({
  ...column,
  uncertain: [least, most]
})
/** Marks a column that a later version added, and gives the SQL for its value in older rows. */
export const addedWith = <S extends Spec<ColumnType, false>>(earlier: string, column: S): S => ({ ...column, earlier })

const unknownEarlier = "NULL"
/** Marks a column that a later version added, and whose value in older rows is not known. */
export const added = <S extends Spec<ColumnType, false>>(column: S): S => addedWith(unknownEarlier, column)

/** SQL for the value of a column in rows that are older than the column; null if it is not known, or if none are older. */
export const valueEarlier = ({ earlier }: Pick<Column, "earlier">): string | null =>
  earlier === unknownEarlier ? null : earlier
/** Marks a column that gives the reason for the value of an uncertain column. */
export const reasonFor = <S extends Spec>(other: string, column: S): S => ({ ...column, explains: other })

/** The first columns of every table: which run saw the row, when, and in which tenant. */
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
  readonly countedIn?: string | null
  readonly log?: EventTable | null
}): Table<Columns> => ({
  name: options.name,
  doc: options.doc,
  columns: Object.entries(options.columns).map(([name, spec]) => ({ name, ...spec })),
  key: options.key,
  specs: options.columns,
  maxShrink: options.maxShrink ?? 0,
  countedIn: options.countedIn ?? null,
  log: options.log ?? null
})

/**
 * A table whose columns are in the order of its views: the tenant first and, last, the columns that say which run saw the
 * row. So a tool that shows only a few columns shows those that matter.
 */
export const forReaders = (table: Table): Table => {
  const place = (name: string) => name === "tenant" ? 0 : name === "run_id" || name === "observed_at" ? 2 : 1
  const columns = Object.entries(table.specs).toSorted(([a], [b]) => place(a) - place(b))
  return make<Specs>({ ...table, columns: Object.fromEntries(columns) })
}

/** Whether the rows of a table are those of a snapshot, so that they have a history. */
export const isSnapshot = ({ log }: Pick<Table, "log">) => log === null

/** Whether a table has a row per event. */
export const isEvents = ({ log }: Pick<Table, "log">) => log?.rows === "events"

/** The types of the columns of each table, in order. */
export const typesOf = (tables: ReadonlyArray<Table>): Readonly<Record<string, Readonly<Record<string, ColumnType>>>> =>
  Object.fromEntries(
    tables.map(({ columns, name }) => [name, Object.fromEntries(columns.map(({ name, type }) => [name, type]))])
  )

/** The columns that were added to tables since `before`, as TABLE.COLUMN. A new table has no added columns. */
export const addedTo = (before: ReturnType<typeof typesOf>, tables: ReadonlyArray<Table>): ReadonlyArray<string> =>
  tables.flatMap(({ columns, name: table }) => {
    const had = before[table]
    return columns.filter((column) => had !== undefined && valueEarlier(column) === null && !(column.name in had))
      .map(({ name }) => `${table}.${name}`)
  })

/** A table of which only the name and the types of the columns are known. */
export const fromTypes = (
  name: string,
  types: Readonly<Record<string, ColumnType>>,
  log: EventTable | null = null
): Table =>
  make<Specs>({
    name,
    log,
    doc: "",
    key: [],
    columns: Object.fromEntries(
      Object.entries(types).map(([column, type]) => [column, { text, boolean, bigint, timestamp }[type]("")])
    )
  })
