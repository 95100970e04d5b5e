/**
 * Replaces everything in an answer that may tell who it is about. In JSON, every value that PublicFields does not allow
 * becomes a pseudonym; everything else, even the spaces, stays as it is. Text that is not JSON keeps its length and
 * punctuation only.
 */
import { Transport } from "../DuoReason.ts"
import * as Pseudonym from "./Pseudonym.ts"
import { answer, isFieldName, isHarmless, type Kind, type PublicFields, unknown } from "./PublicFields.ts"
import type { RecordedOutcome } from "./Record.ts"

export interface Disguise {
  /** The body of an answer. */
  readonly text: (text: string) => string
  readonly outcome: (outcome: RecordedOutcome) => RecordedOutcome
  /** The query of a request, whose offset may have the id of a transaction. */
  readonly query: (query: string) => string
  readonly host: (host: string) => string
}

/** Changes nothing. */
export const none: Disguise = {
  text: (text) => text,
  outcome: (outcome) => outcome,
  query: (query) => query,
  host: (host) => host
}

/** The disguise of one record, with its key. `tenant` is the host that answers. */
export const make = (key: Uint8Array, tenant: string): Disguise => {
  const pseudonyms = Pseudonym.make(key)

  /** The pseudonym of a host. It has the form of Duo's hosts, so it never is the host of anybody else. */
  const host = (name: string) => {
    const [, id = "", domain = ".duosecurity.com"] = /^api-([a-z0-9]+)(\..*)$/.exec(name) ?? []
    return `api-${pseudonyms.text(id === "" ? "xxxxxxxx" : id)}${domain}`
  }

  return {
    host,
    query: (query) => query.replace(/(?<=(?:^|&)next_offset=)[^&]+/g, (offset) => disguisedOffset(offset, pseudonyms)),
    text: (text) => isJson(text) ? disguised(text, pseudonyms) : shapeOf(text),
    outcome: (outcome) => {
      if ("failed" in outcome) {
        const { failed } = outcome
        if (failed._tag !== "Transport") return outcome
        return { failed: new Transport({ detail: failed.detail.replaceAll(tenant, host(tenant)) }) }
      }
      if ("interrupted" in outcome || outcome.headers["location"] === undefined) return outcome
      const location = outcome.headers["location"].replace(/(?<=:\/\/)[^/]+/, pseudonyms.text)
      return { ...outcome, headers: { ...outcome.headers, location } }
    }
  }
}

/** An offset of a log, in the form of a query: milliseconds, the id of a transaction, or both with a comma between them. */
const disguisedOffset = (offset: string, pseudonyms: Pseudonym.Pseudonyms) =>
  offset.split("%2C").map((part) => isHarmless("number", part) ? part : pseudonyms.text(part)).join("%2C")

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const shapeOf = (text: string): string =>
  text.replace(/\p{L}/gu, (char) => "x".repeat(char.length)).replace(/\p{Nd}/gu, (char) => "0".repeat(char.length))

/** A place in a JSON text: an object or a list, and what may be kept of its values. */
interface Place {
  readonly of: Kind | PublicFields
  readonly isObject: boolean
}

/** Disguises a JSON text. It does not recurse, because the text may be nested to any depth. */
const disguised = (text: string, pseudonyms: Pseudonym.Pseudonyms): string => {
  const places: Array<Place> = []
  let place: Place = { of: answer, isObject: false }
  let value = place.of
  let isName = false
  let result = ""

  const name = (token: string): string => {
    const text = String(JSON.parse(token))
    // Duo never sends an object in the place of a word, so it is treated as unknown
    const { named, of } = typeof place.of === "string" ? unknown : place.of
    value = of.get(text) ?? unknown
    return of.has(text) || (named && isFieldName(text)) ? token : JSON.stringify(pseudonyms.text(text))
  }
  const string = (token: string): string => {
    const text = String(JSON.parse(token))
    return typeof value === "string" && isHarmless(value, text) ? token : JSON.stringify(pseudonyms.text(text))
  }
  const number = (token: string): string => value === "word" || value === "number" ? token : pseudonyms.number(token)

  for (const token of tokens(text)) {
    switch (token[0]) {
      case "{":
      case "[":
        places.push(place)
        isName = token === "{"
        place = { of: value, isObject: isName }
        break
      case "}":
      case "]":
        place = places.pop() ?? place
        break
      case ",":
        value = place.of
        isName = place.isObject
        break
      case ":":
        isName = false
        break
      case "\"":
        result += isName ? name(token) : string(token)
        continue
      default:
        if (/^[-\d]/.test(token)) {
          result += number(token)
          continue
        }
    }
    result += token
  }
  return result
}

const isOf = (characters: string) => {
  const set = new Set(characters)
  return (char: string | undefined) => char !== undefined && set.has(char)
}
const isMark = isOf("{}[]:,")
const isDigit = isOf("0123456789-")
const isInNumber = isOf("0123456789-+.eE")

/** The tokens of a JSON text, with its blanks. */
function* tokens(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    const start = at
    const char = text[at++]
    if (char === "\"") {
      for (; text[at] !== "\""; at++) if (text[at] === "\\") at++
      at++
    } else if (isDigit(char)) {
      while (isInNumber(text[at])) at++
    } else if (!isMark(char)) {
      while (at < text.length && text[at] !== "\"" && !isMark(text[at]) && !isDigit(text[at])) at++
    }
    yield text.slice(start, at)
  }
}
