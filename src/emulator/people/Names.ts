/** Names of invented people, in many scripts. Each has a form in letters that an e-mail address can use. */
import type { NonEmpty } from "./Dice.ts"
import { quote } from "./PythonJson.ts"

export interface Name {
  /** JSON text of the name, without its quotes. */
  readonly json: string
  readonly slug: string
}

const names = (spelled: NonEmpty<string>): NonEmpty<Name> => {
  const name = (entry: string): Name => {
    const [text = "", slug = text.toLowerCase()] = entry.split("/")
    return { json: quote(text).slice(1, -1), slug }
  }
  const [head, ...tail] = spelled
  return [name(head), ...tail.map(name)]
}

/** Some names have combining marks in decomposed form, because Duo sends both forms. */
export const firstNames = names([
  "Amara",
  "Benoît/benoit",
  "Chloé/chloe",
  "Dmitri",
  "Zoe\u0308/zoe",
  "Fatima",
  "Grace",
  "Hiro",
  "Ingrid",
  "José/jose",
  "Kwame",
  "Léa/lea",
  "Mateo",
  "Noor",
  "Olu",
  "Priya",
  "Quentin",
  "Rosa",
  "Søren/soren",
  "Tomás/tomas",
  "Uma",
  "Viktor",
  "Wanjiru",
  "Ximena",
  "Yusuf",
  "Željko/zeljko",
  "太郎/taro",
  "小芳/xiaofang",
  "지우/jiwoo",
  "محمد/muhammad",
  "לאה/leah",
  "अनिका/anika",
  "Ольга/olga",
  "Νίκος/nikos",
  "สมชาย/somchai",
  "Robin 🦊/robin",
  "D'Arcy/darcy",
  "Anne-Marie/annemarie",
  "\"Ace\"/ace",
  "Nguye\u0302\u0303n/nguyen",
  "𠮷子/yoshiko"
])

export const lastNames = names([
  "Okafor",
  "Lindqvist",
  "Müller/mueller",
  "García/garcia",
  "O'Neil/oneil",
  "van der Berg/vanderberg",
  "Kowalski",
  "Tanaka",
  "Haddad",
  "Novák/novak",
  "Silva",
  "Dubois",
  "Rossi",
  "Petrov",
  "Nakamura",
  "Mbeki",
  "Kaya",
  "Larsen",
  "Costa",
  "Schmidt",
  "Ortiz",
  "Ahmed",
  "Reyes",
  "Moreau",
  "山田/yamada",
  "王/wang",
  "김/kim",
  "العربي/alarabi",
  "כהן/cohen",
  "शर्मा/sharma",
  "Иванова/ivanova",
  "Παπαδόπουλος/papadopoulos",
  "Çelik/celik",
  "Łukasik/lukasik",
  "Smith\\Jones/smithjones",
  "Ève/eve",
  "Þórsson/thorsson"
])

/** The number of different pairs of a first and a last name. All are used before one comes a second time. */
export const pairCount = firstNames.length * lastNames.length
