/**
 * Reads Prometheus's text format as https://prometheus.io/docs/instrumenting/exposition_formats/ describes it, character
 * by character, and refuses everything that a scrape would refuse.
 */

export interface Metric {
  readonly help: string
  readonly type: string
  readonly samples: ReadonlyArray<{ readonly labels: Readonly<Record<string, string>>; readonly value: number }>
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const number = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$|^[+-]?Inf$|^NaN$/i

const refuse = (why: string, line: string): never => {
  throw new Error(`${why}: ${line}`)
}

/** The text of a HELP line, in which only `\\` and `\n` are escapes. */
const unescapeHelp = (text: string, line: string) =>
  text.replaceAll(
    /\\(.?)/g,
    (_, escaped: string) => escaped === "\\" ? "\\" : escaped === "n" ? "\n" : refuse("an unknown escape in HELP", line)
  )

/** The labels between braces, and the place after the closing one. */
const labelsOf = (line: string, start: number) => {
  const labels: Record<string, string> = {}
  let at = start
  while (line[at] !== "}") {
    const equals = line.indexOf("=", at)
    const name = line.slice(at, equals)
    if (equals === -1 || !labelName.test(name) || name in labels) refuse("not a new label", line)
    if (line[equals + 1] !== "\"") refuse("a label without a quoted value", line)
    let value = ""
    for (at = equals + 2; line[at] !== "\""; at++) {
      if (line[at] === undefined) refuse("a value without an end", line)
      if (line[at] !== "\\") value += line[at]
      else {
        at++
        value += ({ "\\": "\\", "\"": "\"", n: "\n" } as Record<string, string>)[line[at] ?? ""] ??
          refuse("an unknown escape", line)
      }
    }
    labels[name] = value
    at++
    if (line[at] === ",") at++
    else if (line[at] !== "}") refuse("neither a comma nor the end of the labels", line)
  }
  return { labels, end: at + 1 }
}

const sampleOf = (line: string) => {
  const [name = ""] = /^[^{ ]*/.exec(line) ?? []
  if (!metricName.test(name)) refuse("not a name", line)
  const { end, labels } = line[name.length] === "{"
    ? labelsOf(line, name.length + 1)
    : { labels: {}, end: name.length }
  const [value = "", timestamp, ...others] = line.slice(end).trim().split(/[ \t]+/)
  if (!number.test(value) || timestamp !== undefined || others.length > 0) refuse("not one value", line)
  return { name, labels, value: Number(value) }
}

/** The metrics of a text by their names. */
export const parse = (text: string): Readonly<Record<string, Metric>> => {
  if (!text.endsWith("\n")) refuse("no line feed at the end", text.slice(-80))
  const metrics: Record<string, { help: string; type: string; samples: Array<Metric["samples"][number]> }> = {}
  let current = ""
  for (const line of text.slice(0, -1).split("\n")) {
    const [, what, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (what === "HELP") {
      if (!metricName.test(name) || name in metrics) refuse("a metric that begins twice", line)
      metrics[name] = { help: unescapeHelp(rest, line), type: "", samples: [] }
      current = name
    } else if (what === "TYPE") {
      const metric = metrics[name] ?? refuse("a type before its help", line)
      if (metric.type !== "" || metric.samples.length > 0) refuse("a type that comes too late", line)
      if (!/^(counter|gauge|histogram|summary|untyped)$/.test(rest)) refuse("not a type", line)
      metric.type = rest
    } else {
      const { name, ...sample } = sampleOf(line)
      const metric = metrics[name] ?? refuse("a sample without a metric", line)
      if (name !== current) refuse("a sample outside of its group", line)
      const isSame = ({ labels }: Metric["samples"][number]) =>
        JSON.stringify(Object.entries(labels).toSorted()) === JSON.stringify(Object.entries(sample.labels).toSorted())
      if (metric.samples.some(isSame)) refuse("a sample that comes twice", line)
      metric.samples.push(sample)
    }
  }
  return metrics
}
