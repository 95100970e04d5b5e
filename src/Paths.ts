/**
 * Where things are may name whoever runs it: what goes to others has none of the data directory, none of the home
 * directory, and no database's address.
 */
import { homedir } from "node:os"

/** The text with other names for them. */
export const withoutPaths = (text: string, dataDirectory: string): string =>
  [[dataDirectory, "DATA"], [homedir(), "~"]].reduce(
    (text, [path = "", name = ""]) => path.length > 1 ? text.replaceAll(path, name) : text,
    text.replaceAll(/\bpostgres:\/\/\S+?(?=[.:;,)]?(\s|$))/g, "the database")
  )
