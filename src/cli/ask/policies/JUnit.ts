/** Verdicts as JUnit XML for CI systems: a broken policy is a failure, and one whose verdict is not known is an error. */
import * as Xml from "../../../text/Xml.ts"
import type { LastRun } from "../NotKnown.ts"
import type { Verdict } from "./Verdict.ts"

const element = (name: string, attributes: Readonly<Record<string, string | number>>, children: string = "") => {
  const start = [name, ...Object.entries(attributes).map(([key, value]) => `${key}="${Xml.escape(String(value))}"`)]
    .join(
      " "
    )
  return children === "" ? `<${start}/>` : `<${start}>${children}</${name}>`
}

const indented = (elements: ReadonlyArray<string>) =>
  elements.length === 0 ? "" : `\n${elements.join("\n").replaceAll(/^/gm, "  ")}\n`

const testcase = ({ at_most, found, policy, sentence, verdict, why }: Verdict) => {
  const of = { classname: `policies.${policy}`, name: sentence === "" ? policy : sentence, time: 0 }
  switch (verdict) {
    case "kept":
      return element("testcase", of)
    case "broken": {
      const message = `${found} found, at most ${at_most} allowed`
      const rows = Xml.escape(`The rows: duo-mfa sql @policies/${policy}`)
      return element("testcase", of, indented([element("failure", { message, type: verdict }, rows)]))
    }
    case "left out":
      return element("testcase", of, indented([element("skipped", { message: why ?? "" })]))
    case "cannot be told":
      return element("testcase", of, indented([element("error", { message: why ?? "", type: verdict })]))
  }
}

/** One suite. */
export const print = (verdicts: ReadonlyArray<Verdict>, seen: ReadonlyArray<LastRun>): string => {
  const counts = {
    name: "duo-mfa policy",
    tests: verdicts.length,
    failures: verdicts.filter(({ verdict }) => verdict === "broken").length,
    errors: verdicts.filter(({ verdict }) => verdict === "cannot be told").length,
    skipped: verdicts.filter(({ verdict }) => verdict === "left out").length,
    time: 0
  }
  const properties = seen.map(({ complete, observed_at, pipeline, tenant }) =>
    element("property", {
      name: `${tenant}, ${pipeline}`,
      value: `${observed_at}${complete ? "" : ", not proved complete"}`
    })
  )
  const suite = element(
    "testsuite",
    counts,
    indented([element("properties", {}, indented(properties)), ...verdicts.map(testcase)])
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", counts, indented([suite]))}`
}
