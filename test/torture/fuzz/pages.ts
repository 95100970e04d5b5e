/**
 * Answers of Duo that are almost right: users and bypass codes of the emulator with parts dropped, retyped, or doubled.
 */
import type { Dice, NonEmpty } from "../../../src/emulator/people/Dice.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { names, odd, raws, sharp } from "./values.ts"

const seeds: NonEmpty<number> = [1, 2, 3]
const tenants = seeds.map((seed) => Tenant.make({ people: "hostile", users: 300, seed }))
const users = tenants.flatMap((tenant) => Array.from({ length: 300 }, (_, at) => tenant.text(at)))
const codes = tenants.flatMap((tenant) =>
  Array.from({ length: tenant.bypassCodes() }, (_, at) => tenant.bypassCode(at))
)

type Container = Record<string, unknown> | Array<unknown>

const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null

const containers = (value: unknown, found: Array<Container> = []): Array<Container> => {
  if (isContainer(value)) {
    found.push(value)
    for (const inner of Object.values(value)) containers(inner, found)
  }
  return found
}

const copy = (value: unknown): unknown => isContainer(value) ? JSON.parse(JSON.stringify(value)) : value

const put = (into: Container, name: PropertyKey, value: unknown) =>
  Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true })

/** A text that needs no escapes, which the writer puts between quotes as it is. */
const raw = (dice: Dice) => `@raw${dice.below(raws.length)}@`

const value = (dice: Dice) =>
  dice.chance(40) ? copy(dice.pick(sharp)) : dice.chance(12) ? raw(dice) : copy(dice.pick(odd))

/** The same value, or nearly the same, written in another way. */
const spelled = (dice: Dice, was: unknown): unknown => {
  switch (typeof was) {
    case "boolean":
      return dice.pick<unknown>([`${was}`, `${was}`.toUpperCase(), Number(was), `${Number(was)}`, "", 2, [was]])
    case "number":
      return dice.pick<unknown>([`${was}`, `${was}.0`, `${was}.5`, `-${was}`, was + 0.5, -was, "", was !== 0])
    case "string":
      return dice.pick<unknown>([Number(was), `${was} `, was.toUpperCase(), [was], [was, was], { value: was }])
    default:
      return dice.pick<unknown>([JSON.stringify(was), [was], { value: was }, [[was]], [was, was], [null, was], ""])
  }
}

/** The same value, written in another way that must be accepted. */
const alike = (dice: Dice, was: unknown): unknown => {
  switch (typeof was) {
    case "boolean":
      return dice.pick<unknown>([was, `${was}`, `${was}`.toUpperCase(), Number(was), `${Number(was)}`, null, ""])
    case "number":
      return dice.pick<unknown>([was, `${was}`, `${was}.0`, `${was}.000`, was, null, ""])
    case "string":
      return dice.pick<unknown>([
        was,
        `${was} `,
        was.toUpperCase(),
        dice.below(99),
        dice.below(99) / 8,
        dice.chance(50)
      ])
    default:
      return Array.isArray(was) ? dice.pick<unknown>([[null, ...was], [...was, ...was], was.toReversed()]) : was
  }
}

/** The names of fields that are times. */
const times = /^(created|last_login|last_directory_sync|date_added|expiration)$/
const time = (dice: Dice) => {
  const second = dice.below(4_000_000_000) - 2_000_000_000
  const text = `${second}.${dice.pick<string>(["0", "000", "5", "999999999", "000000001"])}`
  return dice.chance(3)
    ? dice.pick<unknown>([253_402_300_800, "253402300800", -62_135_596_801, second * 1000])
    : dice.pick<unknown>([second, `${second}`, second + 0.5, text])
}

/** Writes about a third of all values in another way that must be accepted; the envelope stays. */
const respellAll = (dice: Dice, page: Container) => {
  for (const of of containers(Reflect.get(page, "response")).slice(1)) {
    for (const name of Object.keys(of)) {
      const was: unknown = Reflect.get(of, name)
      if (dice.chance(33)) put(of, name, times.test(name) ? time(dice) : alike(dice, was))
    }
  }
}

/** The changes that can be made to a member of an object or of a list. */
const operations = {
  drop: (_: Dice, of: Container, name: string) => {
    if (Array.isArray(of)) of.splice(Number(name), 1)
    else delete of[name]
  },
  add: (dice: Dice, of: Container) =>
    Array.isArray(of) ? of.splice(dice.below(of.length + 1), 0, value(dice)) : put(of, dice.pick(names), value(dice)),
  retype: (dice: Dice, of: Container, name: string) => put(of, name, value(dice)),
  respell: (dice: Dice, of: Container, name: string) => put(of, name, spelled(dice, Reflect.get(of, name))),
  nest: (dice: Dice, of: Container, name: string) =>
    put(of, name, dice.chance(50) ? [Reflect.get(of, name)] : { [dice.pick(names)]: Reflect.get(of, name) }),
  duplicate: (dice: Dice, of: Container, name: string) =>
    Array.isArray(of) ? of.push(copy(of[Number(name)])) : put(of, dice.pick(names), copy(of[name]))
}
export const changes = Object.keys(operations) as ReadonlyArray<string> as NonEmpty<keyof typeof operations>

