/** The page: one file without scripts and without external resources, and with a security policy that enforces this. */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import type { Pii } from "./Ask.ts"
import { contents, inOrder, type PagePart, tenantHeading } from "./Contents.ts"
import { controls, type FrameworkVerdicts } from "./Controls.ts"
import * as Exceptions from "./Exceptions.ts"
import { type Html, html, trusted } from "./Html.ts"
import * as Logo from "./Logo.ts"
import * as Misses from "./Misses.ts"
import { anchor, overview, overviewId } from "./Overview.ts"
import { atRisk } from "./parts/AtRisk.ts"
import { bypasses } from "./parts/Bypasses.ts"
import { changes } from "./parts/Changes.ts"
import { groups } from "./parts/Groups.ts"
import { groupsOverTime } from "./parts/GroupsOverTime.ts"
import { headline } from "./parts/Headline.ts"
import { methodUse } from "./parts/MethodUse.ts"
import { opening } from "./parts/Opening.ts"
import { coverage, daysOf, factorMix } from "./parts/OverTime.ts"
import { permitted } from "./parts/Permitted.ts"
import { privilegedAccounts } from "./parts/PrivilegedAccounts.ts"
import { runs } from "./parts/Runs.ts"
import { used } from "./parts/Used.ts"
import { type PolicyVerdict, policyVerdicts } from "./PolicyVerdicts.ts"
import * as Privileged from "./Privileged.ts"
import { type Common, daysBack, type ReportTenant, type Subject, subjectOf, tenantsOf } from "./ReportTenant.ts"
import { sheets } from "./Sheets.ts"
import { style } from "./Style.ts"
import * as Words from "./Words.ts"

const policyFor = (css: string, hasLogo: boolean) =>
  `default-src 'none'; style-src 'sha256-${createHash("sha256").update(css).digest("base64")}'${
    hasLogo ? "; img-src data:" : ""
  }; base-uri 'none'; form-action 'none'`

const namesMeta = (pii: Pii) => html`<meta name="duo-mfa-names" content="${pii}">`

/** Whether a file is a page that names people. */
export const namesPeople = (file: string) => file.includes(String(namesMeta("keep")))

const proof = ({ complete, incomplete_reason }: ReportTenant) =>
  complete
    ? html`Every user in Duo was read.`
    : html`<strong class="warning">Users may be missing</strong>: the last run could not prove that it read everybody. ${incomplete_reason}.`

/** The parts about policies, which are about all tenants of the page together. */
interface Judged {
  readonly verdicts: ReadonlyArray<PagePart>
  readonly misses: ReadonlyArray<PagePart>
}

/** The section of a tenant. The parts about policies are in it if no other tenant is on the page. */
const section = Effect.fnUntraced(function*(subject: Subject, index: number, judged: Judged | undefined) {
  const { tenant } = subject
  const days = yield* daysOf(subject)
  const parts = [
    ...judged?.verdicts ?? [],
    yield* privilegedAccounts(subject),
    yield* coverage(days, subject),
    yield* factorMix(days, subject),
    yield* methodUse(subject),
    yield* changes(subject),
    yield* atRisk(subject),
    yield* bypasses(subject),
    yield* groups(subject),
    yield* groupsOverTime(subject),
    yield* permitted(subject),
    yield* used(subject),
    ...judged?.misses ?? [],
    yield* runs(subject, days)
  ].filter((part) => part !== undefined)
  const place = String(index)
  return html`<section id="${anchor(index)}" data-tenant="${tenant.tenant}" aria-labelledby="name-${index}">
${
    tenantHeading(`name-${index}`, tenant.tenant, judged === undefined ? overviewId : null)
  }<p class="as-of">As of <strong>${Words.instant(tenant.now)}</strong>. ${proof(tenant)}${
    tenant.before === null ? " This is the first run, so there is nothing to compare with yet." : ""
  }</p>
${opening(subject)}
${contents(place, parts)}<div class="part">${headline(subject)}</div>
${inOrder(place, parts, { hasContents: true, level: "h3" })}</section>
`
})

/** The page about several tenants, or about none. */
const several = (subjects: ReadonlyArray<Subject>, sections: ReadonlyArray<Html>, { misses, verdicts }: Judged) => {
  const judged = [...verdicts, ...misses]
  const place = "all"
  const hasContents = judged.length > 1
  return html`${hasContents ? contents(place, judged) : ""}${overview(subjects)}${
    inOrder(place, verdicts, { hasContents, level: "h2" })
  }${
    sections.length === 0
      ? html`<p>There are no users to show: none were read yet, or the tenant is retired.</p>`
      : sections
  }${inOrder(place, misses, { hasContents, level: "h2" })}`
}

