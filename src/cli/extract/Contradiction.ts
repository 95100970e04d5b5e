/** Flags that exclude each other. */
import { Runtime, Schema } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import { commandName } from "../terminal/CommandName.ts"

/** Two flags that exclude each other. */
export class Contradiction extends Schema.TaggedError<Contradiction>()("Contradiction", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `${this.detail} See ${commandName()} extract --help.`
  }
}
