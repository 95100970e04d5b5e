/** The arguments and flags of `duo-mfa extract`. */
import { Option, Schema } from "effect"
import { Argument, type Command, Flag } from "effect/cli"
import * as Personal from "../../duckdb/Personal.ts"
import { duration } from "../shared/Duration.ts"
import * as Shard from "./Shard.ts"

/** A whole number from 1 to `most`. */
export const positive = (most: number) =>
  Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: most }, { message: `Expected 1 to ${most}` }))

/** Something that is off if it is not said. */
const option = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

/** A day, which is its midnight, or an instant, both in UTC. In milliseconds since 1970. */
const instant = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withDescription(description),
    Flag.withMetavar("TIME"),
    Flag.filterMap(
      (text) =>
        /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/.test(text) && Number.isFinite(Date.parse(text))
          ? Option.some(Date.parse(text))
          : Option.none(),
      () => "Expected a day or an instant in UTC, such as 2026-11-01 or 2026-11-01T09:30Z"
    ),
    Flag.optional
  )

const knownFollowers = ["policy", "report"] as const
/** A command that can follow a run. */
export type Follower = typeof knownFollowers[number]

/** Parses commands with commas between them; each may come once. */
const parseFollowers = (text: string): Option.Option<ReadonlyArray<Follower>> => {
  const names = text.split(",").map((name) => name.trim())
  const found = names.flatMap((name) => knownFollowers.filter((follower) => follower === name))
  return found.length === names.length && new Set(found).size === names.length ? Option.some(found) : Option.none()
}

/** All of them, by the name that the command has for each. */
export const flags = {
  pipeline: Argument.String("pipeline").pipe(
    Argument.withDescription("What to extract, as duo-mfa pipelines lists it; default mfa"),
    Argument.withDefault("mfa")
  ),
  sink: Flag.String("sink").pipe(
    Flag.withDescription(
      "Where rows go, repeatable; default: the sinks of the pipeline. NAME is one of duo-mfa sinks, or a module"
    ),
    Flag.withMetavar("NAME[:TARGET]"),
    Flag.atLeast(0)
  ),
  pageSize: Flag.Int("page-size").pipe(
    Flag.withDescription("Objects per page; default: as many as Duo allows"),
    Flag.withMetavar("N"),
    Flag.withSchema(positive(500)),
    Flag.optional
  ),
  concurrency: Flag.Int("concurrency").pipe(
    Flag.withDescription("How many pages are requested at once; default 4"),
    Flag.withMetavar("N"),
    Flag.withSchema(positive(16)),
    Flag.withDefault(4)
  ),
  maxShrink: Flag.Finite("max-shrink").pipe(
    Flag.withDescription(
      "How much of the tenant, or of a table, may be gone since the run before; default 10, unless the pipeline says otherwise"
    ),
    Flag.withMetavar("PERCENT"),
    Flag.withSchema(
      Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 100 }, { message: "Expected 0 to 100" }))
    ),
    Flag.optional
  ),
  allowEmpty: option("allow-empty", "Publish even if the tenant, or a table, has become empty"),
  pii: Flag.Literals("pii", Personal.treatments).pipe(
    Flag.withDescription("Personal columns as they are, as a keyed hash, or as NULL; default keep"),
    Flag.withMetavar("HOW"),
    Flag.withDefault("keep")
  ),
  strict: option("strict", "Exit 3 if the run could not be proved complete"),
  record: Flag.String("record").pipe(
    Flag.withDescription("Write what Duo answers to a new directory, for --replay"),
    Flag.withMetavar("DIR"),
    Flag.optional
  ),
  pseudonymise: option("pseudonymise", "With --record: replace names, numbers and ids by hashes of the same shape"),
  replay: Flag.String("replay").pipe(
    Flag.withDescription("Run again from the directory of a record, without Duo"),
    Flag.withMetavar("DIR"),
    Flag.optional
  ),
  tenants: Flag.String("tenants").pipe(
    Flag.withDescription(
      "Many tenants: a file with the name, host, ikey and skey_file of each, as NDJSON or .toml; default: the tenant of the settings"
    ),
    Flag.withMetavar("FILE"),
    Flag.optional
  ),
  accounts: option("accounts", "Many tenants: the child accounts of the parent account in the settings"),
  atOnce: Flag.Int("at-once").pipe(
    Flag.withDescription("With many tenants: how many are read at once; default 4"),
    Flag.withMetavar("N"),
    Flag.withSchema(positive(64)),
    Flag.optional
  ),
  maxRate: Flag.Finite("max-rate").pipe(
    Flag.withDescription("With many tenants: requests a minute to all of them together; default: no limit"),
    Flag.withMetavar("N"),
    Flag.withSchema(
      Schema.Finite.check(Schema.isBetween({ minimum: 1, maximum: 100_000 }, { message: "Expected 1 to 100000" }))
    ),
    Flag.optional
  ),
  tenantTimeout: duration("tenant-timeout", "With many tenants: how long one of them may take, such as 2h; default 1h"),
  shard: Flag.String("shard").pipe(
    Flag.withDescription("With many tenants: only the part I of K, such as 0/4 to 3/4 on four machines; default: all"),
    Flag.withMetavar("I/K"),
    Flag.filterMap(Shard.parse, () => "Expected I/K with I from 0 to K - 1, such as 0/4"),
    Flag.optional
  ),
  from: instant("from", "Of a log: read again from this day or instant on; default: what Duo has and no run has read"),
  to: instant("to", "Of a log: read up to the start of this day, or to this instant; default: until now"),
  wait: duration(
    "wait",
    "How long to wait for another run to end, such as 10m; default: exit 75 at once"
  ),
  notify: Flag.Redacted("notify").pipe(
    Flag.withDescription(
      "Post the result to an https webhook; the setting DUO_MFA_NOTIFY_FILE hides the URL from lists of processes"
    ),
    Flag.withMetavar("URL"),
    Flag.optional
  ),
  ping: Flag.Redacted("ping").pipe(
    Flag.withDescription(
      "Tell a health check how it ended: GET URL, or POST URL/fail; default: the setting DUO_MFA_PING_FILE, which hides the URL from lists of processes"
    ),
    Flag.withMetavar("URL"),
    Flag.optional
  ),
  metrics: Flag.String("metrics").pipe(
    Flag.withDescription("Write a file for Prometheus's node exporter, whose name ends in .prom; default: none"),
    Flag.withMetavar("FILE"),
    Flag.filterMap(
      (file) => file.endsWith(".prom") ? Option.some(file) : Option.none(),
      () => "Expected a name that ends in .prom, because the node exporter reads no other"
    ),
    Flag.optional
  ),
  followers: Flag.String("then").pipe(
    Flag.withDescription(
      "What to do when the run is published: policy, report, or both, such as policy,report; default: nothing"
    ),
    Flag.withMetavar("COMMAND[,COMMAND]"),
    Flag.filterMap(parseFollowers, () => `Expected ${knownFollowers.join(", ")}, or several with commas between them`),
    Flag.withDefault([])
  ),
  dryRun: option("dry-run", "Read and count, and write nothing"),
  json: option("json", "Print one JSON object on standard output")
}

/** The arguments and flags of the command line. */
export type ExtractFlags = Command.Command.Config.Infer<typeof flags>
