/** Other programs: where they are, and their environment. */
import { Effect, FileSystem, Path } from "effect"

const executableBits = 0o111

/** The path of a program, if it is there. Relative folders on the PATH are passed over, because anybody may fill them. */
export const find = Effect.fnUntraced(function*(name: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folders = (process.env["PATH"] ?? "").split(":").filter(path.isAbsolute)
  const places = name.includes("/") ? [name] : folders.map((folder) => path.join(folder, name))
  for (const place of places) {
    const isThere = yield* fs.stat(place).pipe(
      Effect.map(({ mode, type }) => type === "File" && (mode & executableBits) !== 0),
      Effect.orElseSucceed(() => false)
    )
    if (isThere) return place
  }
  return undefined
})

const secret =
  /^(DUO_SKEY|DUO_MFA_(NOTIFY|PING)|PGPASSWORD|AWS_(SECRET_ACCESS_KEY|SESSION_TOKEN)|OTEL_EXPORTER_OTLP_\w*HEADERS)$/

/** The environment of a program that is started. It has no secret, because the program needs none. */
export const environment = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !secret.test(name)))
