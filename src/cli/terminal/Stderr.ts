/**
 * Standard error: log lines, errors, and the progress of a run. On a terminal, progress is one line that is rewritten;
 * elsewhere it is a log line for every tenth. Text from Duo cannot control the terminal. Standard output is for data.
 */
import { Clock, Effect, Layer, Logger, References } from "effect"
import { Progress } from "../../run/Progress.ts"
import * as Json from "../../text/Json.ts"
import * as Terminal from "../../text/Terminal.ts"
import * as Eta from "./Eta.ts"
import { isJson } from "./LogFormat.ts"

/** Whether standard error is a terminal, and people read it. */
export const isTerminal = process.stderr.isTTY && process.env.TERM !== "dumb" && !isJson

/** The progress line that is on the terminal now. */
let line = ""

const draw = (text: string) => {
  const shown = Terminal.safeLine(text)
  if (line !== "" || shown !== "") process.stderr.write(`\r\u001b[K${shown}`)
  line = shown
}

/** A line as JSON has it. */
interface Record {
  readonly level: string
  readonly message: string
  readonly annotations?: object
  readonly date?: Date
}

/** Prints a line above the progress line. */
const write = (pretty: string, { annotations = {}, date = new Date(), level, message }: Record): void => {
  const below = line
  draw("")
  process.stderr.write(
    `${
      isJson ? Json.stringify({ timestamp: date.toISOString(), level, message, annotations }) : Terminal.lines(pretty)
    }\n`
  )
  draw(below)
}

/** Prints a line that is not a log message; in JSON it is one. */
export const print = (text: string): void => write(text, { level: "info", message: text })

/** Prints further help for a person. Programs, which read JSON, do not get it. */
export const hint = (text: string): void => {
  if (!isJson) print(text)
}

/** Prints an error. */
export const complain = (message: string, annotations: object = {}): void =>
  write(`duo-mfa: ${message}`, { level: "error", message, annotations })

/** Shows a progress line on a terminal, until the next one replaces it. */
export const show = (text: string): void => {
  if (isTerminal) draw(text)
}

/** Prints the next step after a success, if both standard output and standard error are a terminal. */
export const next = (text: string) =>
  Effect.sync(() => {
    if (isTerminal && process.stdout.isTTY) print(`Next: ${text}`)
  })

/** Removes the progress line. */
export const done = Effect.sync(() => draw(""))

/** Prints log messages, with their level unless it is Info. */
export const logger = Logger.layer([
  Logger.make(({ date, fiber, logLevel, message: parts }) => {
    const message = [parts].flat().map((part) => typeof part === "string" ? part : JSON.stringify(part)).join(" ")
    const level = logLevel.toLowerCase()
    const annotations = fiber.getRef(References.CurrentLogAnnotations)
    const tenant = annotations["duo_mfa.tenant"]
    const text = tenant === undefined ? message : `${String(tenant)}: ${message}`
    write(logLevel === "Info" ? text : `${level}: ${text}`, { level, message, annotations, date })
  })
])

const count = new Intl.NumberFormat("en")

const verbs = { reading: "", proving: "again, to prove it: ", writing: "writing: " } as const

const progressLine = ({ pages, seen, stage, total, what }: Progress) =>
  `${verbs[stage]}${count.format(seen)}${total === null ? "" : ` of ${count.format(total)}`} ${what}, ${
    count.format(pages)
  } ${pages === 1 ? "page" : "pages"}`

/** Tells when another tenth is reached. */
export const tenths = () => {
  let tenth = 0
  return (seen: number, total: number | null) => {
    const reached = total === null || total === 0 ? 0 : Math.floor(seen * 10 / total)
    if (reached <= tenth) return false
    tenth = reached
    return true
  }
}

/** Logs how far the run is. */
export const logProgress = (line: string, counts: Partial<Progress>) =>
  Effect.annotateLogs(Effect.logInfo(line), {
    "event.name": "progress",
    ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [`duo_mfa.${name}`, count]))
  })

/** Shows how far the run is. */
export const progress = Layer.sync(Progress, () => {
  let isNextTenth = tenths()
  let stage: Progress["stage"] = "reading"
  let eta = Eta.start
  return (now) => {
    if (isTerminal) {
      return Effect.map(Clock.monotonicTimeNanos, (nanos) => {
        eta = Eta.observe(eta, now, Number(nanos / 1_000_000n))
        draw([progressLine(now), Eta.timeLeft(eta)].filter((part) => part !== "").join(", "))
      })
    }
    if (now.stage === "writing") return Effect.void
    if (now.stage !== stage) isNextTenth = tenths()
    stage = now.stage
    const { pages, seen, total } = now
    return isNextTenth(seen, total) ? logProgress(progressLine(now), { stage, seen, total, pages }) : Effect.void
  }
})
