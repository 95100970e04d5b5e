/** A model of the history in plain code, to check the SQL of the ledger against, and random runs to try both with. */
import { Arbitrary, Schema } from "effect"
import * as Table from "../../src/Table.ts"

/** A row as a run sees it: its key, the columns that make a version, and the volatile columns. */
export interface Row {
  readonly key: string
  readonly value: string
  /** Null where it is not known. */
  readonly sure: boolean | null
  readonly counter: number
  /** A volatile instant, which only grows; null for never. */
  readonly touched: number | null
  /** A column that a later version of the program added; null before. */
  readonly late: string | null
}

export interface Run {
  readonly id: string
  readonly at: number
  readonly tenant: string
  readonly complete: boolean
  /** Whether the later version of the program made the run. */
  readonly isLater: boolean
  /** Whether the run is of the later version and the tenant's previous run was not. */
  readonly isUpgraded: boolean
  /** Undefined if the table was not collected. */
  readonly rows: ReadonlyArray<Row> | undefined
}

export interface Version extends Row {
  readonly tenant: string
  readonly from: number
  to: number | null
  readonly first: string
  last: string
  counter: number
  touched: number | null
  late: string | null
  isLater: boolean
  seen: number
}

/** The runs, the oldest first, and those of the same instant by id. */
export const inOrder = (runs: ReadonlyArray<Run>) => runs.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))

export const history = (runs: ReadonlyArray<Run>): ReadonlyArray<Version> => {
  const versions: Array<Version> = []
  for (const { at, complete, id, isLater, rows, tenant } of inOrder(runs)) {
    if (rows === undefined) continue
    const open = versions.filter((version) => version.tenant === tenant && version.to === null)
    for (const version of open) {
      const row = rows.find(({ key }) => key === version.key)
      const isSame = !version.isLater || row?.late === version.late
      if (row?.value === version.value && row.sure === version.sure && isSame) {
        Object.assign(version, { ...row, last: id, seen: at, isLater })
      } else if (row !== undefined || complete) version.to = at
    }
    for (const row of rows) {
      const isOpen = open.some((version) => version.key === row.key && version.to === null)
      if (!isOpen) versions.push({ ...row, isLater, tenant, from: at, to: null, first: id, last: id, seen: at })
    }
  }
  return versions.filter(({ from, to }) => to !== from)
}

/** The cells as they were known at an instant. Later sightings count only where the value must have been the same then. */
export const asOf = (runs: ReadonlyArray<Run>, at: number) =>
  history(runs).filter(({ from, to }) => from <= at && (to === null || to > at)).map((version) => {
    if (version.seen <= at) return { ...version, run: version.last }
    const before = inOrder(runs).filter((run) =>
      run.tenant === version.tenant && run.rows !== undefined && run.at <= at
    )
    const sure = Math.max(version.from, ...before.filter(({ complete }) => complete).map((run) => run.at))
    return {
      ...version,
      run: before.at(-1)?.id,
      seen: before.at(-1)?.at,
      counter: null,
      late: runs.some((run) => run.tenant === version.tenant && run.isUpgraded && run.at > sure) ? null : version.late,
      touched: version.touched !== null && version.touched <= sure ? version.touched : null
    }
  })

/** The rows at an instant, computed from the runs until then only. */
export const asThen = (runs: ReadonlyArray<Run>, at: number) =>
  history(runs.filter((run) => run.at <= at)).filter(({ to }) => to === null)

export interface Change {
  readonly event: "added" | "removed" | "changed" | "reappeared"
  readonly tenant: string
  readonly key: string
  readonly after: number
  readonly by: number
  /** Of a change: the column, and its value before and after. */
  readonly attribute: string | null
  readonly was: string | null
  readonly is: string | null
}

const whole = { attribute: null, was: null, is: null }

