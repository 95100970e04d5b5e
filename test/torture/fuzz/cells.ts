/**
 * The cell that a value of Duo must become, implemented a second time from the documentation, without the program's
 * code.
 */

/** The value cannot be in a row: the whole answer must be refused. */
export class Refused extends Error {}

export type Fields = Readonly<Record<string, unknown>>

const refused = new Refused()

export const refuse = (): never => {
  throw refused
}
export const nothing = (value: unknown) => value === undefined || value === null

export const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : refuse()

const digits = (value: number) =>
  Number.isFinite(value) && (value % 1 !== 0 || Math.abs(value) < 2 ** 53) ? String(value) : refuse()

export const text = (value: unknown): string | null =>
  nothing(value) || value === ""
    ? null
    : typeof value === "string"
    ? value
    : typeof value === "boolean"
    ? `${value}`
    : typeof value === "number"
    ? digits(value)
    : refuse()

/** The id has lost a character, so it does not tell whose it is. */
const isLost = (value: string) => value.includes("\ufffd")

export const id = (value: unknown): string =>
  typeof value === "string" && value !== "" && !isLost(value)
    ? value
    : typeof value === "number"
    ? digits(value)
    : refuse()

export const flag = (value: unknown): boolean | null => {
  if (nothing(value) || value === "") return null
  const word = typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? `${value}`.toLowerCase()
    : refuse()
  if (word === "true" || word === "1") return true
  return word === "false" || word === "0" ? false : refuse()
}

export const int = (value: unknown): number | null => {
  if (nothing(value) || value === "") return null
  if (typeof value === "string") return /^-?[0-9]{1,16}(\.0*[0])?$/.test(value) ? int(parseFloat(value)) : refuse()
  return typeof value === "number" && value % 1 === 0 && Math.abs(value) < 2 ** 53 ? value : refuse()
}

/** Unix seconds as microseconds. */
export const time = (value: unknown): bigint | null => {
  if (nothing(value) || value === "") return null
  if (typeof value === "string") {
    const sign = value.startsWith("-")
    const [whole = "", ...rest] = value.slice(sign ? 1 : 0).split(".")
    if (rest.length > 1 || !/^[0-9]{1,16}$/.test(whole) || (rest.length === 1 && !/^[0-9]+$/.test(rest[0] ?? ""))) {
      return refuse()
    }
    const size = BigInt(whole)
    return within(sign ? -size - (/[^0]/.test(rest[0] ?? "0") ? 1n : 0n) : size)
  }
  return typeof value === "number" && Number.isFinite(value) ? within(BigInt(Math.floor(value))) : refuse()
}

const within = (seconds: bigint) => seconds >= -62135596800n && seconds <= 253402300799n ? seconds * 1000000n : refuse()

/** `last_seen`, which is a text. A text that is not a time is not refused. */
export const seen = (value: string | null): bigint | null => {
  const form = /^(\d\d\d\d)-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/
  const [, year, month, day, hour, minute, second, fraction = ".", zone = "Z"] = form.exec(value ?? "") ?? []
  if (year === undefined) return null
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = [year, month, day, hour, minute, second].map(Number)
  const days = [31, y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  if (d < 1 || d > (days[mo - 1] ?? 0) || h > 23 || mi > 59 || s > 59) return null
  const at = new Date(0)
  at.setUTCFullYear(y, mo - 1, d)
  at.setUTCHours(h, mi, s)
  let offset = 0
  if (zone !== "Z") {
    const [zoneHours, zoneMinutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))]
    if (zoneHours > 23 || zoneMinutes > 59) return null
    offset = (zone.startsWith("-") ? -1 : 1) * (zoneHours * 60 + zoneMinutes) * 60
  }
  const seconds = BigInt(at.getTime() / 1000 - offset)
  if (seconds < -62135596800n || seconds > 253402300799n) return null
  return seconds * 1000000n + BigInt(fraction.slice(1, 7).padEnd(6, "0"))
}

export const isNone = (value: unknown) =>
  nothing(value) || value === "" || (typeof value === "object" && value !== null && Object.keys(value).length === 0)

export const list = (value: unknown): ReadonlyArray<unknown> =>
  Array.isArray(value) ? value.filter((item) => item !== null) : isNone(value) ? [] : refuse()

export const joined = (texts: ReadonlyArray<string | null>) =>
  [...new Set(texts.filter((one) => one !== null))].sort().join(", ") || null
