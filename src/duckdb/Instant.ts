/** Formats microseconds since 1970 as RFC 3339 text in UTC. It is exact for all 64-bit numbers; `Date` is not. */

const million = 1_000_000n
const secondsOfDay = 86_400

/**
 * Days since 1970 as a proleptic Gregorian date: http://howardhinnant.github.io/date_algorithms.html#civil_from_days
 */
const civil = (days: number) => {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  }
}

const pad = (value: number, digits: number) => String(value).padStart(digits, "0")

/** Remembers the texts of dates, because the rows of a run have few different ones. */
const dates = new Map<number, string>()
const datesMax = 10_000

const dateOf = (days: number): string => {
  const known = dates.get(days)
  if (known !== undefined) return known
  const { day, month, year } = civil(days)
  const text = `${year < 0 ? `-${pad(-year, 4)}` : pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
  if (dates.size < datesMax) dates.set(days, text)
  return text
}

/** `00` to `59`. */
const sixty = Array.from({ length: 60 }, (_, value) => pad(value, 2))

/**
 * Such as `2026-11-23T20:15:00Z`; if the microseconds are not zero, the second has six decimals. Years after 9999 have
 * more digits, and years before 0 have a minus sign.
 */
export const format = (micros: bigint): string => {
  const whole = Number(micros / million)
  const rest = Number(micros % million)
  const seconds = rest < 0 ? whole - 1 : whole
  const fraction = rest < 0 ? rest + 1_000_000 : rest
  const days = Math.floor(seconds / secondsOfDay)
  const time = seconds - days * secondsOfDay
  return `${dateOf(days)}T${sixty[Math.floor(time / 3600)]}:${sixty[Math.floor(time / 60) % 60]}:${sixty[time % 60]}${
    fraction === 0 ? "" : `.${pad(fraction, 6)}`
  }Z`
}
