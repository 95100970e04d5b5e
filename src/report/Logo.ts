/** The logo of a page: a PNG or a JPEG, which becomes a part of the page. */
import { Effect, FileSystem, Option, Runtime, Schema } from "effect"
import { ExitCode } from "../failure/ExitCode.ts"
import { html } from "./Html.ts"

/** The largest size of a logo, so that the page can still be forwarded. */
const kibibytesMax = 256
const bytesMax = kibibytesMax * 1024

/** The file cannot be used as a logo. */
export class BadLogo extends Schema.TaggedError<BadLogo>()("BadLogo", {
  file: Schema.String,
  detail: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `${this.file} cannot be the logo: ${this.detail}.`
  }
}

/** The types, with the bytes that their files begin with. An SVG can hold a script and load other files. */
const types = [
  ["image/png", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["image/jpeg", [0xff, 0xd8, 0xff]]
] as const

/** A logo that a page can show. */
export interface Logo {
  readonly type: typeof types[number][0]
  readonly bytes: Uint8Array
}

/** Reads a logo. Its first bytes tell its type, whatever its name says. */
export const read = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const fail = (detail: string) => new BadLogo({ file, detail })
  // one byte more than allowed is enough to know; a device may have no end
  const bytes = yield* fs.open(file).pipe(
    Effect.flatMap((open) => open.readAlloc(bytesMax + 1)),
    Effect.map(Option.getOrElse(() => new Uint8Array())),
    Effect.scoped,
    Effect.mapError(({ reason }) =>
      fail(
        reason._tag === "NotFound"
          ? "there is no such file. Check its path, which starts in the working directory"
          : reason._tag === "PermissionDenied"
          ? "you may not read it. Make it readable"
          : "it cannot be read. Name a PNG or a JPEG file"
      )
    )
  )
  if (bytes.length > bytesMax) return yield* fail(`it has more than ${kibibytesMax} KiB. Make it smaller`)
  const [type] = types.find(([, beginning]) => beginning.every((byte, index) => bytes[index] === byte)) ?? []
  if (type === undefined) return yield* fail("it is neither a PNG nor a JPEG. Save it as a PNG")
  const logo: Logo = { type, bytes }
  return logo
})

/** The picture. The page's security policy must allow pictures in `data:`. */
export const picture = ({ bytes, type }: Logo) =>
  html`<img class="logo" alt="Logo" src="data:${type};base64,${Buffer.from(bytes).toString("base64")}">\n`
