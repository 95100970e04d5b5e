/** The sentences that a person reads if a request to Duo fails. */
import type { DuoReason } from "./DuoReason.ts"
import type { SettingNames } from "./SettingNames.ts"

/**
 * A request that failed. `ofChild` says that it was for a child account, and `names` how its settings are called. The hint
 * is a sentence that the caller adds.
 */
interface FailedRequest {
  readonly path: string
  readonly attempts: number
  readonly reason: DuoReason
  readonly ofChild: boolean
  readonly names: SettingNames
  readonly hint?: string
}

/** Says what happened and what to do. */
export const describe = ({ attempts, hint, names, ofChild, path, reason }: FailedRequest): string => {
  const keys = ofChild ? ofChildKeys(names) : adviceOf(isAccounts(path) ? "Accounts API" : "Admin API", names)
  const sentences = explain(reason, attempts > 1 ? `${path} (${attempts} attempts)` : path, keys)
  return hint === undefined ? sentences : `${sentences}\n${hint}`
}

/** The advice that depends on whose keys they are. */
interface KeyAdvice {
  /** The type of the application that has the keys. */
  readonly application: "Accounts API" | "Admin API"
  readonly names: SettingNames
  /** The form that the setting of the host should have. */
  readonly host: string
  /** If the host does not know the integration key. */
  readonly unknown: string
  /** If nothing more is known. */
  readonly check: string
}

const adviceOf = (application: KeyAdvice["application"], names: SettingNames): KeyAdvice => ({
  application,
  names,
  host: `the API host of an ${application} application`,
  unknown: `check that ${names.ikey} and ${names.host} are of the same application`,
  check:
    `Check ${names.ikey}, ${names.skey} and ${names.host}: all three are on the page of the same ${application} application`
})

const ofChildKeys = (names: SettingNames): KeyAdvice => ({
  application: "Accounts API",
  names,
  host: "the API host of the child account",
  unknown: `check that ${names.ikey} is of its parent's Accounts API application`,
  check:
    `Check ${names.ikey} and ${names.skey}, which are those of the parent's Accounts API application, and ${names.host}, which is the child account's`
})

