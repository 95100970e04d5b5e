/** Why a schema refuses Duo's answer, and where. */
import type { SchemaIssue } from "effect"

/** The path is like `response[3].phones[0].phone_id`. A refusal never shows the value. */
export interface Refusal {
  readonly where: string
  readonly why: "is missing" | "has the wrong type" | "has an impossible value"
}

/** Stands for a value of the right type that cannot be right. No schema accepts it. */
export const impossible = Symbol("impossible")

/** The refusal of the first thing that a schema did not accept at a path. */
export const refusal = (issue: SchemaIssue.Issue, where: string): Refusal => {
  switch (issue._tag) {
    case "Pointer":
      return refusal(issue.issue, issue.path.reduce<string>(step, where))
    case "Composite":
      return refusal(issue.issues[0], where)
    case "MissingKey":
      return { where, why: "is missing" }
    case "AnyOf":
      // A nullable value has one issue from its own schema, or none if its type is wrong.
      return issue.issues[0] === undefined ? mistyped(issue, where) : refusal(issue.issues[0], where)
    case "InvalidType":
      return mistyped(issue, where)
    default:
      return { where, why: "has an impossible value" }
  }
}

const mistyped = (issue: SchemaIssue.Issue, where: string): Refusal => ({
  where,
  why: issue.input === impossible ? "has an impossible value" : "has the wrong type"
})

const step = (path: string, key: PropertyKey): string =>
  typeof key === "number" ? `${path}[${key}]` : `${path}.${fieldName(String(key))}`

/** A field's name, fit for a message. Objects may have any name as a key, even a person's. */
export const fieldName = (name: string): string => /^[A-Za-z_][\w-]{0,63}$/.test(name) ? name : "(unusual name)"
