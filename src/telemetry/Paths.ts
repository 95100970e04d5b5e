/**
 * Where things are may name whoever runs it: what goes to others has none of the data directory, none of the home
 * directory, and no address of a sink's.
 */
import { Result } from "effect"
import { homedir } from "node:os"

/** "" for who has none: a user of the system without a name, as in a container. */
const home = () => Result.getOrElse(Result.try(homedir), () => "")

/** The text with other names for them. */
export const withoutPaths = (text: string, dataDirectory: string): string =>
  [[dataDirectory, "DATA"], [home(), "~"]].reduce(
    (text, [path = "", name = ""]) => path.length > 1 ? text.replaceAll(path, name) : text,
    text.replaceAll(/\b(?!https?:)[a-z][a-z\d+.-]*:\/\/\S+?(?=[.:;,)]?(\s|$))/g, "the database")
  )
