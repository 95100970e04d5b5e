/** Tables for desks and phones. On a phone the cells of a row are below each other, with the name of their column. */
import { type Html, html, type Part } from "./Html.ts"
import * as Words from "./Words.ts"

/** A column of a table on the page. */
export interface PageColumn<Row> {
  readonly name: string
  readonly cell: (row: Row) => Part
  /** Whether the column has figures, which are aligned to the right. */
  readonly isFigure?: boolean
}

interface Options<Row> {
  readonly caption: string
  readonly columns: ReadonlyArray<PageColumn<Row>>
  readonly rows: ReadonlyArray<Row>
  /** Whether the table is narrow enough for a phone. */
  readonly isNarrow?: boolean
}

/** Makes a table. Its roles are explicit, because browsers drop the roles of cells that the style lays out as blocks. */
export const table = <Row>({ caption, columns, isNarrow = false, rows }: Options<Row>): Html =>
  html`<table role="table"${isNarrow ? html`` : html` class="folds"`}><caption class="unseen">${caption}</caption>
<thead role="rowgroup"><tr role="row">${
    columns.map(({ isFigure, name }) =>
      html`<th role="columnheader" scope="col"${isFigure ? html` class="figure"` : html``}>${name}</th>`
    )
  }</tr></thead>
<tbody role="rowgroup">${
    rows.map((row) =>
      html`<tr role="row">${
        columns.map(({ cell, isFigure, name }, index) =>
          index === 0
            ? html`<th role="rowheader" scope="row">${cell(row)}</th>`
            : html`<td role="cell" data-column="${name}"${isFigure ? html` class="figure"` : html``}>${cell(row)}</td>`
        )
      }</tr>
`
    )
  }</tbody></table>
`

/** The largest number of rows of a list on the page. */
export const rowsMax = 500
/** The number of rows of a list that are shown before it is opened. */
const openRows = 20

interface List<Row> extends Options<Row> {
  /** The number of all rows, on the page or not. */
  readonly all: number
  /** The named query that gives all rows, if there is one. */
  readonly query?: string
}

/** A long list: its beginning is shown, the rest can be opened, and a query is named for rows that are not on the page. */
export const list = <Row>({ all, query, ...options }: List<Row>): Html => {
  const { caption, rows } = options
  const more = rows.slice(openRows)
  return html`${table({ ...options, rows: rows.slice(0, openRows) })}${
    more.length === 0 ? html`` : html`<details><summary>${Words.count(more.length)} more</summary>
${table({ ...options, caption: `${caption}, continued`, rows: more })}</details>
<p class="note on-paper">${Words.count(all - openRows)} more are not printed here.</p>`
  }${
    rows.length >= all
      ? html``
      : html`<p class="note">These are the first ${Words.count(rows.length)} of ${Words.count(all)}.${
        query === undefined ? "" : html` All of them: <code>duo-mfa sql @${query}</code>`
      }</p>`
  }`
}

/** A user by name, or by Duo's id if names are left out. */
export const person = (
  { realname, user_id, username }: {
    readonly user_id: string
    readonly username: string | null
    readonly realname: string | null
  }
): Html =>
  username === null
    ? html`<code>${user_id}</code>`
    : html`<bdi>${username}</bdi>${realname === null ? html`` : html` <bdi class="realname">${realname}</bdi>`}`
