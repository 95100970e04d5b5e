/** Rewrites text files without some of their records, so that all other bytes stay as they are. */
import { Effect, FileSystem, Path } from "effect"
import { createReadStream, createWriteStream } from "node:fs"
import { type Duplex, PassThrough, Transform, Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { DiskFull, InputOutput, type SinkReason } from "../../failure/SinkError.ts"
import { sync } from "../Durable.ts"
import * as Files from "../Files.ts"

/** How records are stored in a file. */
export interface RecordFormat {
  /** Whether the end of a line between quotes does not end the record. */
  readonly hasQuotes: boolean
  /** Makes the streams that decompress and compress; both pass the bytes on if the file is not compressed. */
  readonly codec?: readonly [decompress: () => Duplex, compress: () => Duplex]
}

const [newline, quote] = [0x0a, 0x22]

/** A stream that drops the records for which `isDropped` is true. A record is given with its end of line. */
const dropping = ({ hasQuotes }: RecordFormat, isDropped: (record: string) => boolean) => {
  let rest: Buffer = Buffer.alloc(0)
  let isQuoted = false
  const kept = (record: Buffer) => !isDropped(record.toString())
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const bytes = Buffer.concat([rest, chunk])
      let start = 0
      for (let at = rest.length; at < bytes.length; at++) {
        if (hasQuotes && bytes[at] === quote) isQuoted = !isQuoted
        if (bytes[at] !== newline || isQuoted) continue
        const record = bytes.subarray(start, at + 1)
        if (kept(record)) this.push(record)
        start = at + 1
      }
      rest = bytes.subarray(start)
      done()
    },
    flush(done) {
      if (rest.length > 0 && kept(rest)) this.push(rest)
      done()
    }
  })
}

const reasonOf = (cause: unknown): SinkReason =>
  cause instanceof Error && /ENOSPC|EDQUOT/.test(cause.message)
    ? new DiskFull()
    : new InputOutput({ detail: cause instanceof Error ? cause.message : String(cause) })

const plain = [() => new PassThrough(), () => new PassThrough()] as const

/** Copies a file without some records to a new file that only its owner may read; `to` is null for a look without a copy. */
export const copy = (from: string, to: string | null, format: RecordFormat, isDropped: (record: string) => boolean) => {
  const [decompress, compress] = format.codec ?? plain
  const target = () =>
    to === null
      ? new Writable({ write: (_, __, done) => done() })
      : createWriteStream(to, { flags: "wx", mode: 0o600 })
  return Effect.tryPromise({
    try: (signal) =>
      pipeline(createReadStream(from), decompress(), dropping(format, isDropped), compress(), target(), { signal }),
    catch: reasonOf
  })
}

/** Replaces a published file with a staged one. After a crash, the path has the old file or the whole new one. */
export const replace = Effect.fnUntraced(function*(from: string, to: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* Files.seal([{ from, to }])
  yield* Effect.mapError(Effect.andThen(fs.rename(from, to), sync(path.dirname(to))), Files.reasonOf)
})
