/** The report in a browser: Chromium opens it, and the figures on the page are compared with the ledger. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Report from "../known/report.ts"
import { png } from "../report/pixel.ts"
import { command } from "../support/processes/command.ts"
import { chromium, open } from "../support/servers/chromium.ts"

const ledger = Report.at(27_062)

let folder = ""

if (chromium === undefined) {
  process.stderr.write(
    "\n*** LEFT OUT: nothing opens the report in a browser, because there is no Chromium on the PATH.\n" +
      "*** Get one with `apt-get install chromium`, or from your system's packages, and run the tests again.\n\n"
  )
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-browser-"))
  await Effect.runPromise(ledger.make(`${folder}/data`).pipe(Effect.provide(NodeServices.layer)))
  await Effect.runPromise(command(folder, ["report"], { DUO_MFA_DATA: "data" }))
}, 180_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Opens the page in a browser. */
const opened = Effect.suspend(() => open(chromium ?? "", `${folder}/data/report.html`))

/** The texts with a contrast of less than 4.5 to 1 against their background, and that contrast. */
const faint = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = colour
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const light = (colour) => {
    const [r, g, b] = rgb(colour).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ratio = (a, b) => {
    const [low, high] = [light(a), light(b)].sort((x, y) => x - y)
    return (high + 0.05) / (low + 0.05)
  }
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const { backgroundColor } = getComputedStyle(e)
      if (rgb(backgroundColor)[3] === 255) return backgroundColor
    }
    return "white"
  }
  const found = []
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  let seen = 0
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement
    if (walk.currentNode.data.trim() === "" || !element.checkVisibility()) continue
    seen++
    const style = getComputedStyle(element)
    const contrast = ratio(element instanceof SVGElement ? style.fill : style.color, behind(element))
    if (contrast < 4.5) found.push(walk.currentNode.data + " " + contrast.toFixed(2))
  }
  const style = getComputedStyle(document.documentElement)
  const paint = ["mfa", "phishing_resistant", "device_bound", "push", "otp", "telephony", "none", "better", "worse"]
  for (const name of paint) {
    const contrast = ratio(style.getPropertyValue("--" + name), style.getPropertyValue("--page"))
    if (contrast < 3) found.push("--" + name + " " + contrast.toFixed(2))
  }
  return { seen, found }
})()`

describe.skipIf(chromium === undefined)("the report in a browser", () => {
  it.live("shows the ledger's figures", () =>
    Effect.gen(function*() {
      const page = yield* opened
      const shown = yield* Effect.promise(() =>
        page.evaluate<Readonly<Record<string, string>>>(
          `Object.fromEntries([...document.querySelectorAll('[data-tenant="${ledger.tenant}"] [data-figure]')]
             .map((element) => [element.dataset.figure, element.textContent]))`
        )
      )
      for (const [name, sql] of Object.entries(Report.figures)) {
        const [row = {}] = yield* ledger.ask(`${folder}/data`, sql)
        assert.strictEqual(shown[name], Object.values(row)[0], name)
      }
    }).pipe(Effect.scoped))

  it.live("makes no request, runs no script, and has nothing that its policy refuses", () =>
    Effect.gen(function*() {
      const page = yield* opened
      const strange = yield* Effect.promise(() =>
        page.evaluate("document.querySelectorAll('script, img, iframe, link, [style], [onerror]').length")
      )
      assert.strictEqual(strange, 0)
      assert.deepStrictEqual(page.complaints, [])
      assert.deepStrictEqual(page.requests, [`file://${folder}/data/report.html`])
      // the policy works: it refuses a style attribute
      yield* Effect.promise(() => page.evaluate("document.body.setAttribute('style', 'margin: 99px')"))
      assert.notStrictEqual(
        yield* Effect.promise(() => page.evaluate("getComputedStyle(document.body).marginTop")),
        "99px"
      )
    }).pipe(Effect.scoped))

  it.live("shows a logo, which its policy permits", () =>
    Effect.gen(function*() {
      writeFileSync(`${folder}/logo.png`, png)
      yield* command(folder, ["report", "--logo", "logo.png", "--output", "logo.html"], { DUO_MFA_DATA: "data" })
      const page = yield* open(chromium ?? "", `${folder}/logo.html`)
      assert.strictEqual(
        yield* Effect.promise(() => page.evaluate("document.querySelector('img.logo').naturalWidth")),
        1
      )
      assert.deepStrictEqual(page.complaints, [])
    }).pipe(Effect.scoped))

  for (const width of [1280, 390, 320]) {
    it.live(`fits a window of ${width} pixels, with letters that are large enough`, () =>
      Effect.gen(function*() {
        const page = yield* opened
        yield* Effect.promise(() => page.look({ width }))
        assert.isAtMost(
          yield* Effect.promise(() => page.evaluate<number>("document.documentElement.scrollWidth")),
          width
        )
        const heights = yield* Effect.promise(() =>
          page.evaluate<ReadonlyArray<number>>(
            `[...document.querySelectorAll(".chart text")].filter((text) => text.checkVisibility())
               .map((text) => text.getBoundingClientRect().height)`
          )
        )
        assert.isNotEmpty(heights)
        assert.isAbove(Math.min(...heights), 9)
      }).pipe(Effect.scoped))
  }

  for (const dark of [false, true]) {
    it.live(`has enough contrast when it is ${dark ? "dark" : "light"}`, () =>
      Effect.gen(function*() {
        const page = yield* opened
        yield* Effect.promise(() => page.look({ width: 1280, dark }))
        yield* Effect.promise(() => page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)"))
        const background = yield* Effect.promise(() => page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert.strictEqual(background, dark ? "rgb(20, 24, 29)" : "rgb(255, 255, 255)")
        const { found, seen } = yield* Effect.promise(() =>
          page.evaluate<{ readonly found: ReadonlyArray<string>; readonly seen: number }>(faint)
        )
        assert.isAbove(seen, 200)
        assert.deepStrictEqual(found, [])
      }).pipe(Effect.scoped))
  }

  it.live("prints, with the number and the tenant on every sheet", () =>
    Effect.gen(function*() {
      const page = yield* opened
      const boxes = yield* Effect.promise(() =>
        page.evaluate<ReadonlyArray<string>>(
          `[...document.styleSheets[0].cssRules].filter((rule) => rule instanceof CSSMediaRule)
             .flatMap((rule) => [...rule.cssRules]).filter((rule) => rule instanceof CSSPageRule)
             .flatMap((sheet) => [...sheet.cssRules].map((box) => sheet.selectorText + " " + box.cssText))`
        )
      )
      assert.isTrue(
        boxes.some((box) => /@bottom-right .*content: counter\(page\) " \/ " counter\(pages\)/.test(box)),
        boxes.join()
      )
      for (const [index, tenant] of [ledger.tenant, ledger.young].entries()) {
        assert.isTrue(
          boxes.some((box) => box.startsWith(`tenant-${index} @top-left`) && box.includes(`"${tenant}"`)),
          tenant
        )
      }
      const pdf = yield* Effect.promise(() => page.pdf())
      assert.strictEqual(pdf.subarray(0, 5).toString(), "%PDF-")
    }).pipe(Effect.scoped))
})
