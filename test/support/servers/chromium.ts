/** Opens files in Chromium and reads what is on the page, with the DevTools protocol over two pipes. */
import { Effect, type Scope } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { pathToFileURL } from "node:url"

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
const places = [
  "/usr/bin",
  "/usr/local/bin",
  "/snap/bin",
  "/opt/google/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS",
  "/Applications/Chromium.app/Contents/MacOS"
]

/** The path of a Chromium, from PATH or from its usual places; undefined if there is none. */
export const chromium = [...(process.env["PATH"] ?? "").split(delimiter), ...places]
  .flatMap((folder) => [...names, "Google Chrome", "Chromium"].map((name) => join(folder, name)))
  .find((file) => existsSync(file) && spawnSync(file, ["--version"]).status === 0)

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly message: string }
}

export interface Look {
  readonly width: number
  readonly dark?: boolean
}

export interface Page {
  /** The value of an expression on the page. The page's content security policy does not apply to it. */
  readonly evaluate: <A>(expression: string) => Promise<A>
  /** Sets the medium, the colours and the size. */
  readonly look: (look: Look) => Promise<void>
  /** A PNG of the upper left part of the page. */
  readonly screenshot: (size: { readonly width: number; readonly height: number }) => Promise<Buffer>
  readonly pdf: () => Promise<Buffer>
  /** The browser's complaints: things that the policy refused, and files that could not be loaded. */
  readonly complaints: ReadonlyArray<string>
  /** Addresses that were requested, including the page's own. */
  readonly requests: ReadonlyArray<string>
}

/** Opens a file. The browser ends when the scope closes. */
export const open = (executable: string, file: string): Effect.Effect<Page, never, Scope.Scope> =>
  Effect.gen(function*() {
    const profile = mkdtempSync(join(tmpdir(), "duo-mfa-chromium-"))
    const child = spawn(
      executable,
      [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        `--user-data-dir=${profile}`,
        "--remote-debugging-pipe"
      ],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] }
    )
    const ended = new Promise((resolve) => child.once("exit", resolve))
    yield* Effect.addFinalizer(() =>
      Effect.promise(async () => {
        child.kill("SIGKILL")
        await ended
        rmSync(profile, { recursive: true, force: true, maxRetries: 10 })
      })
    )
    return yield* Effect.promise(() =>
      speak(child.stdio[3] as NodeJS.WritableStream, child.stdio[4] as NodeJS.ReadableStream, file)
    )
  })

const speak = async (to: NodeJS.WritableStream, from: NodeJS.ReadableStream, file: string): Promise<Page> => {
  const waiting = new Map<number, (message: Message) => void>()
  const heard = new Map<string, () => void>()
  const complaints: Array<string> = []
  const requests: Array<string> = []
  let text = ""
  let last = 0

  const hear = (message: Message) => {
    if (message.id !== undefined) return waiting.get(message.id)?.(message)
    heard.get(message.method ?? "")?.()
    const request = message.params?.["request"] as { readonly url: string } | undefined
    if (message.method === "Network.requestWillBeSent" && request !== undefined) requests.push(request.url)
    if (["Log.entryAdded", "Runtime.exceptionThrown", "Audits.issueAdded"].includes(message.method ?? "")) {
      complaints.push(JSON.stringify(message.params))
    }
  }
  from.on("data", (data) => {
    const messages = (text + String(data)).split("\0")
    text = messages.pop() ?? ""
    for (const message of messages) hear(JSON.parse(message) as Message)
  })

  const send = (sessionId: string | undefined, method: string, params: object = {}) =>
    new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
      const id = ++last
      waiting.set(
        id,
        ({ error, result = {} }) => error === undefined ? resolve(result) : reject(new Error(error.message))
      )
      to.write(`${JSON.stringify({ id, method, params, ...sessionId === undefined ? {} : { sessionId } })}\0`)
    })

  const { targetId } = await send(undefined, "Target.createTarget", { url: "about:blank" })
  const { sessionId } = await send(undefined, "Target.attachToTarget", { targetId, flatten: true })
  const ask = (method: string, params?: object) => send(String(sessionId), method, params)
  for (const domain of ["Page", "Runtime", "Log", "Network", "Audits"]) await ask(`${domain}.enable`)
  const loaded = new Promise<void>((resolve) => heard.set("Page.loadEventFired", resolve))
  await ask("Page.navigate", { url: pathToFileURL(file).href })
  await loaded

  return {
    evaluate: async <A>(expression: string) => {
      const { exceptionDetails, result } = await ask("Runtime.evaluate", { expression, returnByValue: true })
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
      return (result as { readonly value: A }).value
    },
    look: async ({ dark = false, width }) => {
      await ask("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 })
      await ask("Emulation.setEmulatedMedia", {
        features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]
      })
    },
    screenshot: async (size) => {
      const clip = { x: 0, y: 0, ...size, scale: 1 }
      const { data } = await ask("Page.captureScreenshot", { captureBeyondViewport: true, clip })
      return Buffer.from(String(data), "base64")
    },
    pdf: async () => Buffer.from(String((await ask("Page.printToPDF", { preferCSSPageSize: true }))["data"]), "base64"),
    complaints,
    requests
  }
}
