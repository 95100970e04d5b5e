/** Writes figures and times as the page shows them: in English, and in UTC. */
import type { Strength } from "../../pipelines/mfa/Strength.ts"
import { type Html, html } from "./Html.ts"

const whole = new Intl.NumberFormat("en")

/** "12,345". */
export const count = (value: number) => whole.format(value)

/** "1 user", "2 users". */
export const counted = (value: number, one: string, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`

/** Percent with one decimal; NULL if the whole is zero. */
export const percent = (value: number | null) => value === null ? "–" : `${value.toFixed(1)}%`

/** A part of a whole as percent. */
export const share = (part: number, all: number) => percent(all === 0 ? null : 100 * part / all)

/** "26 Nov 2026", from milliseconds since 1970. */
export const day = (millis: number) =>
  new Date(millis).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" })

/** "26 Nov", from a day such as 2026-11-26. */
export const shortDay = (date: string) =>
  new Date(date).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" })

/** "26 Nov 2026, 01:51 UTC". */
export const instant = (millis: number) => `${day(millis)}, ${new Date(millis).toISOString().slice(11, 16)} UTC`

/** The strengths with their names and descriptions, the strongest first. */
export const strengths: ReadonlyArray<readonly [strength: Strength, name: string, what: string]> = [
  ["phishing_resistant", "Phishing-resistant", "passkeys and security keys"],
  ["device_bound", "Duo Desktop", "bound to a computer"],
  ["push", "Push", "approved on a phone"],
  ["otp", "Passcode", "from an app or a token"],
  ["telephony", "Text or call", "the weakest that Duo has"],
  ["none", "None", "a password is all it takes"]
]

/** The name of a strength on the page. */
export const strength = (name: string | null) => strengths.find(([known]) => known === name)?.[1] ?? name ?? "not known"

/** SQL that orders by strength, the weakest first. */
export const byStrength = (column: string) =>
  `list_position([${strengths.toReversed().map(([name]) => `'${name}'`).join(", ")}], ${column})`

/** The reasons of users_at_risk and admins_at_risk, with titles. */
const reasonTitles: Readonly<Record<string, string>> = {
  unprotected: "Unprotected",
  bypass: "Bypass",
  "only telephony": "Text or call only",
  "not seen for 90 days": "Not seen for 90 days",
  "no factor": "No factor",
  "can be phished": "Can be phished"
}

/** The title of one reason. */
export const reason = (name: string) => reasonTitles[name] ?? name

/** "Text or call only, bypass". */
export const reasons = (joined: string) => {
  const titles = joined.split(", ").map(reason)
  return titles.map((title, index) => index === 0 ? title : title.toLowerCase()).join(", ")
}

/** The reasons of a person, if there are any. */
export const risk = (joined: string | null, isKnown: boolean): Html =>
  joined === null ? html`${isKnown ? "no" : "not known"}` : html`<strong>${reasons(joined)}</strong>`

/** The day of the last login. */
export const lastLogin = (millis: number | null): Html =>
  millis === null ? html`never` : html`<span class="whole">${day(millis)}</span>`

/** A figure with a name in its markup, so that a program can find it. */
export const figure = (name: string, text: string | number): Html =>
  html`<span data-figure="${name}">${typeof text === "number" ? count(text) : text}</span>`

/** A figure, with "≥" before it if a part of it is not known. */
export const atLeast = (name: string, value: number, isAll: boolean): Html =>
  html`${isAll ? "" : "≥ "}${figure(name, value)}`

const sign = (text: string, value: number) => value > 0 ? `+${text}` : text.replace("-", "\u2212")

/** The change of a figure, and whether it is good. `by` is null if the earlier or the later figure is not known. */
export const change = (
  name: string,
  by: number | null,
  unit: "" | " pts",
  wanted: "more" | "less" | "either"
): Html => {
  if (by === null) return html`<span class="same" data-figure="${name}">change not known</span>`
  const text = unit === "" ? count(by) : by.toFixed(1)
  if (Number(text.replaceAll(",", "")) === 0) return html`<span class="same" data-figure="${name}">no change</span>`
  const moved = html`<span data-figure="${name}">${sign(text, by)}</span>${unit}`
  if (wanted === "either") return moved
  const isBetter = (by > 0) === (wanted === "more")
  return html`<span class="${isBetter ? "better" : "worse"}">${moved}<span class="unseen">${
    isBetter ? ", better" : ", worse"
  }</span></span>`
}