const meaning = html`<h2>What the words mean</h2>
<dl>
<dt>Active users</dt><dd>Users whose status in Duo is “active”, and who are in no group that is “Disabled”: those who can log in and are not on bypass by their own status. Percentages are shares of the active users, unless the page names another group.</dd>
<dt>Have MFA</dt><dd>A phone, a hardware token, a passkey or a security key is enrolled, even if it cannot be used.</dd>
<dt>Phishing-resistant</dt><dd>Users who have MFA, and have enrolled a passkey or a security key (WebAuthn, U2F), which answers only the real site. If the user has a weaker method too, an attacker may still use that one.</dd>
<dt>Unprotected</dt><dd>Active users without a method that works: none is enrolled, or none of the enrolled methods can be used.</dd>
<dt>Bypass</dt><dd>Duo lets the user in without a method, because the user or one of the user’s groups is on bypass, or because of a bypass code that works.</dd>
<dt>A password alone</dt><dd>Unprotected users, and everybody on bypass. A policy may refuse users without a method, or let them enrol one; in that case somebody who has the password may enrol one too.</dd>
<dt>Enrolled, permitted, used</dt><dd>Duo’s list of users says what is enrolled. What a policy permits and what was used are on this page if the applications and the log of logins were read: <code>duo-mfa extract integrations</code>, <code>duo-mfa extract auth</code>.</dd>
<dt>The weakest way in</dt><dd>Of the ways that the policy permits and that the user has, or needs nothing for, the weakest: an attacker who has the password would choose it. Trusted networks and remembered devices do not count, because an attacker elsewhere does not have them.</dd>
</dl>`

/** The input of the page. */
interface PageInput extends Common {
  readonly verdicts: ReadonlyArray<PolicyVerdict>
  readonly frameworks: ReadonlyArray<FrameworkVerdicts>
  /** The broken policies, with the entities that they are about. */
  readonly misses: ReadonlyArray<Misses.Miss>
  readonly exceptions: ReadonlyArray<Exceptions.AcceptedException>
  /** The heading of the page; without it, what the page is about. */
  readonly title: string | undefined
  readonly logo: Logo.Logo | undefined
  /** The only tenant on the page; without it, all. */
  readonly only: string | undefined
  /** The version of the program. */
  readonly version: string
}

/** The page about the tenants of a ledger. */
export const page = Effect.fnUntraced(function*(
  { exceptions, frameworks, logo, misses, only, title = "Who is protected by MFA", verdicts, version, ...common }:
    PageInput
) {
  const { pii, session } = common
  const all = yield* tenantsOf(session)
  if (all.length > 0) {
    yield* Privileged.prepare(session)
    yield* Exceptions.prepare(session, exceptions)
  }
  const tenants = all.filter(({ tenant }) => only === undefined || tenant === only)
  const subjects = yield* Effect.forEach(tenants, (tenant) => subjectOf(common, tenant))
  const isOne = subjects.length === 1
  const isOfAll = !isOne && only === undefined
  const missed = all.length === 0 ? [] : misses.toSorted(Misses.bySeverity)
  const present = (parts: ReadonlyArray<PagePart | undefined>) => parts.filter((part) => part !== undefined)
  const judged: Judged = {
    verdicts: present([policyVerdicts(verdicts, missed, { isOfAll, pii }), controls(frameworks, missed)]),
    misses: present([yield* Misses.people(session, missed, { hasTenants: !isOne, pii })])
  }
  const sections = yield* Effect.forEach(
    subjects,
    (subject, index) => section(subject, index, isOne ? judged : undefined)
  )
  const css = style + sheets(tenants.map(({ tenant }) => tenant))
  const markup = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyFor(css, logo !== undefined)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
${namesMeta(pii)}
<title>${title}</title>
<style>${trusted(css)}</style>
</head>
<body>
<header>
${logo === undefined ? "" : Logo.picture(logo)}<h1>${title}</h1>
<p>What the users of Cisco Duo log in with: now, since the run before, and over ${daysBack} days.
${
    pii === "keep"
      ? "This page names people: share it only with those who may see these names."
      : "Names are left out: users are shown by Duo’s ids. The Duo Admin Panel shows whose they are."
  }</p>
</header>
<main>
${isOne ? sections : several(subjects, sections, judged)}</main>
<footer>
${meaning}
<p class="note">Times are UTC. Made by duo-mfa ${version} from its ledger.</p>
</footer>
</body>
</html>
`.toString()
  return {
    markup,
    /** The lines of the exceptions that mean nobody. */
    linesWithoutUser: all.length === 0 ? [] : yield* Exceptions.linesWithoutUser(session)
  }
})
