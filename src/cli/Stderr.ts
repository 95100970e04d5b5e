/**
 * Standard error: log lines, and the progress of a run. On a terminal progress is one line that is written anew;
 * elsewhere it is a log line for every tenth. Standard output is for data.
 */
import { Clock, Effect, Layer, Logger } from "effect"
import { Progress } from "../Progress.ts"
import * as Arrival from "./Arrival.ts"

const isTerminal = process.stderr.isTTY && process.env.TERM !== "dumb"

/** The progress line that is on the terminal now. */
let line = ""

const draw = (text: string) => {
  if (line !== "" || text !== "") process.stderr.write(`\r\u001b[K${text}`)
  line = text
}

/** Prints a line, above the progress if there is any. */
export const print = (text: string): void => {
  const below = line
  draw("")
  process.stderr.write(`${text}\n`)
  draw(below)
}

/** Shows on a terminal what is going on, until the next line. */
export const show = (text: string): void => {
  if (isTerminal) draw(text)
}

/** Takes the progress line away. */
export const done = Effect.sync(() => draw(""))

/** Log lines: the level if it is not the usual one, and the message. */
export const logger = Logger.layer([
  Logger.make(({ logLevel, message }) => {
    const text = [message].flat().map((part) => typeof part === "string" ? part : JSON.stringify(part)).join(" ")
    print(logLevel === "Info" ? text : `${logLevel.toLowerCase()}: ${text}`)
  })
])

const count = new Intl.NumberFormat("en")

const verbs = { reading: "", proving: "again, to prove it: ", writing: "writing: " } as const

const say = ({ pages, seen, stage, total, what }: Progress) =>
  `${verbs[stage]}${count.format(seen)}${total === null ? "" : ` of ${count.format(total)}`} ${what}, ${
    count.format(pages)
  } ${pages === 1 ? "page" : "pages"}`

/** Shows how far the run is. */
export const progress = Layer.sync(Progress, () => {
  let tenth = 0
  let stage: Progress["stage"] = "reading"
  let arrival = Arrival.start
  return (now) => {
    if (isTerminal) {
      return Effect.map(Clock.monotonicTimeNanos, (nanos) => {
        arrival = Arrival.observe(arrival, now, Number(nanos / 1_000_000n))
        draw([say(now), Arrival.say(arrival)].filter((part) => part !== "").join(", "))
      })
    }
    if (now.stage === "writing") return Effect.void
    if (now.stage !== stage) tenth = 0
    stage = now.stage
    const reached = now.total === null || now.total === 0 ? 0 : Math.floor(now.seen * 10 / now.total)
    if (reached <= tenth) return Effect.void
    tenth = reached
    return Effect.logInfo(say(now))
  }
})
