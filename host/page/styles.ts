/** Looks of the page: light and dark as the reader's system has it, one column on a phone. */
export const STYLES = `
:root { color-scheme: light dark; --page: #f7f7f5; --card: #fff; --ink: #1b1c1e; --muted: #5c5f65; --line: #d9d9d4;
  --track: #ececea; --fill: #2a78d6; --wrong: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --page: #151617; --card: #1e2022; --ink: #eceded; --muted: #a8acb3;
  --line: #3a3d42; --track: #2a2d30; --fill: #4c94e8; --wrong: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 1040px; margin: 0 auto; padding: 16px 20px; }
h1 { font-size: 1.6rem; margin: 8px 0 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 0 0 12px; }
p { margin: 0 0 12px; overflow-wrap: anywhere; }
header p, .note { color: var(--muted); font-size: .9rem; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); gap: 16px; align-items: start; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px; min-width: 0; }
#table { grid-column: 1 / -1; }
#error { grid-column: 1 / -1; margin: 0; padding: 10px 14px; border-left: 4px solid var(--wrong); background: var(--card); }
[hidden] { display: none !important; }
button, input, textarea { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--muted);
  border-radius: 6px; padding: 6px 10px; }
button, input, textarea { max-width: 100%; } button { cursor: pointer; }
button.main { background: var(--fill); border-color: var(--fill); color: #fff; font-weight: 600; }
@media (prefers-color-scheme: dark) { button.main { color: #0f1011; } }
input[type=text], textarea { width: 100%; }
:focus-visible { outline: 3px solid var(--fill); outline-offset: 2px; }
summary { cursor: pointer; margin: 0 0 10px; }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(130px, 1fr)); gap: 8px 12px; margin: 0 0 12px;
  max-height: 340px; overflow-y: auto; padding: 4px; }
.fields label { min-width: 0; } .fields .wide { grid-column: 1 / -1; }
.fields span { display: block; font-size: .85rem; color: var(--muted); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.line { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; margin: 0 0 14px; }
.file { display: block; border: 2px dashed var(--line); border-radius: 10px; padding: 14px; margin: 0 0 16px; }
.file span { display: block; margin-bottom: 6px; }
canvas { border: 1px solid var(--line); border-radius: 6px; max-width: 100%; }
#drawing { width: 220px; height: 220px; touch-action: none; cursor: crosshair; }
#seen { width: 110px; image-rendering: pixelated; }
video { max-width: 100%; max-height: 200px; }
#verdict { font-size: 2.2rem; font-weight: 700; line-height: 1.2; margin: 0 0 8px; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 0 0 14px; }
caption { text-align: left; } dt { color: var(--muted); } dd { margin: 0; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 4px 8px 4px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; font-weight: 400; }
thead th { color: var(--muted); position: sticky; top: 0; background: var(--card); }
#answer .number { text-align: right; width: 6rem; } #answer .track { width: 45%; padding-right: 0; }
.track .fill { display: block; height: 14px; border-radius: 3px; background: var(--fill); }
.scroll { max-height: 420px; overflow: auto; }
#windows { max-height: 200px; overflow: auto; margin: 0; padding-left: 18px; }
`;