export const mutate = (dice: Dice, page: unknown): keyof typeof operations => {
  const all = containers(page)
  const of = all[dice.below(all.length)] ?? []
  const members = Object.keys(of)
  const change = members.length === 0 ? "add" : dice.pick(changes)
  operations[change](dice, of, members[dice.below(members.length)] ?? "0")
  return change
}

/** Replaces a text wherever it occurs. */
export const putPath = (dice: Dice, page: unknown, path: string) => {
  const places = containers(page).flatMap((of) =>
    Object.entries(of).flatMap(([name, text]) => typeof text === "string" ? [[of, name] as const] : [])
  )
  const [of, name] = places[dice.below(places.length)] ?? []
  if (of !== undefined && name !== undefined) put(of, name, path)
}

export const write = (page: unknown) =>
  JSON.stringify(page).replaceAll(/"@raw(\d+)@"/g, (_, at: string) => raws[Number(at)] ?? "null")

export interface Fuzzed {
  readonly text: string
  /** The changes that were made. */
  readonly changed: ReadonlyArray<string>
}

/** A JSON text in which a field is there twice. */
const twice = (dice: Dice, text: string) => {
  const places = [...text.matchAll(/\{(?=")/g)].map(({ index }) => index + 1)
  const at = places[dice.below(places.length)] ?? 1
  return `${text.slice(0, at)}${JSON.stringify(dice.pick(names))}:${JSON.stringify(dice.pick(odd))},${text.slice(at)}`
}

/** An answer with one or two objects, after up to four changes. */
const page = (from: ReadonlyArray<string>) => (dice: Dice): Fuzzed => {
  const some = Array.from({ length: dice.chance(10) ? 2 : 1 }, () => from[dice.below(from.length)])
  const answer: unknown = JSON.parse(
    `{"metadata":{"total_objects":${some.length}},"response":[${some.join()}],"stat":"OK"}`
  )
  if (isContainer(answer) && dice.chance(20)) {
    respellAll(dice, answer)
    return { text: write(answer), changed: ["everything spelled otherwise"] }
  }
  const changed: Array<string> = Array.from({ length: dice.below(4) }, () => mutate(dice, answer))
  const text = write(answer)
  if (!dice.chance(5)) return { text, changed }
  return { text: twice(dice, text), changed: [...changed, "a field twice"] }
}
export const userPage = page(users)
export const codePage = page(codes)

const anything = (dice: Dice, depth: number): unknown => {
  const size = dice.below(4)
  if (depth === 0 || dice.chance(40)) return value(dice)
  if (dice.chance(50)) return Array.from({ length: size }, () => anything(dice, depth - 1))
  const object = {}
  for (let n = 0; n < size; n++) put(object, dice.pick(names), anything(dice, depth - 1))
  return object
}

/** Any JSON, mostly as the list of an answer. */
export const anyJson = (dice: Dice): Fuzzed => {
  const json = write(anything(dice, 5))
  return {
    text: dice.chance(20) ? json : `{"stat":"OK","response":${dice.chance(20) ? json : `[${json}]`}}`,
    changed: ["any JSON"]
  }
}

/** The bytes of a right answer, damaged within the first `area` bytes. */
export const damaged = (dice: Dice, original: Buffer, area = original.length): Buffer => {
  const bytes = Buffer.from(original)
  if (bytes.length === 0) return noise(dice)
  const at = dice.below(area)
  const length = 1 + dice.below(dice.chance(50) ? 4 : 400)
  switch (dice.below(6)) {
    case 0:
      bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << dice.below(8)), at)
      return bytes
    case 1:
      bytes.writeUInt8(dice.below(256), at)
      return bytes
    case 2:
      return bytes.subarray(0, at)
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)])
    default: {
      const other = Buffer.from(
        dice.pick<string>([users[dice.below(users.length)] ?? "", codes[0] ?? "", "}", "]", "\""])
      )
      const from = dice.below(other.length)
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at)])
    }
  }
}

const alphabet = "{}[]\":,0 \\"

/** Random bytes. */
export const noise = (dice: Dice): Buffer =>
  Buffer.from(
    Array.from({ length: dice.below(60) }, () =>
      dice.chance(60) ? alphabet.charCodeAt(dice.below(alphabet.length)) : dice.below(256))
  )
