import { defineConfig } from "vitest/config"

/** Tests never sleep and are never tried again; the limit is for a machine that is busy with something else. */
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ["default"]
  }
})
