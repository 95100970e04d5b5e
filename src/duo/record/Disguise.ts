/**
 * An answer that tells nobody who it is about: what Harmless does not name is replaced by its pseudonym in place, so that
 * everything else, spaces and all, is as it came. What is not JSON keeps its length and its punctuation, and no word.
 */
import { Transport } from "../DuoReason.ts"
import * as Pseudonym from "./Pseudonym.ts"
import { answer, isFieldName, isHarmless, type Kind, type PublicFields, unknown } from "./PublicFields.ts"
import type { RecordedOutcome } from "./Record.ts"

export interface Disguise {
  /** The body of an answer. */
  readonly text: (text: string) => string
  readonly outcome: (outcome: RecordedOutcome) => RecordedOutcome
  readonly host: (host: string) => string
}

/** The answers as they came. */
export const none: Disguise = { text: (text) => text, outcome: (outcome) => outcome, host: (host) => host }

/** For the answers of one host, with the key of one record. */
export const make = (key: Uint8Array, tenant: string): Disguise => {
  const pseudonyms = Pseudonym.make(key)

  /** Always a host as Duo's are, so that nobody elsewhere is named. */
  const host = (name: string) => {
    const [, id = "", domain = ".duosecurity.com"] = /^api-([a-z0-9]+)(\..*)$/.exec(name) ?? []
    return `api-${pseudonyms.text(id === "" ? "xxxxxxxx" : id)}${domain}`
  }

  return {
    host,
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

/** Where in a JSON text something stands: in an object or a list, of what. */
interface Place {
  readonly of: Kind | PublicFields
  readonly isObject: boolean
}

/** Goes through a JSON text without recursion, for it may be nested as deep as somebody likes. */
const disguised = (text: string, pseudonyms: Pseudonym.Pseudonyms): string => {
  const places: Array<Place> = []
  let place: Place = { of: answer, isObject: false }
  let value = place.of
  let isName = false
  let result = ""

  const name = (token: string): string => {
    const text = String(JSON.parse(token))
    // an object where a word belongs is nothing that Duo sends
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

/** The tokens of a JSON text, blanks and all. */
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
