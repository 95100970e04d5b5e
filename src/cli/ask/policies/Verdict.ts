/** The verdict on a policy: whether the last runs keep it. */
export interface Verdict {
  readonly policy: string
  /** Whether it came with the program. Another one may have names of persons in its words. */
  readonly is_built_in: boolean
  readonly verdict: "kept" | "broken" | "cannot be told" | "left out"
  readonly found: number | null
  readonly at_most: number | null
  readonly sentence: string
  readonly severity: string | null
  readonly controls: ReadonlyArray<string>
  /** Why it cannot be told, or is left out. */
  readonly why: string | null
}
