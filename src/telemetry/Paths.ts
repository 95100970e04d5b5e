/**
 * Removes paths and addresses from text that is sent to others: the data directory, the home directory and the
 * addresses of sinks. A path may have a person's name in it.
 */
import { Result } from "effect"
import { homedir } from "node:os"

/** The home directory; "" if the user of the system has none, as in some containers. */
const home = () => Result.getOrElse(Result.try(homedir), () => "")

/** Writes `DATA` for the data directory, `~` for the home directory, and `the database` for an address of a sink. */
export const withoutPaths = (text: string, dataDirectory: string): string =>
  [[dataDirectory, "DATA"], [home(), "~"]].reduce(
    (text, [path = "", name = ""]) => path.length > 1 ? text.replaceAll(path, name) : text,
    text.replaceAll(/\b(?!https?:)[a-z][a-z\d+.-]*:\/\/\S+?(?=[.:;,)]?(\s|$))/g, "the database")
  )
