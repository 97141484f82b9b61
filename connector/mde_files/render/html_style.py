"""How the HTML report looks: light and dark, on paper and on a phone."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --page: #f4f6f8; --card: #ffffff; --text: #1a222d; --muted: #55606f; --line:
  #dbe1e8;
  --soft: #eef1f5; --link: #0a56b3; --organization: #2767c9; --world: #78859a; --grid: #d5dbe3;
  --high: #b3211a; --other: #8a3b00; --medium: #8d5200; --low: #1f5fb0; --open: #6a3aa2; --seen: #1f5fb0;
    --plain: #465160; }
@media (prefers-color-scheme: dark) { :root { --page: #0f141a; --card: #171e27; --text: #e4e9ef; --muted: #a0acba;
  --line: #2a3441; --soft: #1e2732; --link: #86baff; --organization: #5d9bf2; --world: #8b98aa; --grid: #2f3a48;
  --high: #ff948a; --other: #ffab7a; --medium: #f0b760; --low: #8bbcff; --open: #cba8ff; --seen: #8bbcff;
    --plain: #bcc6d2; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 14px/1.45 system-ui, "Segoe UI", Roboto,
  "Helvetica Neue",
  Arial, sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.wrap { max-width: 1360px; margin: 0 auto; padding: 20px 24px 48px; }
a { color: var(--link); text-underline-offset: 2px; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -9999px; top: 0; background: var(--card); padding: 8px 12px; }
.skip:focus { left: 8px; top: 8px; z-index: 1; }
.eyebrow { margin: 0; color: var(--muted); font-size: 12px; font-weight: 600; letter-spacing: .04em;
  text-transform: uppercase; }
h1 { margin: 2px 0 10px; font-size: 23px; line-height: 1.25; font-weight: 650; }
h2 { margin: 30px 0 10px; font-size: 16px; font-weight: 650; }
h3 { margin: 0; font-size: 14.5px; font-weight: 650; }
p { margin: 0 0 8px; }
ul { margin: 0; padding-left: 18px; }
code, .hash { font: 12px/1.45 ui-monospace, "Cascadia Mono", Consolas, Menlo, monospace; }
.muted { color: var(--muted); }
.small { font-size: 12.5px; }
.facts { display: flex; flex-wrap: wrap; gap: 4px 26px; margin: 0; }
.facts div { display: flex; gap: 7px; min-width: 0; }
.facts dt { color: var(--muted); white-space: nowrap; }
.facts dd { margin: 0; min-width: 0; }
.tiles { display: flex; flex-wrap: wrap; gap: 10px; margin: 18px 0 0; padding: 0; list-style: none; }
.tiles li { flex: 1 1 120px; max-width: 240px; padding: 9px 14px; background: var(--card); border: 1px solid
  var(--line);
  border-radius: 7px; }
.tiles b { display: block; font-size: 21px; font-weight: 650; line-height: 1.2; }
.tiles span { color: var(--muted); font-size: 12.5px; }
.notes { margin-top: 16px; padding: 11px 15px; background: var(--card); border: 1px solid var(--line);
  border-left: 4px solid var(--open); border-radius: 7px; }
.notes h2 { margin: 0 0 4px; font-size: 14px; }
table { width: 100%; border-collapse: collapse; }
caption { padding: 8px 12px; color: var(--muted); font-size: 12.5px; text-align: left; }
th, td { padding: 9px 12px; text-align: left; vertical-align: top; font-weight: 400; }
thead th { color: var(--muted); font-size: 12px; font-weight: 600; white-space: nowrap; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 7px; }
.card > table > tbody > tr > *, .card > table > thead th { border-bottom: 1px solid var(--line); }
.card > table > tbody > tr:last-child > * { border-bottom: 0; }
.card thead th { background: var(--soft); padding-top: 6px; padding-bottom: 6px; }
.card thead th:first-child { border-top-left-radius: 6px; }
.card thead th:last-child { border-top-right-radius: 6px; }
.files > table { table-layout: fixed; }
.files .c-file { width: 25%; } .files .c-finding { width: 31%; } .files .c-prevalence { width: 17%; }
.title { font-weight: 600; }
.name { unicode-bidi: isolate; direction: ltr; }
.hash { color: var(--muted); word-break: break-all; }
.outcome { display: flex; gap: 7px; margin: 0 0 3px; font-weight: 600; }
.outcome i { flex: none; width: 14px; font-style: normal; text-align: center; }
.tone-high { color: var(--high); } .tone-other { color: var(--other); } .tone-medium { color: var(--medium); }
.tone-low { color: var(--low); } .tone-open { color: var(--open); } .tone-seen { color: var(--seen); }
.tone-plain, .tone-informational, .tone-unspecified { color: var(--plain); }
.finding + .finding { margin-top: 7px; }
.finding p.said-so { margin: 0 0 2px 21px; }
.meter { display: flex; justify-content: space-between; max-width: 370px; font-size: 12.5px; line-height: 1.35; }
.meter .label { color: var(--muted); }
.meter .value { font-weight: 600; }
.dates { margin: 3px 0 0; color: var(--muted); font-size: 12px; }
svg { display: block; max-width: 100%; }
.shapes { position: absolute; }
.bar { width: 100%; max-width: 370px; height: auto; margin-bottom: 3px; }
.timeline { width: 100%; max-width: 370px; height: auto; }
.scale path { stroke: var(--grid); stroke-width: 1; fill: none; }
.scale .base { stroke: var(--world); stroke-width: .6; }
.scale text { fill: var(--muted); font-size: 10px; text-anchor: middle; }
.scale text.lane { text-anchor: start; }
rect.organization { fill: var(--organization); } rect.world { fill: var(--world); }
.unknown { stroke: var(--world); stroke-dasharray: 2 4; fill: none; }
g.organization { stroke: var(--organization); fill: var(--organization); stroke-width: 2.5; }
g.world { stroke: var(--world); fill: var(--world); stroke-width: 2.5; }
.timeline circle { stroke: none; }
.mark { stroke: var(--card); stroke-width: .7; fill: var(--world); }
.mark.high { fill: var(--high); } .mark.other { fill: var(--other); } .mark.medium { fill: var(--medium); }
.mark.low { fill: var(--low); }
.legend { display: flex; flex-wrap: wrap; gap: 3px 18px; margin: 9px 0 0; color: var(--muted); font-size: 12.5px; }
.legend svg { display: inline-block; width: 13px; height: 13px; margin-right: 5px; vertical-align: -2px; }
.file { margin-bottom: 14px; padding: 13px 16px; break-inside: avoid-page; }
.file header { display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline; margin-bottom: 8px; }
.file .columns { display: grid; grid-template-columns: minmax(250px, 1fr) 2fr; gap: 10px 30px; }
.file h4 { margin: 10px 0 3px; color: var(--muted); font-size: 12px; font-weight: 600; }
.file h4:first-child { margin-top: 0; }
.file dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 12px; margin: 0;
  font-size: 13px; }
.file dt { color: var(--muted); }
.file dd { margin: 0; }
.file .alerts th, .file .alerts td { padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); font-size: 13px; }
.file .alerts thead th { font-size: 12px; }
.file .columns > div { min-width: 0; }
.alerts { table-layout: fixed; }
.alerts :is(th, td):nth-child(1) { width: 170px; } .alerts :is(th, td):nth-child(2) { width: 90px; }
.alerts :is(th, td):nth-child(3) { width: 88px; } .alerts :is(th, td):nth-child(5) { width: 29%; }
.file .alerts caption { padding: 4px 0; }
.file .alerts thead th { background: none; }
.caveat { padding-left: 10px; border-left: 3px solid var(--medium); font-size: 13px; }
summary { cursor: pointer; color: var(--link); font-size: 13px; }
details[open] > summary { margin-bottom: 5px; }
.said { padding: 9px 14px; color: var(--muted); }
footer { margin-top: 30px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--muted); font-size:
  12.5px; }
@media screen and (max-width: 900px) {
  .wrap { padding: 14px 14px 36px; }
  h1 { font-size: 20px; }
  .tiles { gap: 8px; } .tiles li { flex: 1 1 28%; max-width: none; padding: 7px 11px; } .tiles b { font-size: 18px; }
  .stacked, .stacked > table, .stacked tbody, .stacked caption { display: block; }
  .stacked { background: none; border: 0; }
  .stacked tbody tr { display: block; margin-bottom: 10px; padding: 4px 0; background: var(--card);
    border: 1px solid var(--line); border-radius: 7px; }
  .card.stacked > table > tbody > tr > * { display: block; border: 0; padding: 6px 12px; }
  .stacked td[data-label]::before { content: attr(data-label); display: block; color: var(--muted); font-size: 12px;
    font-weight: 600; }
  .alerts, .alerts tbody { display: block; }
  .stacked thead, .alerts thead { display: block; position: absolute; left: 0; width: 1px; height: 1px;
    overflow: hidden; clip-path: inset(50%); white-space: normal; }
  .alerts tbody tr { display: block; padding: 6px 0; border-bottom: 1px solid var(--line); }
  .file .alerts td { display: inline-block; width: auto; max-width: 100%; padding: 0 10px 0 0; border: 0; }
  .alerts caption { display: block; }
  .file .columns { grid-template-columns: minmax(0, 1fr); }
  .card.stacked > table > caption { padding: 0 0 8px; }
  .stacked :is(.bar, .meter) { max-width: 250px; }
}
@media screen and (max-width: 560px) {
  .facts { flex-direction: column; }
  .tiles li { flex-basis: 40%; }
}
@media print {
  :root { color-scheme: light; --page: #fff; --card: #fff; --text: #000; --muted: #444; --line: #bbb; --soft: #f2f2f2;
    --link: #0a3f80; --organization: #2767c9; --world: #667; --grid: #ccc; --high: #a01510; --other: #7a3400;
    --medium: #7a4700;
    --low: #1a4f94; --open: #55308a; --seen: #1a4f94; --plain: #333; }
  @page { margin: 14mm; }
  body { font-size: 10.5px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .wrap { max-width: none; padding: 0; }
  .skip { display: none; }
  tr, .tiles li { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  details::details-content { content-visibility: visible; height: auto; }
  th, td { padding: 4px 7px; }
  .files .c-file { width: 23%; } .files .c-finding { width: 28%; } .files .c-prevalence { width: 20%; }
  thead th { white-space: normal; font-size: 9.5px; }
  caption, .small, .dates, .meter, .legend, .file dl, .file .alerts :is(th, td), .caveat, summary, footer,
    .tiles span {
    font-size: 9.5px; }
  h1 { font-size: 17px; } h2 { margin-top: 16px; font-size: 13px; } h3 { font-size: 11.5px; } h4 { font-size: 9.5px; }
  .tiles { gap: 6px; margin-top: 10px; } .tiles li { flex: 1 1 0; padding: 5px 9px; } .tiles b { font-size: 14px; }
  .file .columns { grid-template-columns: 1fr 1.8fr; gap: 6px 16px; }
  .file { padding: 8px 10px; }
  code, .hash { font-size: 9.5px; }
}
"""
