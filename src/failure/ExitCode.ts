/**
 * The exit codes of the process. They are those of sysexits.h where these fit; 3 to 6 are our own. Schedulers
 * decide by these numbers whether to try again, so a number never changes its meaning.
 */
export const ExitCode = {
  /** Published and complete. */
  ok: 0,
  /** Published, but not proved complete because the list kept changing; only with `--strict`. */
  incomplete: 3,
  /** The run was refused, and nothing changed. A person has to decide. */
  refused: 4,
  /** A policy is broken, or cannot be decided; only from `policy` and `extract --then policy`. */
  broken: 5,
  /** Of many tenants some failed, and a person has to look; the others are published. */
  someFailed: 6,
  /** The command line is wrong. */
  usage: 64,
  /** Duo's answer does not match its schema. */
  data: 65,
  /** The network, a 5xx or a timeout failed all retries; or the answer did not come from Duo. */
  unavailable: 69,
  /** A bug in duo-mfa. */
  defect: 70,
  /** A sink cannot be created or written. */
  cannotCreate: 73,
  /** The disk is full, or reading or writing failed. */
  io: 74,
  /** Another process has a lock, or Duo kept answering 429. Trying again soon may work. */
  busy: 75,
  /** Duo answered 401 or 403. */
  denied: 77,
  /** A setting is missing or malformed. */
  config: 78,
  /** SIGINT and SIGTERM; nothing was published. */
  interrupted: 130,
  terminated: 143
} as const

/** Whether what ended with this code may pass by itself, so that trying again may work. */
export const mayPass = (code: number): boolean => code === ExitCode.unavailable || code === ExitCode.busy
