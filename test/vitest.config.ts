import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

const longest = ["torture", "adding-a-column", "sandbox", "state", "contributing", "sinks", "package"]

/** What takes longest begins first, so that two workers end together. */
class LongestFirst extends BaseSequencer {
  override sort(files: Array<TestSpecification>) {
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
      return place < 0 ? longest.length : place
    }
    return Promise.resolve(files.toSorted((a, b) => placeOf(a) - placeOf(b)))
  }
}

/** Tests never sleep and are never tried again; the limit is for a machine that is busy with something else. */
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    include: ["test/**/*.test.ts"],
    globalSetup: "test/support/processes/bundle.ts",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // a worker that goes on to the next file has loaded and compiled already what most of them need
    isolate: false,
    // what make test is given is not for what the tests make
    env: { ARGS: "", MAKEFLAGS: "", MFLAGS: "", MAKEOVERRIDES: "" },
    sequence: { sequencer: LongestFirst },
    reporters: ["default"],
    // for make coverage; code that runs in a process of its own is not counted
    coverage: { include: ["{src,pipelines,sinks}/**/*.ts"], reporter: ["text", "html"] }
  }
})
