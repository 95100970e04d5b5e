/** Text for Prometheus: a reader that follows its specification gets the same numbers and labels back. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import * as Prometheus from "../../src/text/Prometheus.ts"
import { parse } from "../support/prometheus.ts"

const one = (labels: Readonly<Record<string, string>>, value: number, help = "Help.") =>
  Prometheus.format([{ name: "a_b", help, samples: [{ labels, value }] }])

describe("Prometheus's text", () => {
  it("has a line of help, of the type, and of each sample", () => {
    assert.strictEqual(
      Prometheus.format([
        {
          name: "a",
          help: "An a.",
          samples: [{ labels: { x: "1", y: "2" }, value: 0.5 }, { labels: {}, value: 1e21 }]
        },
        { name: "none", help: "Nothing.", samples: [] }
      ]),
      "# HELP a An a.\n# TYPE a gauge\na{x=\"1\",y=\"2\"} 0.5\na{} 1e+21\n"
    )
  })

  it("escapes what would end a value or a line", () => {
    assert.include(one({ x: "a\"b\\n\nc" }, 1, "a \\ b\nc \""), "# HELP a_b a \\\\ b\\nc \"\n")
    assert.include(one({ x: "a\"b\\n\nc" }, 1), "a_b{x=\"a\\\"b\\\\n\\nc\"} 1\n")
  })

  it.effect.prop(
    "gives every text and every number back",
    [Arbitrary.schema(Schema.String), Arbitrary.schema(Schema.String), Arbitrary.schema(Schema.Finite)],
    ([text, help, value]) =>
      Effect.sync(() => {
        const { a_b } = parse(one({ x: text, y: "}\\" }, value, help))
        assert.deepStrictEqual(a_b, {
          help,
          type: "gauge",
          samples: [{ labels: { x: text.toWellFormed(), y: "}\\" }, value: value === 0 ? 0 : value }]
        })
      }),
    { arbitrary: { runs: 300 } }
  )
})
