/** Values that Duo may send in the fields of an object: texts, times, numbers and lists. */
import type { Dice, NonEmpty } from "../../../src/emulator/people/Dice.ts"

/** Makes a value from dice. */
export type Make<A> = (dice: Dice) => A

/** Characters beyond U+FFFF, after the surrogates, or difficult for regular expressions and for letter case. */
const words: NonEmpty<string | null> = [
  null,
  "",
  "a",
  "A",
  "b",
  "ab",
  "a, b",
  " ",
  "\0",
  "a\0b",
  "\n",
  "ü",
  "u\u0308",
  "😀",
  "😀a",
  "\u{1F600}\u{10FFFF}",
  "\u{10FFFE}a",
  "\u{10FFFF}",
  "\u{10000}",
  "\uE000",
  "\uFB01",
  "\uFEFFmark",
  "\uFEFF\uFEFF",
  "\uFFFD",
  "\uFFFF",
  "\uD7FF",
  "a\uFFFDb",
  "a😀",
  "İ",
  "=cmd|' /C calc'!A0",
  "x".repeat(300)
]
export const text: Make<string | null> = (dice) => dice.pick(words)

/** Characters whose order differs between UTF-8 and UTF-16, and their neighbours. */
const edges: NonEmpty<string> = [
  "",
  "a",
  "\uD7FF",
  "\uE000",
  "\uFFFF",
  "\u{10000}",
  "\u{10FFFE}",
  "\u{10FFFF}",
  "\0",
  "\x01"
]

/** Texts, mostly of few characters, so that one is often the beginning of another. */
export const texts: Make<ReadonlyArray<string | null>> = (dice) =>
  Array.from(
    { length: dice.below(6) },
    () => dice.chance(10) ? text(dice) : dice.pick(edges) + dice.pick(edges) + dice.pick(edges)
  )

const few: NonEmpty<string> = ["1", "2", "3", "a", "A", "😀", "\uFB01", "İ"]
export const id = (prefix: string): Make<string> => (dice) => `${prefix}${dice.pick(few)}`

export const flag: Make<boolean | null> = (dice) => dice.pick<boolean | null>([null, true, false])

export const time: Make<number | null> = (dice) =>
  dice.pick<number | null>([
    null,
    0,
    -1,
    1,
    1_700_000_000,
    1_793_500_000,
    1_793_500_001,
    -62_135_596_800,
    253_402_300_799,
    dice.below(2 ** 32)
  ])

export const integer: Make<number | null> = (dice) =>
  dice.pick<number | null>([null, 0, 1, -1, 30, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])

/** The text in an unusual letter case. */
const cased = (dice: Dice, word: string) =>
  [...word].map((letter) =>
    dice.chance(20)
      ? letter.toUpperCase()
      : dice.chance(2)
      ? letter.replace("i", "İ").replace("k", "\u212A").replace("s", "ſ")
      : letter
  ).join("")

export const oneOf = (...known: NonEmpty<string>): Make<string | null> => (dice) =>
  dice.chance(15) ? text(dice) : cased(dice, dice.pick(known))

export const list = <A>(item: Make<A>, most = 3): Make<ReadonlyArray<A>> => (dice) =>
  Array.from({ length: dice.chance(40) ? 1 : dice.below(most + 1) }, () => item(dice))

const digits = (dice: Dice, count: number) => String(dice.below(10 ** count)).padStart(count, "0")

/** Texts, of which most are almost a time. */
export const lastSeen: Make<string | null> = (dice) => {
  if (dice.chance(10)) return text(dice)
  const year = dice.pick(["2022", "2024", "0000", "0001", "9999", digits(dice, 4)])
  const month = dice.pick(["01", "02", "12", digits(dice, 2)])
  const day = dice.pick(["01", "28", "29", "30", "31", digits(dice, 2)])
  const clock = dice.pick(["00:00:00", "23:59:59", "24:00:00", "12:60:00", "12:00:60", "07:39:49", "7:39:49"])
  const fraction = dice.chance(50) ? "" : `.${digits(dice, dice.below(11))}`
  const zone = dice.pick<string>([
    "",
    "",
    "Z",
    "z",
    "+00:00",
    "-01:00",
    "+0530",
    "+23:59",
    "-23:59",
    "+24:00",
    "+05",
    "-",
    " ",
    "\n",
    " UTC"
  ])
  return `${year}-${month}-${day}${dice.pick(["T", " ", "T", "t", "  "])}${clock}${fraction}${zone}`
}
