/** A token bucket: it limits the requests per minute, and how many may come at once. */

export interface Bucket {
  /** The seconds until a request may pass; 0 if it may pass now. */
  readonly take: (now: number) => number
}

export const make = (perMinute: number, burst: number): Bucket => {
  let tokens = burst
  let before: number | undefined
  return {
    take: (now) => {
      tokens = Math.min(burst, tokens + Math.max(0, now - (before ?? now)) * perMinute / 60)
      before = now
      if (tokens < 1) return Math.max(1, Math.ceil((1 - tokens) * 60 / perMinute))
      tokens--
      return 0
    }
  }
}

/** A bucket without limits. */
export const unlimited: Bucket = { take: () => 0 }
