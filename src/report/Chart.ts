/**
 * Draws charts as SVG with ECharts. The colours come from the page's style, so they change with it. Everything that the
 * page's security policy refuses is removed. Every chart is drawn twice, because the letters of the wide chart would be too
 * small on a phone. The style shows one of the two.
 */
import type { EChartsCoreOption } from "echarts/core"
import { Effect } from "effect"
import { type Html, html, trusted } from "./Html.ts"
import * as Words from "./Words.ts"

const library = Effect.promise(async () => {
  const [core, { BarChart, LineChart }, { GridComponent }, { SVGRenderer }] = await Promise.all([
    import("echarts/core"),
    import("echarts/charts"),
    import("echarts/components"),
    import("echarts/renderers")
  ])
  core.use([BarChart, LineChart, GridComponent, SVGRenderer])
  return core
})

const sizes = [
  { name: "wide", width: 880, labels: 8 },
  { name: "narrow", width: 350, labels: 3 }
] as const

/** The parts that ECharts adds for a mouse, and inline styles, which a strict policy refuses. */
const clean = (svg: string) =>
  svg
    .replaceAll(/<style[\s\S]*?<\/style>/g, "")
    .replaceAll(/ (?:style|class|ecmeta_\w+|pointer-events|xml:space|xmlns:xlink|baseProfile|version)="[^"]*"/g, "")
    .replaceAll(/\d+\.\d{3,}/g, (number) => Number(number).toFixed(2))
    .replace(/^<svg width="\d+" height="\d+"/, `<svg aria-hidden="true"`)

/** A line or the bars of a chart. */
export interface Series {
  readonly kind: "line" | "bar"
  /** A colour variable of the style. */
  readonly colour: string
  /** One value per day; a day without one is a gap. */
  readonly values: ReadonlyArray<number | null>
  /** The days whose run was not proved complete; a line shows them as rings. */
  readonly doubtful?: ReadonlyArray<boolean>
  /** The label at the end of the line. */
  readonly end?: string
  /** Whether the line is a target: dashed, and without a point at its end. */
  readonly isDashed?: boolean
}

/** A chart over days. */
export interface Chart {
  /** A description of the chart for readers who cannot see it. */
  readonly label: string
  readonly days: ReadonlyArray<string>
  readonly height: number
  /** Whether the values are percent; the axis then ends at 100. */
  readonly hasPercent: boolean
  readonly series: ReadonlyArray<Series>
}

/** Whether a day has a label. They have equal distances, counted back from the last day. */
const isNamed = (days: number, labels: number) => {
  const every = Math.ceil(days / labels)
  return (index: number) => (days - 1 - index) % every === 0
}

const colourOf = (name: string) => `var(--${name})`

const line = ({ colour, doubtful = [], end = "", isDashed = false, values }: Series) => {
  const last = values.findLastIndex((value) => value !== null)
  const isAlone = (index: number) => values[index - 1] == null && values[index + 1] == null
  return {
    type: "line",
    silent: true,
    showAllSymbol: true,
    lineStyle: { color: colourOf(colour), width: isDashed ? 1.5 : 2.5, type: isDashed ? "dashed" : "solid" },
    data: values.map((value, index) => ({
      value,
      symbol: !isDashed && (index === last || doubtful[index] || isAlone(index)) ? "circle" : "none",
      symbolSize: values.length > 120 ? 5 : 7,
      itemStyle: {
        color: colourOf(doubtful[index] ? "page" : colour),
        borderColor: colourOf(colour),
        borderWidth: 2
      },
      ...index === last
        ? { label: { show: true, position: "right", distance: 6, formatter: end, color: colourOf(colour) } }
        : {}
    }))
  }
}

const bar = ({ colour, values }: Series) => ({
  type: "bar",
  silent: true,
  stack: "all",
  barCategoryGap: values.length > 120 ? "0%" : "14%",
  itemStyle: { color: colourOf(colour) },
  data: values
})

const option = ({ days, hasPercent, series }: Chart, labels: number): EChartsCoreOption => {
  const hasLines = series.some(({ kind }) => kind === "line")
  return {
    animation: false,
    grid: { left: hasPercent ? 40 : 8, right: hasLines ? 52 : 8, top: 10, bottom: 26 },
    xAxis: {
      type: "category",
      boundaryGap: true,
      data: days.map(Words.shortDay),
      axisLine: { lineStyle: { color: colourOf("line") } },
      axisTick: { show: false },
      axisLabel: { color: colourOf("muted"), interval: isNamed(days.length, labels), hideOverlap: true }
    },
    yAxis: {
      type: "value",
      show: hasPercent,
      min: 0,
      max: hasPercent ? 100 : 1,
      interval: 25,
      axisLabel: { color: colourOf("muted"), formatter: "{value}%" },
      splitLine: { lineStyle: { color: colourOf("grid") } }
    },
    series: series.map((each) => each.kind === "line" ? line(each) : bar(each))
  }
}

/** Draws a chart in both sizes. */
export const draw = Effect.fnUntraced(function*(chart: Chart): Effect.fn.Return<Html> {
  const { init } = yield* library
  const drawings = sizes.map(({ labels, name, width }) => {
    const drawing = init(null, null, { renderer: "svg", ssr: true, width, height: chart.height })
    drawing.setOption(option(chart, labels))
    const svg = clean(drawing.renderToSVGString())
    drawing.dispose()
    return html`<div class="${name}">${trusted(svg)}</div>`
  })
  return html`<div class="chart" role="img" aria-label="${chart.label}">${drawings}</div>`
})
