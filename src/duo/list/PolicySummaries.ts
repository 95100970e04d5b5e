/** Reads where each policy is applied, from Duo's summary of policies, which is one answer without pages. */
import { Context, Effect, Layer, Stream } from "effect"
import * as ObjectLoader from "../../duckdb/ObjectLoader.ts"
import type { SinkReason } from "../../failure/SinkError.ts"
import type { List, ReadList } from "../../Pipeline.ts"
import { DuoError } from "../DuoError.ts"
import { UnreadableAnswer } from "../DuoReason.ts"
import { Client } from "../http/Client.ts"
import { columns } from "../wire/Columns.ts"
import { isFields } from "../wire/Judge.ts"
import { decodeSummary, PolicySummary } from "../wire/policy/PolicySummary.ts"
import { replaceHalves } from "../wire/WellFormed.ts"
import { type NotCollected, orNotCollected } from "./NotCollected.ts"
import type { Page } from "./Pages.ts"
import * as Readings from "./Readings.ts"
import { withV5 } from "./V5.ts"

/** The list of policies in the summary. */
export const list: List = {
  name: "policy_summaries",
  object: "the summary of a policy",
  columns: columns(PolicySummary.fields),
  id: "policy_key"
}

const path = "/admin/v2/policies/summary"

/** The summary as a page. */
const read = Effect.fnUntraced(function*(client: Client["Service"]) {
  const { notBefore, response } = yield* client.call(path, {})
  // the client replaces halves of surrogate pairs in lists only, and this answer is an object
  const halves = replaceHalves(isFields(response) ? response["policies"] : undefined)
  const { unknownFields, values: [summary] } = yield* Effect.fromResult(decodeSummary(response)).pipe(
    Effect.mapError((refusal) => new DuoError({ path, attempts: 1, reason: new UnreadableAnswer(refusal) }))
  )
  const policies = summary?.policies ?? []
  const page: Page = {
    content: {
      count: policies.length,
      first: policies.at(0)?.policy_key,
      last: policies.at(-1)?.policy_key,
      total: summary?.policy_count ?? null,
      next: undefined
    },
    offset: 0,
    objects: ObjectLoader.encode(list.columns, policies),
    halves,
    unknownFields,
    notBefore,
    overlaps: null
  }
  return { page, isTruncated: summary?.response_is_truncated === true }
})

export class PolicySummaries extends Context.Service<PolicySummaries, {
  /** One reading of the summary. Fails with `NotCollected` if Duo refuses it. Read another list first. */
  readonly pages: Stream.Stream<Page, DuoError | NotCollected>
  /** Reads the summary into the run database. */
  readonly read: (options: Readings.ReadOptions) => Effect.Effect<ReadList, DuoError | NotCollected | SinkReason>
}>()("duo-mfa/duo/PolicySummaries") {
  static readonly layer: Layer.Layer<PolicySummaries, never, Client> = Layer.effect(
    PolicySummaries,
    Effect.gen(function*() {
      const client = yield* Client
      let isTruncated = false
      const pages = Stream.fromEffect(read(client)).pipe(
        withV5(client),
        Stream.map((read) => {
          isTruncated = read.isTruncated
          return read.page
        }),
        orNotCollected("Policies of applications and groups")
      )
      return PolicySummaries.of({
        pages,
        read: (options) =>
          Effect.map(
            Readings.read(list, () => pages, options),
            (found) => isTruncated ? { ...found, doubt: "Duo's summary of policies is truncated", proof: null } : found
          )
      })
    })
  )
}
