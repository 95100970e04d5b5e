/** Formats gauges as Prometheus reads them: https://prometheus.io/docs/instrumenting/exposition_formats/ */

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Gauge {
  /** A snake_case name. */
  readonly name: string
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\"": "\\\"" }

const escapeLabel = (text: string) => text.toWellFormed().replace(/[\\\n"]/g, (character) => escapes[character] ?? "")

const escapeHelp = (text: string) => text.replace(/[\\\n]/g, (character) => escapes[character] ?? "")

/** A name with its labels, as it stands before the value. */
export const series = (name: string, labels: Sample["labels"]): string =>
  `${name}{${Object.entries(labels).map(([label, value]) => `${label}="${escapeLabel(value)}"`).join(",")}}`

/** The gauges as text. A gauge without a sample is left out. */
export const format = (gauges: ReadonlyArray<Gauge>): string =>
  gauges.filter(({ samples }) => samples.length > 0).flatMap(({ help, name, samples }) => [
    `# HELP ${name} ${escapeHelp(help)}`,
    `# TYPE ${name} gauge`,
    ...samples.map(({ labels, value }) => `${series(name, labels)} ${value}`)
  ]).map((line) => `${line}\n`).join("")
