/**
 * The page's looks: light and dark as the reader's system has it, one column on a phone, ink on paper when printed.
 * The series' colours stay apart for readers with colour-blindness, and every chart has its numbers as text.
 */
export const STYLES = `
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --card: #ffffff; --ink: #1b1c1e; --muted: #62656b; --line: #e1e1dd; --track: #eeeeeb;
  --c0: #2a78d6; --c1: #1baf7a; --c2: #eda100; --c3: #4a3aa7; --c4: #e34948; --c5: #e87ba4; --c6: #8a5a2b;
  --rest: #a4a7ad; --good: #2a78d6; --fair: #c98500; --poor: #d03b3b; --heat: 42 120 214; --wrong: 208 59 59;
  --on: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #151617; --card: #1e2022; --ink: #eceded; --muted: #a2a6ad; --line: #34373b; --track: #2a2d30;
    --c0: #4c94e8; --c1: #23a778; --c2: #d39a1d; --c3: #9085e9; --c4: #e66767; --c5: #d77ba0; --c6: #b58556;
    --rest: #6c7076; --good: #4c94e8; --fair: #d39a1d; --poor: #ef6a6a; --heat: 76 148 232; --wrong: 239 106 106;
    --on: #0f1011;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 1180px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 28px; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 0 0 8px; }
h3 { font-size: 1rem; margin: 20px 0 8px; }
p { margin: 0 0 12px; max-width: 75ch; overflow-wrap: anywhere; }
header p, footer, .note, .axis-note { color: var(--muted); font-size: .87rem; }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 12px 0 20px; }
a { color: var(--c0); }
section, .tiles > div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
section { padding: 20px; margin: 0 0 20px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; margin: 0 0 20px; }
.tiles > div { padding: 14px 16px; }
.tiles dt { color: var(--muted); font-size: .87rem; }
.tiles dd { margin: 0; }
.tiles .figure { font-size: 1.3rem; font-weight: 600; line-height: 1.3; margin: 2px 0 4px; }
.warning { border-left: 4px solid var(--poor); padding: 8px 12px; background: var(--card); max-width: none; }
.columns, .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 24px; }
.columns > *, .pair > * { min-width: 0; }
.long { max-height: 420px; overflow-y: auto; }
.bars, .legend, .rectangles { list-style: none; margin: 0; padding: 0; }
.bars li { display: grid; grid-template-columns: minmax(80px, 11rem) 1fr 5.5rem; gap: 10px; align-items: center;
  padding: 2px 0; }
.bars .label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bars .track { display: flex; background: var(--track); border-radius: 4px; overflow: hidden; height: 18px; }
.bars .segment { height: 100%; flex: none; border-right: 1px solid var(--card); }
.bars .value { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bars button { font: inherit; color: inherit; background: none; border: 0; padding: 0; max-width: 100%;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; cursor: pointer; text-align: left;
  border-bottom: 1px dotted var(--muted); display: block; }
.bars button[aria-pressed="true"] { font-weight: 650; border-bottom: 2px solid var(--c0); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 10px 0; font-size: .87rem; }
.legend li { display: flex; align-items: center; gap: 6px; min-width: 0; overflow-wrap: anywhere; }
.swatch { width: 12px; height: 12px; border-radius: 3px; flex: none; }
.c0 { background: var(--c0); } .c1 { background: var(--c1); } .c2 { background: var(--c2); }
.c3 { background: var(--c3); } .c4 { background: var(--c4); } .c5 { background: var(--c5); }
.c6 { background: var(--c6); } .rest { background: var(--rest); } .good { background: var(--good); }
.fair { background: var(--fair); } .poor { background: var(--poor); }
.rectangles { position: relative; border: 1px solid var(--line); border-radius: 6px; overflow: hidden;
  background: var(--track); }
.rectangles li { position: absolute; overflow: hidden; border: 1px solid var(--card); border-radius: 3px;
  padding: 1px 5px; color: var(--on); font-size: .8rem; line-height: 1.3; overflow-wrap: anywhere; }
.rectangles .c1, .rectangles .c2, .rectangles .rest { color: #111213; }
.rectangles small { opacity: .9; }
.treemap { height: 340px; }
.memory { height: 320px; }
.plot { position: relative; }
.plot .top, .plot .bottom { position: absolute; right: 6px; font-size: .75rem; color: var(--muted); z-index: 1;
  background: var(--card); border-radius: 3px; padding: 0 4px; }
.plot .top { top: 4px; } .plot .bottom { bottom: 4px; }
.axis-note { margin-top: 6px; }
.scroll { overflow-x: auto; margin: 0 0 12px; }
table { border-collapse: collapse; font-size: .87rem; }
caption { text-align: left; font-weight: 600; padding: 4px 0; }
th, td { padding: 3px 10px 3px 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 500; } thead th { color: var(--muted); }
tbody th { min-width: 7rem; max-width: 22rem; overflow-wrap: anywhere; }
.heat tbody th { min-width: 0; }
th.number { text-align: right; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.heat th, .heat td { border: 0; padding: 4px; text-align: center; min-width: 2.1em; }
.heat tbody th, .heat thead th:first-child { text-align: right; max-width: 9rem; }
.heat thead th { max-width: 5rem; overflow: hidden; text-overflow: ellipsis; }
.heat td { border: 1px solid var(--card); background: var(--track); font-variant-numeric: tabular-nums; }
.heat .right { background: rgb(var(--heat) / calc(.08 + .92 * var(--share))); }
.heat .wrong { background: rgb(var(--wrong) / calc(min(1, 2.5 * var(--share)))); }
.heat .strong { color: var(--on); }
.axis { font-size: .8rem; }
details { margin-top: 10px; } summary { cursor: pointer; color: var(--c0); }
details > .scroll { margin-top: 8px; }
.picker { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin-bottom: 8px; }
.picker label { font-weight: 600; }
select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px;
  padding: 4px 8px; max-width: 100%; }
#histogram { min-height: 260px; overflow: hidden; }
.facts > div { display: grid; grid-template-columns: minmax(8rem, 13rem) 1fr; gap: 10px; padding: 2px 0;
  border-bottom: 1px solid var(--line); }
.facts dt { color: var(--muted); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.worst { padding-left: 1.3em; margin: 0; } .worst li { margin-bottom: 6px; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--c0); outline-offset: 2px; }
footer { padding-bottom: 32px; overflow-wrap: anywhere; }
@media (max-width: 520px) {
  header, main, footer { padding-left: 12px; padding-right: 12px; }
  section { padding: 14px; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .tiles .figure { font-size: 1.1rem; }
  .bars li { grid-template-columns: 6rem 1fr 4.8rem; gap: 6px; font-size: .87rem; }
  .facts > div { grid-template-columns: 1fr; gap: 0; }
}
@media print {
  body { background: none; font-size: 11px; }
  nav, .picker select { display: none; }
  section, .tiles > div { break-inside: avoid; border-color: #bbb; }
  .long { max-height: none; } .scroll { overflow: visible; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
