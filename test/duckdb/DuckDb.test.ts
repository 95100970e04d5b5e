import { assert, it } from "@effect/vitest"
import { reasonOf } from "../../src/duckdb/DuckDb.ts"

it("what DuckDB says is told apart", () => {
  const says = {
    "IO Error: Could not set lock on file \"/a\": Conflicting lock is held in /usr/bin/node (PID 42). See": "InUse",
    "IO Error: Could not write file \"/a\": No space left on device": "DiskFull",
    "IO Error: The file \"/a\" exists, but it is not a valid DuckDB database file!": "Corrupt",
    "IO Error: Trying to read a database file with version number 99, but we can only read": "Corrupt",
    "Invalid Input Error: No magic bytes found at end of file '/a'": "Corrupt",
    "IO Error: Cannot open file \"/a\": Permission denied": "CannotCreate",
    "IO Error: Cannot open file \"/a\": Not a directory": "CannotCreate",
    "Out of Memory Error: failed to allocate data": "InputOutput"
  }
  for (const [message, tag] of Object.entries(says)) {
    const reason = reasonOf(new Error(message))
    assert.strictEqual(reason._tag, tag, message)
    if (reason._tag === "InUse") assert.strictEqual(reason.pid, 42)
  }
})