/** The changes, one for each changed column, each between the last run before it and the first run after it. */
export const changes = (runs: ReadonlyArray<Run>): ReadonlyArray<Change> => {
  const versions = history(runs)
  const lastComplete = (tenant: string, before: number) =>
    inOrder(runs).findLast((run) => run.tenant === tenant && run.complete && run.rows !== undefined && run.at < before)
  return versions.flatMap((version): ReadonlyArray<Change> => {
    const { from, key, seen, tenant, to } = version
    const others = versions.filter((other) => other.tenant === tenant && other.key === key)
    const before = others.findLast((other) => other.from < from)
    const missed = lastComplete(tenant, from)
    const known = others.findLast((other) => other.from < from && other.sure !== null)
    const turned = version.sure !== null && known !== undefined && known.sure !== version.sure
    const changed = (attribute: string, of: Version, was: string | null, is: string | null): Change => ({
      event: "changed",
      tenant,
      key,
      after: of.seen,
      by: from,
      attribute,
      was,
      is
    })
    const opening: ReadonlyArray<Change> = before?.to === from
      ? [
        ...turned ? [changed("sure", known, `${known.sure}`, `${version.sure}`)] : [],
        ...turned ? [changed("why", known, `is ${known.sure}`, `is ${version.sure}`)] : [],
        ...before.value === version.value ? [] : [changed("value", before, before.value, version.value)],
        ...before.isLater && before.late !== version.late ? [changed("late", before, before.late, version.late)] : []
      ]
      : missed === undefined
      ? []
      : [{ event: before === undefined ? "added" : "reappeared", tenant, key, after: missed.at, by: from, ...whole }]
    const closing: ReadonlyArray<Change> = to === null || others.some((other) => other.from === to)
      ? []
      : [{ event: "removed", tenant, key, after: seen, by: to, ...whole }]
    return [...opening, ...closing]
  })
}

export const items = Table.make({
  name: "items",
  doc: "Items.",
  key: ["kind", "item_id"],
  columns: {
    ...Table.common,
    kind: Table.id("Of which kind."),
    item_id: Table.id("Which."),
    value: Table.text("What makes a version."),
    fingerprint: Table.text("Named as something is that histories are made with."),
    version: Table.text("The same."),
    repeated: Table.repeated(Table.text("What another table says.")),
    sure: Table.uncertain(false, true, Table.boolean("What is not always known.")),
    why: Table.reasonFor("sure", Table.text("Why it is so.")),
    counter: Table.volatile(Table.bigint("What changes by itself.")),
    late: Table.text("What came with a later version."),
    touched_at: Table.volatile(Table.timestamp("What only grows."))
  }
})

export const small = (maximum: number) => Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum })))
const rows = Arbitrary.map(
  Arbitrary.array(Arbitrary.all({ key: small(4), value: small(2), sure: small(2), counter: small(9) }), {
    maxLength: 5
  }),
  (
    some
  ) => [
    ...new Map(
      some.map((
        { counter, key, sure, value }
      ) => [
        key,
        {
          key: `k${key}`,
          value: `v${value}`,
          sure: [null, false, true][sure] ?? null,
          counter,
          touched: null,
          late: `l${counter % 2}`
        }
      ])
    ).values()
  ]
)
/** Random runs of two tenants. Some have the same instant, some are not complete, some did not collect the table. */
export const histories = Arbitrary.map(
  Arbitrary.array(
    Arbitrary.all({
      gap: small(2),
      tenant: small(3),
      isPartial: small(3),
      isUncollected: small(6),
      isLater: small(4),
      rows
    }),
    { maxLength: 9 }
  ),
  (some) => {
    let at = 0
    const touched = new Map<string, number>()
    /** It was touched since the tenant's run before, or was not: a run sees whatever was before it. */
    const touch = (tenant: string, before: number, row: Row): Row => {
      const key = `${tenant} ${row.key}`
      const now = Math.max(before + 1, at - row.counter % 3)
      if (row.counter <= 6 && now <= at) touched.set(key, now)
      return { ...row, touched: touched.get(key) ?? null }
    }
    /** When a tenant ran last, and whether it was the later version. */
    const ran = new Map<string, { readonly at: number; readonly isLater: boolean }>()
    return some.map((one, index): Run => {
      at += one.gap
      const tenant = one.tenant === 0 ? "other" : "one"
      const last = ran.get(tenant)
      // runs of the two versions never have the same instant
      const isLater = last?.at === at ? last.isLater : last?.isLater === true || one.isLater === 0
      ran.set(tenant, { at, isLater })
      const rows = one.rows.map((row) => touch(tenant, last?.at ?? -9, isLater ? row : { ...row, late: null }))
      return {
        id: `r${index}`,
        at,
        tenant,
        isLater,
        isUpgraded: isLater && last?.isLater === false,
        complete: one.isPartial > 0,
        rows: one.isUncollected === 0 ? undefined : rows
      }
    })
  }
)
