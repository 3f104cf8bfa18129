/** How the report looks, on a desk, on a phone, in the dark and on paper. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5c6675; --line: #d9dee6; --paper: #fff; --raised: #f5f7fa;
  --good: #1a7f4b; --warn: #b3261e; --hue: #2457c5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa4b2; --line: #333b47; --paper: #14181e;
  --raised: #1d232b; --good: #5fd39a; --warn: #ff8a80; --hue: #7da7ff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; }
p, ul { margin: .25rem 0; }
.soft { color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
.card { background: var(--raised); border-radius: .5rem; padding: .75rem 1rem; }
.card b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.bad { color: var(--warn); }
.good { color: var(--good); }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; padding: .5rem .75rem; }
summary { cursor: pointer; font-weight: 600; }
details li { margin: .4rem 0; overflow-wrap: anywhere; }
details ul { padding-left: 1.1rem; }
.scroll { overflow-x: auto; }
svg { display: block; width: 100%; min-width: 50rem; height: auto; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
svg .cell { fill: var(--hue); }
svg .odd { fill: var(--warn); }
svg .rule { stroke: var(--line); }
.counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1.5rem; align-items: start; }
.counts table { width: 100%; }
.counts td:first-child { width: 100%; }
table { border-collapse: collapse; }
caption { text-align: left; font-weight: 600; padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); white-space: nowrap; }
td { overflow-wrap: anywhere; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; padding-right: 0; }
table.list { width: 100%; font-size: .9rem; }
.list .when, .list .who, .list .stands { min-width: 7rem; }
.list .when { font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.list .what { min-width: 13rem; }
meter { width: 100%; height: .8rem; }
@media (max-width: 44rem) {
  .list thead { display: none; }
  .list tr { display: block; border-bottom: 1px solid var(--line); padding: .6rem 0; }
  .list td { display: grid; grid-template-columns: 6.5rem 1fr; border: 0; padding: .1rem 0; }
  .list td::before { content: attr(data-label); color: var(--soft); }
}
@media print { details { break-inside: avoid; } main { max-width: none; } }
`
