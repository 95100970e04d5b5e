/** How long the emulator waits before it answers. */
import { Dice, seedOf } from "../people/Dice.ts"

/** Milliseconds to wait before the next answer. */
export const delays = (latency: number | readonly [from: number, to: number] = 0, seed: number | string) => {
  const dice = new Dice(seedOf(`latency of ${seed}`))
  if (typeof latency === "number") return () => latency
  const [from, to] = latency
  return () => from + dice.below(Math.max(1, to - from + 1))
}
