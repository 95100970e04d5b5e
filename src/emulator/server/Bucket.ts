/** A token bucket: so many requests at once, and so many a minute. */

export interface Bucket {
  /** 0 if a request may pass now, else the seconds until one may. */
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

/** Everything passes. */
export const unlimited: Bucket = { take: () => 0 }
