import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** What takes longest begins first, so that two workers end together. */
class LongestFirst extends BaseSequencer {
  override sort(files: Array<TestSpecification>) {
    const isLong = ({ moduleId }: TestSpecification) => moduleId.endsWith("torture.test.ts")
    return Promise.resolve(files.toSorted((a, b) => Number(isLong(b)) - Number(isLong(a))))
  }
}

/** Tests never sleep and are never tried again; the limit is for a machine that is busy with something else. */
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    include: ["test/**/*.test.ts"],
    globalSetup: "test/bundle.ts",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // a worker that goes on to the next file has loaded and compiled already what most of them need
    isolate: false,
    // what make test is given is not for what the tests make
    env: { ARGS: "", MAKEFLAGS: "", MFLAGS: "", MAKEOVERRIDES: "" },
    sequence: { sequencer: LongestFirst },
    reporters: ["default"]
  }
})
