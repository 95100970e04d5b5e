/** Paths may name whoever runs it: what goes to others has none of the data directory and none of the home directory. */
import { homedir } from "node:os"

/** The text with other names for both. */
export const withoutPaths = (text: string, dataDirectory: string): string =>
  [[dataDirectory, "DATA"], [homedir(), "~"]].reduce(
    (text, [path = "", name = ""]) => path.length > 1 ? text.replaceAll(path, name) : text,
    text
  )
