/**
 * Reduces the detail of a failure to its error code, for webhooks and collectors. Details are messages of Duo, of a
 * database or of the system, and may quote personal data or paths. A code such as `ENOSPC` or `HTTP 503` does not.
 */
import { constants } from "node:os"

const systemCodes = new Set([...Object.keys(constants.errno), "EAI_AGAIN", "ENOTFOUND"])

const code =
  /\b(E[A-Z0-9_]+|(?:CERT|CRL|DEPTH_ZERO|ERR|HOSTNAME|INVALID_CA|SELF_SIGNED|UNABLE_TO|UND_ERR)_[A-Z_]+|HTTP \d{3}|SQLSTATE [0-9A-Z]{5}|(?:Binder|Catalog|Constraint|Conversion|Fatal|IO|Internal|Invalid Input|Out of Memory|Permission|Serialization|TransactionContext) Error)\b/g

/** The error code in a detail, without the rest of it. */
export const codeIn = (detail: string): string =>
  detail.match(code)?.find((found) => !/^E(?!RR_)/.test(found) || systemCodes.has(found)) ??
    "the log of the run says why"
