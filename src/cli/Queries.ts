/**
 * Questions that have a name: a file `NAME.sql` in `queries/` of the data directory, or of what comes with duo-mfa. Its
 * first line says what it answers.
 */
import { Effect, FileSystem, Path, Runtime, Schema } from "effect"
import { ExitCode } from "../ExitCode.ts"
import { Catalog } from "./Catalog.ts"

/** No file has that name. */
export class NoQuery extends Schema.TaggedError<NoQuery>()("NoQuery", {
  name: Schema.String,
  names: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `There is no query @${this.name}. There is @${this.names.join(", @")}.`
  }
}

/** A value for a query that is none. */
export class BadParameter extends Schema.TaggedError<BadParameter>()("BadParameter", { text: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `"${this.text}" is no NAME=VALUE. What a query takes stands in its first lines.`
  }
}

export interface Query {
  readonly name: string
  /** What it answers. */
  readonly doc: string
  readonly sql: string
}

const filesIn = Effect.fnUntraced(function*(directory: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const names = yield* fs.readDirectory(directory).pipe(Effect.orElseSucceed(() => []))
  return names.filter((name) => /^[\w-]+\.sql$/.test(name)).map((name) =>
    [name.slice(0, -4), join(directory, name)] as const
  )
})

/** All of them by name; one in the data directory stands for one of ours. */
export const all = Effect.fnUntraced(function*(dataDirectory: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const files = new Map([
    ...yield* filesIn((yield* Catalog).queries),
    ...yield* filesIn(join(dataDirectory, "queries"))
  ])
  return yield* Effect.forEach(
    [...files].toSorted(),
    ([name, file]) =>
      Effect.map(Effect.orDie(fs.readFileString(file)), (sql): Query => ({
        name,
        doc: /^-- *(.*)/.exec(sql)?.[1] ?? "",
        sql
      }))
  )
})

/** The one of that name. */
export const find = Effect.fnUntraced(function*(dataDirectory: string, name: string) {
  const queries = yield* all(dataDirectory)
  const found = queries.find((query) => query.name === name)
  return found ?? (yield* new NoQuery({ name, names: queries.map((query) => query.name) }))
})

/** `day=2026-11-20` as a name and a value, which a query asks for with `getvariable('day')`. */
export const parameter = (text: string): Effect.Effect<readonly [name: string, value: string], BadParameter> => {
  const [_, name, value] = /^([a-z]\w*)=(.*)$/s.exec(text) ?? []
  return name === undefined || value === undefined
    ? Effect.fail(new BadParameter({ text }))
    : Effect.succeed([name, value])
}
