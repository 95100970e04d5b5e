/** The laws of a sink, as docs/writing-a-sink.md lists them. A test names its law by the number, from 1. */
export const laws = [
  "every row is read back as it was written",
  "any text is read back as it was written",
  "nothing is visible before it is published",
  "publishing twice has the same effect as publishing once",
  "publishing fails if the staged files are lost",
  "only the owner can read published files, `bytes` counts all of them, and no staged file is left",
  "only the owner can read staged files",
  "discarding a run removes nothing else",
  "discarding at a location that does not exist does nothing",
  "a table that was not collected is not published, not even as an empty table",
  "a table without rows is published as an empty table",
  "a later run has the right rows, and the earlier run is unchanged or gone",
  "a run changes nothing of another tenant",
  "a round of several tenants is sealed and published at once, each run with its own rows",
  "a run that was sealed before another run was published removes none of the other's rows",
  "a location that cannot be written fails when the sink is opened",
  "the rows and their session are unchanged for the next sink",
  "pruned runs are gone, all other runs are unchanged, and pruning again changes nothing",
  "an erased person is in no row of the tenant, every other row is unchanged, and erasing again changes nothing"
] as const

/** The name of the test of a law. */
export const law = (number: number) => `law ${number}: ${laws[number - 1]}`
