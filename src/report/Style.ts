/** The style of the page: light and dark, on a desk, on a phone and on paper. */
export const style = `
:root {
  --page: #fff; --panel: #f6f8fa; --text: #1c2127; --muted: #565f6b; --line: #c9d1d9; --grid: #e6eaee; --link: #0b57a4;
  --better: #1a7240; --worse: #b3261e; --warn: #8a5300;
  --mfa: #64707d;
  --phishing_resistant: #0b57a4; --device_bound: #3f86c6; --push: #2a9187; --otp: #8b79b8; --telephony: #c47a12; --none: #b3261e;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14181d; --panel: #1c2229; --text: #e8ebee; --muted: #a3adb8; --line: #3d4650; --grid: #272e36; --link: #7ab8f5;
    --better: #5ec98a; --worse: #ff8a80; --warn: #f0b35a;
    --mfa: #a3adb8;
    --phishing_resistant: #7ab8f5; --device_bound: #4787c4; --push: #45b3a7; --otp: #a794d6; --telephony: #e09b3d; --none: #ff7b70;
  }
}
* { box-sizing: border-box; }
html { color-scheme: light dark; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2.5rem 1.5rem; max-width: 62rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: break-word;
}
h1, h2, h3, h4 { line-height: 1.25; text-wrap: balance; margin: 0; }
h1 { font-size: 1.9rem; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; margin-top: 2rem; overflow-wrap: anywhere; }
h3 { font-size: 1.2rem; }
h4, .miss { font-size: 1rem; margin-top: 1.5rem; }
p { margin: .4rem 0; max-width: 46rem; text-wrap: pretty; }
a { color: var(--link); }
code { font: .875em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
header p, .as-of, .says, .what, .realname, .note, figcaption { color: var(--muted); }
.opening { font-size: 1.25rem; line-height: 1.45; margin: 1rem 0 1.25rem; }
.as-of strong { color: var(--text); }
.tag { border: 1px solid var(--line); border-radius: .25rem; padding: 0 .3rem; font-size: .8125rem; white-space: nowrap; }
.warning, .as-of .warning { color: var(--warn); }
.part { margin-top: 2.75rem; }
.heading { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; column-gap: 1rem; }
.back { font-size: .875rem; padding: .2rem 0; }
.back:not(:hover, :focus-visible) { text-decoration: none; }
.contents { margin-top: 1rem; font-size: .9375rem; }
.contents ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0 1.25rem; }
.contents a { display: inline-block; padding: .25rem 0; }
.contents a:not(:hover, :focus-visible) { text-decoration: none; }
.contents + .part { margin-top: 1rem; }
.logo { display: block; max-width: min(16rem, 100%); max-height: 4rem; object-fit: contain; margin-bottom: 1.25rem; }
.names {
  list-style: none; margin: .4rem 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr));
  gap: .15rem 1.5rem; font-size: .9375rem;
}
:target { scroll-margin-top: 1rem; }
.part:first-of-type { margin-top: 1.25rem; }
section:not(:first-child) { margin-top: 3.5rem; }
.note, .what { font-size: .875rem; }
.unseen {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}

.cards { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; grid-template-columns: repeat(6, 1fr); }
.card { grid-column: span 2; padding: 1rem 1.1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--panel); }
.card.coverage, .card.phishing_resistant_pct { grid-column: span 3; }
.card p { margin: 0; }
.headline { font-weight: 600; }
.number { font-size: 2rem; line-height: 1.2; letter-spacing: -.02em; font-variant-numeric: tabular-nums; margin-right: .15rem; }
.coverage .number, .phishing_resistant_pct .number { font-size: 2.75rem; }
.phishing_resistant_pct .number { color: var(--phishing_resistant); }
.says { font-size: .875rem; }
.moved { font-size: .875rem; }
.card .says + .moved { margin-top: .6rem; }
.better { color: var(--better); font-weight: 600; }
.worse { color: var(--worse); font-weight: 600; }
.same { color: var(--muted); }

figure { margin: .25rem 0 0; }
figcaption { font-size: .875rem; margin-bottom: .5rem; }
.key { display: inline-block; margin-left: 1rem; color: var(--text); }
.key svg { width: 1rem; height: .65rem; margin-right: .35rem; stroke: currentColor; stroke-width: 3; fill: none; }
.key .mfa { color: var(--mfa); }
.key .target { color: var(--warn); stroke-dasharray: 4 3; }
.key .phishing_resistant { color: var(--phishing_resistant); }
.key .better { color: var(--better); width: .5rem; stroke-width: 6; }
.key .worse { color: var(--worse); width: .5rem; stroke-width: 6; }
.chart svg { display: block; width: 100%; height: auto; }
.chart text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
.chart .narrow { display: none; }
.swatch { width: .75rem; height: .75rem; margin-right: .5rem; }
${
  ["phishing_resistant", "device_bound", "push", "otp", "telephony", "none"]
    .map((name) => `.swatch.${name} { fill: var(--${name}); }`).join(" ")
}
.bar { width: 6rem; height: .5rem; margin-right: .5rem; }
.bar .all { fill: var(--grid); }
.bar .part { fill: var(--worse); }

table { width: 100%; border-collapse: collapse; margin: .75rem 0; font-size: .9375rem; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .75rem .4rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); }
th:last-child, td:last-child { padding-right: 0; }
thead th::first-letter { text-transform: uppercase; }
thead th { font-size: .8125rem; font-weight: 600; color: var(--muted); border-bottom-color: var(--line); vertical-align: bottom; }
tbody th { font-weight: 400; overflow-wrap: anywhere; }
.under { display: block; }
th > .under { min-width: 13rem; }
.whole { white-space: nowrap; }
.on-paper { display: none; }
.figure { text-align: right; white-space: nowrap; }
thead .figure { white-space: normal; }
.figure + td:not(.figure), .figure + th:not(.figure) { padding-left: 1rem; }
details { margin-top: .5rem; font-size: .9375rem; }
summary { cursor: pointer; color: var(--link); width: fit-content; }
.scrolls { max-height: 24rem; overflow: auto; }
.scrolls thead th { position: sticky; top: 0; background: var(--page); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
footer { margin-top: 4rem; border-top: 1px solid var(--line); font-size: .9375rem; }
dl { display: grid; grid-template-columns: 11rem 1fr; gap: .35rem 1rem; margin: .75rem 0 1.5rem; }
dt { font-weight: 600; }
dd { margin: 0; color: var(--muted); }

@media screen and (max-width: 40rem) {
  body { padding: 1.5rem 1rem; }
  h1 { font-size: 1.6rem; }
  .opening { font-size: 1.1rem; }
  .cards { grid-template-columns: 1fr; }
  .card, .card.coverage, .card.phishing_resistant_pct { grid-column: auto; }
  .chart .wide { display: none; }
  .chart .narrow { display: block; }
  .key { display: block; margin-left: 0; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .6rem; }
  table .what { display: block; }
  .folds, .folds tbody, .folds tr, .folds th, .folds td { display: block; border: 0; padding: 0; text-align: left; white-space: normal; }
  .folds thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .folds tr { padding: .6rem 0; border-bottom: 1px solid var(--grid); }
  .folds tbody th { font-weight: 600; }
  .realname, .folds tbody th .what, .folds tbody th .tag { font-weight: 400; }
  .folds td[data-column] { position: relative; padding-left: 8.5rem; font-size: .875rem; }
  .folds td::before { content: attr(data-column); position: absolute; left: 0; color: var(--muted); }
  .folds td[data-column]:only-of-type { padding-left: 0; }
  .folds td:only-of-type::before, .folds td:empty, .bar { display: none; }
}

@media print {
  @page {
    margin: 18mm 14mm;
    @top-left { font: 8pt system-ui, sans-serif; color: #565f6b; }
    @bottom-right { content: counter(page) " / " counter(pages); font: 8pt system-ui, sans-serif; color: #565f6b; }
  }
  html { font-size: 9.5pt; }
  body { max-width: none; padding: 0; }
  h2, h3, h4, .heading + p, .miss + p, h4 + p, figcaption { break-after: avoid; }
  .part { margin-top: 1.75rem; }
  .heading { display: block; break-after: avoid; }
  .names { break-after: avoid; }
  .card, figure > .chart, .names, tr, table:not(.folds) { break-inside: avoid; }
  thead { display: table-header-group; break-after: avoid; }
  tbody tr:first-child { break-before: avoid; }
  details, .contents, .back { display: none; }
  .logo { max-height: 14mm; }
  .on-paper { display: block; }
  .bar { width: 3rem; }
  p, li, dd { break-inside: avoid; }
  .cards { padding-right: 1px; }
  footer { margin-top: 2rem; break-inside: avoid; }
  section + section { break-before: page; }
}
`
