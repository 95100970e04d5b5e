/** Finds the files of a data directory that still name a person: reports, recordings, and what people keep there. */
import { Effect, FileSystem, Path, Stream } from "effect"
import type { Row } from "../../Table.ts"

/** The columns whose texts belong to one person. A name or a first name may be that of others too. */
const telling = ["user_id", "username", "email", "number"]

/** A shorter text is found in files by chance. */
const charactersMin = 5

/** The texts that tell a person. */
export const textsOf = (rows: ReadonlyArray<Row>, user_id: string): ReadonlySet<string> =>
  new Set([
    user_id,
    ...rows.flatMap((row) =>
      telling.flatMap((name) => {
        const cell = row[name]
        return typeof cell === "string" && cell.length >= charactersMin ? [cell] : []
      })
    )
  ])

/** Whether a file has one of the texts. */
const has = Effect.fnUntraced(function*(file: string, texts: ReadonlyArray<Buffer>) {
  const fs = yield* FileSystem.FileSystem
  const longest = Math.max(...texts.map(({ length }) => length))
  let end: Buffer = Buffer.alloc(0)
  const found = yield* Stream.runHead(
    Stream.filter(fs.stream(file), (chunk) => {
      const bytes = Buffer.concat([end, chunk])
      end = bytes.subarray(Math.max(0, bytes.length - longest + 1))
      return texts.some((text) => bytes.includes(text))
    })
  )
  return found._tag === "Some"
})

/** The files below the data directory that have one of the texts. Compressed files are not looked into. */
export const find = Effect.fnUntraced(
  function*(dataDirectory: string, without: ReadonlyArray<string>, texts: ReadonlySet<string>) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const bytes = [...texts].map((text) => Buffer.from(text))
    const found: Array<string> = []
    for (const name of (yield* fs.readDirectory(dataDirectory, { recursive: true })).toSorted()) {
      const file = path.join(dataDirectory, name)
      if (without.some((place) => file === place || file.startsWith(`${place}${path.sep}`))) continue
      const info = yield* Effect.option(fs.stat(file))
      if (info._tag === "None" || info.value.type !== "File") continue
      if (yield* Effect.orElseSucceed(has(file, bytes), () => false)) found.push(file)
    }
    return found
  },
  Effect.orElseSucceed((): ReadonlyArray<string> => [])
)
