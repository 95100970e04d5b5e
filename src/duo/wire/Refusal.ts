/** Says why a schema refuses Duo's answer, and where. */
import type { SchemaIssue } from "effect"

/** `where` is a path such as `response[3].phones[0].phone_id`. A refusal never shows the value. */
export interface Refusal {
  readonly where: string
  readonly why: "is missing" | "has the wrong type" | "has an impossible value"
}

/** Replaces a value that has the right type and cannot be right. No schema accepts it. */
export const impossible = Symbol("impossible")

/** The refusal of the first value that a schema did not accept. */
export const refusal = (issue: SchemaIssue.Issue, where: string): Refusal => {
  switch (issue._tag) {
    case "Pointer":
      return refusal(issue.issue, issue.path.reduce<string>(step, where))
    case "Composite":
      return refusal(issue.issues[0], where)
    case "MissingKey":
      return { where, why: "is missing" }
    case "AnyOf":
      // a nullable value has one issue from its own schema, or none if its type is wrong
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

/** The name of a field as a message may show it. The key of an object can be any text, even a person's name. */
export const fieldName = (name: string): string => /^[A-Za-z_][\w-]{0,63}$/.test(name) ? name : "(unusual name)"
