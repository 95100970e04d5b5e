/** Microseconds since 1970 as RFC 3339 text in UTC, exact over the whole range of 64 bits, where `Date` is not. */

const day = 86_400_000_000n

/** Days since 1970 as a proleptic Gregorian date: http://howardhinnant.github.io/date_algorithms.html#civil_from_days */
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

/**
 * `2026-11-23T20:15:00Z`, with six digits of a second when they are not zero. Years past 9999 have more digits, years
 * before 0 a sign.
 */
export const format = (micros: bigint): string => {
  const date = civil(Number((micros - ((micros % day) + day) % day) / day))
  const rest = Number(((micros % day) + day) % day)
  const seconds = Math.floor(rest / 1_000_000)
  const fraction = rest % 1_000_000
  const year = date.year < 0 ? `-${pad(-date.year, 4)}` : pad(date.year, 4)
  return `${year}-${pad(date.month, 2)}-${pad(date.day, 2)}T${pad(Math.floor(seconds / 3600), 2)}:${
    pad(Math.floor(seconds / 60) % 60, 2)
  }:${pad(seconds % 60, 2)}${fraction === 0 ? "" : `.${pad(fraction, 6)}`}Z`
}
