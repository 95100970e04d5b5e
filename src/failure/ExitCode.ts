/**
 * What the process ends with: sysexits where they fit, 3, 4 and 5 for outcomes of our own. Schedulers decide by these
 * numbers whether to try again, so a number never changes its meaning.
 */
export const ExitCode = {
  /** Published and complete. */
  ok: 0,
  /** Published, but the user list would not hold still; only with `--strict`. */
  incomplete: 3,
  /** A person has to decide; nothing changed. */
  refused: 4,
  /** A policy is broken, or cannot be told; only of `policy`. */
  broken: 5,
  usage: 64,
  /** Duo answered something that the schema refuses. */
  data: 65,
  /** Network, 5xx, time-outs after all retries; something that is not Duo answered. */
  unavailable: 69,
  /** A defect of ours. */
  defect: 70,
  /** A sink cannot be created or written there. */
  cannotCreate: 73,
  /** Disk full, input/output error. */
  io: 74,
  /** Held by another process, another run is going, 429s outlasted the budget: the same again may work soon. */
  busy: 75,
  /** 401 or 403. */
  denied: 77,
  /** A setting is missing or malformed. */
  config: 78,
  /** SIGINT and SIGTERM; nothing was published. */
  interrupted: 130,
  terminated: 143
} as const
