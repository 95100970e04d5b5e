/**
 * Turns errors of PostgreSQL and of its client into a sink's reasons. Messages about names and rights are shown.
 * Messages about values are not, and neither are DETAIL and CONTEXT, because all of these may quote personal data.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
import { Predicate } from "effect"
import { constants } from "node:os"
import {
  CannotCreate,
  Corrupt,
  DiskFull,
  InputOutput,
  InUse,
  isSinkReason,
  type SinkReason,
  TooManyFiles,
  Unreachable
} from "../../src/failure/SinkError.ts"

const field = (cause: unknown, name: "code" | "message" | "where") =>
  Predicate.hasProperty(cause, name) && typeof cause[name] === "string" ? cause[name] : ""

const tooMany = /^(EMFILE|ENFILE)$/

/** The column of a value that the server rejected. The server names it in the context of the error. */
const columnOf = (cause: unknown) => /, column (\w+)/.exec(field(cause, "where"))?.[1]

const ofServer = (code: string, cause: unknown): SinkReason => {
  const detail = field(cause, "message")
  switch (code) {
    case "53100":
      return new DiskFull()
    case "55P03":
      return new InUse({ pid: null })
    case "2BP01":
      return new CannotCreate({
        detail:
          `${detail} (this version replaces views that your own views use: drop yours, and make them again after the run)`
      })
    case "28P01":
      return new CannotCreate({
        detail: `${detail} (is the password right that is in PGPASSWORD, or in the file that PGPASSFILE names?)`
      })
  }
  // the server is starting or stopping, has no connection left, or an administrator has ended this one
  if (/^(08|57P|53300)/.test(code)) return new Unreachable({ detail })
  // the login, the database or the permissions are wrong, an object exists already, or the server is read-only
  if (/^(28|3D|42|25006|0A|2B|3F)/.test(code)) return new CannotCreate({ detail })
  if (/^XX00[12]/.test(code)) return new Corrupt({ detail: "the server says that its data is damaged" })
  const column = columnOf(cause)
  return new InputOutput({
    detail: column === undefined ? `SQLSTATE ${code}` : `the server rejected a value of the column ${column} (${code})`
  })
}

/** The client's own errors. They have no codes, so they are told apart by their messages. */
const ofClient = (message: string): SinkReason =>
  message === "The server does not support SSL connections"
    ? new CannotCreate({ detail: "the server has no TLS, and sslmode requires it" })
    : /password must be a( non-empty)? string/.test(message)
    ? new CannotCreate({ detail: "the server requires a password, and neither PGPASSWORD nor PGPASSFILE has one" })
    : new Unreachable({ detail: "the connection was closed" })

/** A sink's reason for any error of a statement or of the connection. */
export const reasonOf = (cause: unknown): SinkReason => {
  if (isSinkReason(cause)) return cause
  const code = field(cause, "code")
  if (tooMany.test(code)) return new TooManyFiles()
  // before the SQLSTATEs, because some system codes have five letters too: EPIPE
  if (code in constants.errno) return new Unreachable({ detail: code })
  if (/^[0-9A-Z]{5}$/.test(code)) return ofServer(code, cause)
  if (/CERT|SIGNATURE|^ERR_TLS/.test(code)) {
    return new CannotCreate({ detail: `the server's certificate cannot be trusted (${code})` })
  }
  return code === "" ? ofClient(field(cause, "message")) : new Unreachable({ detail: code })
}
