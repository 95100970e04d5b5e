/** Days as texts, such as 2026-11-26. */

/** Whether a text is a day of the calendar. */
export const isDay = (text: string) =>
  /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text)
