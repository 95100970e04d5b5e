/**
 * Named SQL: a question is a file `NAME.sql` in `queries/`, and a policy in `policies/`, either in the data directory
 * or built in. Its first line says what it is about.
 */
import { Effect, FileSystem, Path, type PlatformError, Runtime, Schema } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import * as Suggestion from "../../text/Suggestion.ts"
import { Plugins } from "../shared/Plugins.ts"
import { commandName } from "../terminal/CommandName.ts"

/** No file has that name. */
export class NoQuery extends Schema.TaggedError<NoQuery>()("NoQuery", {
  name: Schema.String,
  names: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return this.name.startsWith("policies/")
      ? Suggestion.unknown("query", `@${this.name}`, this.names.map((name) => `@${name}`))
      : `Unknown query "@${this.name}".${
        Suggestion.didYouMean(`@${this.name}`, this.names.map((name) => `@${name}`))
      } ${commandName()} sql @ lists all.`
  }
}

/** A file or its folder exists but cannot be read. */
export class UnreadableQuery extends Schema.TaggedError<UnreadableQuery>()("UnreadableQuery", {
  file: Schema.String,
  detail: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `${this.file} cannot be read: ${this.detail}. Make it readable, or move it away.`
  }
}

export interface NamedQuery {
  readonly name: string
  /** What it answers. */
  readonly doc: string
  readonly sql: string
  /** Whether it came with the program. */
  readonly isBuiltIn: boolean
}

/** The folders that they are in. */
export type Folder = "queries" | "policies"

const orUnreadable = (file: string) =>
  Effect.mapError((error: PlatformError.PlatformError) => new UnreadableQuery({ file, detail: error.reason.message }))

const filesIn = Effect.fnUntraced(function*(directory: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const names = yield* fs.readDirectory(directory).pipe(
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed([])),
    orUnreadable(directory)
  )
  return names.filter((name) => /^[^.].*\.sql$/.test(name)).map((name) =>
    [name.slice(0, -4), join(directory, name)] as const
  )
})

/** All files of a folder by name. A file in the data directory replaces a built-in one of the same name. */
export const all = Effect.fnUntraced(function*(dataDirectory: string, folder: Folder = "queries") {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const builtIn = yield* filesIn((yield* Plugins)[folder])
  const own = yield* filesIn(join(dataDirectory, folder))
  const files = new Map([...builtIn, ...own])
  return yield* Effect.forEach(
    [...files].toSorted(),
    ([name, file]) =>
      Effect.map(orUnreadable(file)(fs.readFileString(file)), (sql): NamedQuery => ({
        name,
        doc: /^-- *(.*)/.exec(sql)?.[1] ?? "",
        sql,
        isBuiltIn: builtIn.some(([_, ours]) => ours === file)
      }))
  )
})

/** The query of that name; a policy is `policies/NAME`. */
export const find = Effect.fnUntraced(function*(dataDirectory: string, asked: string) {
  const [, policy] = /^policies\/(.*)$/.exec(asked) ?? []
  const name = policy ?? asked
  const queries = yield* all(dataDirectory, policy === undefined ? "queries" : "policies")
  const found = queries.find((query) => query.name === name)
  if (found !== undefined) return found
  const prefix = policy === undefined ? "" : "policies/"
  return yield* new NoQuery({ name: asked, names: queries.map((query) => `${prefix}${query.name}`) })
})
