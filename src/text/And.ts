/** Joins names as a sentence does. */
const list = new Intl.ListFormat("en", { style: "long", type: "conjunction" })

/** Names in a sentence: "a", "a and b", "a, b, and c". */
export const and = (names: Iterable<string>): string => list.format(names)
