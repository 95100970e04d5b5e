/**
 * The laws that every sink must keep, ours and those of others. A test calls `sinkLaws` with a sink and with a function
 * that reads the published rows without the sink's code.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { layer } from "@effect/vitest"
import type { Sink } from "../../src/Sink.ts"
import { fileLaws } from "./files.ts"
import { groundOf, type LawOptions } from "./ground.ts"
import { publicationLaws } from "./publication.ts"
import { retentionLaws } from "./retention.ts"
import { runLaws } from "./runs.ts"

export type { Elsewhere, LawOptions } from "./ground.ts"
export { laws } from "./names.ts"
export { comparable, readBack, type Reader, type Tree, tree } from "./published.ts"
export { finished, type Member, perform, performRound, stage, stageRound } from "./round.ts"

export const sinkLaws = (given: Sink, options: LawOptions) => {
  const ground = groundOf(given, options)
  const below = options.below ?? ""
  layer(NodeServices.layer)(`the laws of ${ground.sink.name}${below && ` below ${below}`}`, (it) => {
    publicationLaws(it, ground)
    fileLaws(it, ground)
    runLaws(it, ground)
    retentionLaws(it, ground)
  })
}
