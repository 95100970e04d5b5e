/** Finds the files of a data directory that still name a person: reports, recordings, and what people keep there. */
import { Effect, FileSystem, Path, RegExp as Pattern, Stream } from "effect"
import type { Row } from "../../Table.ts"

/** The columns whose texts tell a person. */
const telling = ["user_id", "username", "realname", "email", "number"]

/** The texts that tell a person. */
export const textsOf = (rows: ReadonlyArray<Row>, user_id: string): ReadonlySet<string> =>
  new Set([
    user_id,
    ...rows.flatMap((row) =>
      telling.flatMap((name) => {
        const cell = row[name]
        return typeof cell === "string" ? [cell] : []
      })
    )
  ])

/** Whether a file has one of the texts, as a word of its own. */
const has = Effect.fnUntraced(function*(file: string, texts: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const words = texts.map((text) => Buffer.from(text).toString("latin1"))
  const pattern = new RegExp(`(?<![0-9A-Za-z])(${words.map(Pattern.escape).join("|")})(?![0-9A-Za-z])`)
  const overlap = Math.max(...words.map(({ length }) => length)) + 2
  let end = ""
  const found = yield* Stream.runHead(
    Stream.filter(fs.stream(file), (chunk) => {
      const text = end + Buffer.from(chunk).toString("latin1")
      end = text.slice(-overlap)
      return pattern.test(text)
    })
  )
  return found._tag === "Some"
})

/** The files below the data directory that have one of the texts. Compressed files are not looked into. */
export const find = Effect.fnUntraced(
  function*(dataDirectory: string, without: ReadonlyArray<string>, texts: ReadonlySet<string>) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const found: Array<string> = []
    for (const name of (yield* fs.readDirectory(dataDirectory, { recursive: true })).toSorted()) {
      const file = path.join(dataDirectory, name)
      if (without.some((place) => file === place || file.startsWith(`${place}${path.sep}`))) continue
      const info = yield* Effect.option(fs.stat(file))
      if (info._tag === "None" || info.value.type !== "File") continue
      if (yield* Effect.orElseSucceed(has(file, [...texts]), () => false)) found.push(file)
    }
    return found
  },
  Effect.orElseSucceed((): ReadonlyArray<string> => [])
)
