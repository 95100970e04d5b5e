/**
 * What a webhook and a collector are told of a failure: what it is, where, and the code of whoever reported it. A message of
 * Duo, of a database or of the system may quote somebody, and so may a path.
 */
import { constants } from "node:os"

const systemCodes = new Set([...Object.keys(constants.errno), "EAI_AGAIN", "ENOTFOUND"])

const code =
  /\b(E[A-Z0-9_]+|(?:CERT|CRL|DEPTH_ZERO|ERR|HOSTNAME|INVALID_CA|SELF_SIGNED|UNABLE_TO|UND_ERR)_[A-Z_]+|HTTP \d{3}|SQLSTATE [0-9A-Z]{5}|(?:Binder|Catalog|Constraint|Conversion|Fatal|IO|Internal|Invalid Input|Out of Memory|Permission|Serialization|TransactionContext) Error)\b/g

/** The code in a detail, and nothing else of it. */
export const codeIn = (detail: string): string =>
  detail.match(code)?.find((found) => !/^E(?!RR_)/.test(found) || systemCodes.has(found)) ??
    "the log of the run says why"