/** The path may end with the number of attempts. */
const explain = (reason: DuoReason, path: string, keys: KeyAdvice): string => {
  switch (reason._tag) {
    case "Transport":
      if (/\bE[MN]FILE$/.test(reason.detail)) {
        return `Too many files are open to connect to Duo. Allow more, as with ulimit -n 1024, and run again.`
      }
      if (reason.detail.endsWith(": ENOTFOUND")) {
        return `There is no host ${
          reason.detail.replace(": ENOTFOUND", "")
        }. Check ${keys.names.host}, and the network, and run again.`
      }
      return `Duo cannot be reached at ${path}: ${reason.detail}. Check the network, ${keys.names.host} and HTTPS_PROXY, and run again.`
    case "Tls":
      return `The TLS of Duo's host cannot be trusted: ${reason.detail}. Behind a proxy that inspects TLS, name its CA in NODE_EXTRA_CA_CERTS.`
    case "Timeout":
      return `Duo took too long at ${path}: ${waited[reason.which]}. Run again later${
        reason.which === "attempt" ? ", with a smaller --page-size if this happens again" : ""
      }.`
    case "Truncated":
      return `Duo's answer at ${path} ended before it was whole. Run again later.`
    case "TooLarge":
      return `The answer at ${path} is larger than ${reason.limit >> 20} MiB. Ask for less at once with --page-size.`
    case "NotUtf8":
      return `The answer at ${path} is not the text that Duo sends: ${reason.detail}. Nothing of it was kept.`
    case "NotJson":
      return `The answer at ${path} is not JSON. Run again; if this happens again, ask Duo's support.`
    case "NotDuo":
      return `Something that is not Duo answered at ${path}: ${reason.detail}. Check ${keys.names.host}, and for a proxy or a login page in between.`
    case "RateLimited":
      return `Duo still asks to slow down at ${path}. Run again later, with --concurrency 1 if it was more.`
    case "ServerError":
      return `Duo failed at ${path}: ${
        quote(reason)
      }. Run again later; https://status.duo.com says whether it is known.`
    case "Unauthorized":
      return `Duo refused the keys at ${path}: ${quote(reason)}. ${unauthorized(reason.code, reason.skewSeconds, keys)}`
    case "Forbidden":
      return `Duo refused ${path}: ${
        quote(reason)
      }. In the Duo Admin Panel, open the application of ${keys.names.ikey} (it must be of the type ${keys.application})${
        keys.application === "Admin API" ? ` and tick ${permission(path)}` : ""
      }; if it limits networks, add this machine's.`
    case "BadRequest":
      return `Duo did not accept the request for ${path}: ${quote(reason)}.${
        isAccounts(path) ? "" : " Try a smaller --page-size."
      }`
    case "NotFound":
    case "MethodNotAllowed":
      return `Duo does not offer ${path}: ${quote(reason)}. Check that ${keys.names.host} is ${keys.host}.`
    case "Refused":
      return `Duo refused ${path}: ${quote(reason)}.`
    case "UnreadableAnswer":
      return `Duo's answer at ${path} cannot be read: ${reason.where} ${reason.why}. Nothing was published; please report this line (it holds no values).`
    case "BadPaging":
      return `The pages of ${path} cannot be followed to their end: ${reason.what}. Nothing was published; run again.`
    case "BudgetSpent":
      return reason.which === "rate limit"
        ? `Duo kept asking to slow down: after ${reason.seconds} s of waiting the run gave up at ${path}. Run again later, with --concurrency 1 if it was more.`
        : `Duo failed too often: after ${reason.retries} retries the run gave up at ${path}. Run again later.`
    case "AnswerMissing":
      return `The record in ${reason.directory} ${reason.what}. Nothing was published; replay another record, or run without --replay.`
    case "RecordUnwritable":
      return `The record in ${reason.directory} cannot be written: ${reason.detail}. Nothing was published; free some space or name another directory, and run again.`
  }
}

const isAccounts = (path: string) => path.startsWith("/accounts/")

/** The name that the Duo Admin Panel has for the permission of a path. */
const permission = (path: string) =>
  path.startsWith("/admin/v1/admins")
    ? `"Grant administrators" (to read is enough)`
    : path.startsWith("/admin/v3/integrations")
    ? `"Grant read resource", or, in a panel where that does not cover applications, "Grant applications"`
    : path.includes("/logs/")
    ? `"Grant read log"`
    : `"Grant read resource"`

const waited = {
  headers: "no answer within 30 s",
  idle: "nothing more of the answer for 15 s",
  attempt: "the answer was not whole after 120 s"
}

const quote = ({ code, message, status }: {
  readonly status: number
  readonly code: number | null
  readonly message: string
}): string => `${code ?? `HTTP ${status}`}${message === "" ? "" : ` "${message}"`}`

/** Seconds from which the clock is called wrong. Duo does not document its limit; its test server allows 300 s. */
export const skewSecondsMax = 30

const unauthorized = (code: number | null, skewSeconds: number | null, keys: KeyAdvice): string => {
  if (code === 40102) {
    return `The host does not know this integration key: ${keys.unknown}.`
  }
  if (skewSeconds !== null && Math.abs(skewSeconds) >= skewSecondsMax) {
    return `This machine's clock is ${Math.abs(skewSeconds)} s ${
      skewSeconds > 0 ? "ahead of" : "behind"
    } Duo's: set it (NTP), and run again.`
  }
  switch (code) {
    case 40103:
      return `Check ${keys.names.skey} (of the same application as ${keys.names.ikey}, whole, not swapped with it) and ${keys.names.host}.`
    case 40104:
    case 40105:
      return "Duo does not accept the time of the request: compare this machine's clock with Duo's, and set it (NTP)."
    default:
      return `${keys.check}.`
  }
}
