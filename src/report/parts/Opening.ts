/**
 * The sentences that a report begins with: how many people need nothing but a password, how many cannot be phished, and how far a
 * target is.
 */
import { type Html, html } from "../Html.ts"
import { type Subject, thenOfMonth } from "../ReportTenant.ts"
import type { TenantState } from "../TenantState.ts"
import * as Words from "../Words.ts"

type Beginning = Pick<Subject, "tenant" | "now" | "monthAgo" | "marked" | "target">

const people = (count: number) => count === 1 ? "person" : "people"

/** ", 7 more than 30 days ago". */
const movedBy = (now: TenantState, { monthAgo, tenant }: Beginning): Html | string => {
  if (monthAgo === null) return ""
  if (now.password_alone_unknown > 0 || monthAgo.password_alone_unknown > 0) return "; how this changed is not known"
  const by = now.password_alone - monthAgo.password_alone
  const since = thenOfMonth(tenant)
  if (by === 0) return now.password_alone === 0 ? "" : `, as many as ${since}`
  return html`, ${Words.figure("opening.password_alone.month", Math.abs(by))} ${
    by > 0 ? "more" : "fewer"
  } than ${since}`
}

const acceptedOf = (count: number): Html =>
  html`An exception accepts ${Words.figure("opening.accepted", count)} of them.`

const privilegedOf = (count: number): Html =>
  html`<strong>${Words.figure("opening.privileged", count)} of them ${count === 1 ? "is" : "are"} privileged</strong>.`

const passwordAlone = (subject: Beginning): Html => {
  const { marked, now } = subject
  const [known, unknown] = [now.password_alone, now.password_alone_unknown]
  const why = unknown === 0 ? "" : `: not all bypass codes could be read`
  if (known === 0 && unknown > 0) {
    return html`Nobody is known to log in with a password alone, but for ${
      Words.counted(unknown, "user")
    } it is not known${why}.`
  }
  if (known === 0) return html`Nobody can log in with a password alone${movedBy(now, subject)}.`
  return html`${unknown === 0 ? "" : "At least "}<strong>${Words.figure("opening.password_alone", known)} ${
    people(known)
  }</strong> can log in with a password alone${movedBy(now, subject)}.${
    marked.privileged === 0 ? "" : html` ${privilegedOf(marked.privileged)}`
  }${marked.accepted === 0 ? "" : html` ${acceptedOf(marked.accepted)}`}${
    unknown === 0 ? "" : ` For ${Words.counted(unknown, "more user", "more users")} it is not known${why}.`
  }`
}

const resistant = ({ monthAgo, now }: Beginning): Html => {
  const { phishing_resistant_pct: pct } = now
  if (pct === null) return html`There are no active users.`
  const was = monthAgo?.phishing_resistant_pct ?? null
  const points = was === null ? null : (pct - was).toFixed(1)
  return html`<strong>${Words.figure("opening.phishing_resistant", Words.percent(pct))}</strong> of the ${
    now.users === 1 ? "one active user" : html`${Words.count(now.users)} active users`
  } ${now.users === 1 ? "has" : "have"} a phishing-resistant method${
    points === null
      ? ""
      : Number(points) === 0
      ? ", as before"
      : html`, ${Number(points) > 0 ? "up" : "down"} ${
        Words.figure("opening.phishing_resistant.month", points.replace("-", ""))
      } points`
  }.`
}

/** How far the tenant is from the target. */
const distance = ({ now, target }: Beginning) => {
  if (target === null) return html``
  const wanted = html`The target is ${Words.figure("target", `${target}%`)} with MFA`
  if (now.coverage === null) return html`<p>${wanted}; there are no active users.</p>`
  // the number of people, because a rounded percentage may hide the last one
  const missing = Math.ceil(target * now.users / 100 - 1e-9) - now.mfa_enabled
  return missing <= 0
    ? html`<p>${wanted}: <strong class="better">reached</strong>.</p>`
    : html`<p>${wanted}: <strong class="worse">not reached</strong>. ${Words.figure("target.missing", missing)} more ${
      missing === 1 ? "user needs" : "users need"
    } MFA${target - now.coverage < 0.05 ? "" : `; ${(target - now.coverage).toFixed(1)} points are missing`}.</p>`
}

/** Makes the sentences. */
export const opening = (subject: Beginning): Html =>
  html`<p class="opening">${passwordAlone(subject)} ${resistant(subject)}</p>
${distance(subject)}`
