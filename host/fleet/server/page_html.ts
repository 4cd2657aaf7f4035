/** The page's markup; page_client.ts fills it. */
import { html } from "../../report/html.ts";
import { STYLES } from "../../report/styles.ts";
import { version } from "../../root.ts";

const OWN_STYLES = `
form { display: flex; flex-wrap: wrap; gap: 8px; align-items: end; margin: 0 0 12px; }
label { display: grid; gap: 2px; font-size: .87rem; color: var(--muted); }
input, button { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line);
  border-radius: 6px; padding: 6px 10px; }
button { cursor: pointer; }
button:disabled { opacity: .5; cursor: default; }
[hidden] { display: none !important; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--muted); font-size: .87rem; }
td { overflow-wrap: anywhere; min-width: 5rem; }
article { border-top: 1px solid var(--line); padding: 12px 0; }
article:first-of-type { border-top: 0; padding-top: 0; }
.state { display: inline-block; border: 1px solid var(--line); border-radius: 10px; padding: 0 10px; }
.succeeded { background: var(--c1); } .running { background: var(--c0); } .failed { background: var(--c4); }
.unwell { background: var(--c4); } .well { background: var(--c1); }
.histogram { display: flex; align-items: flex-end; gap: 1px; height: 32px; width: 150px; }
.histogram span { flex: 1; background: var(--c0); min-height: 1px; }
.waiting { background: var(--track); } .skipped { background: var(--c2); } .cancelled { background: var(--rest); }
.actions { display: flex; gap: 8px; margin: 8px 0 0; }
`;

const raw = (markup: string) => ({ markup });

export const PAGE = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fleet</title><style>${raw(STYLES + OWN_STYLES)}</style></head>
<body><header><h1>Fleet</h1><p>thimble ${version}. <a href="/openapi.json">The API behind this page</a></p>
<p id="problem" class="warning" role="alert" hidden></p></header>
<main>
<section id="login"><h2>Who are you?</h2><form id="token-form">
<input type="text" autocomplete="username" value="operator" hidden>
<label>Token of an operator<input id="token" type="password" autocomplete="current-password" required></label>
<button>Show the fleet</button></form></section>
<div id="fleet" hidden>
<dl class="tiles" id="tiles"></dl>
<section><h2>Models</h2><div id="models" aria-live="polite"></div></section>
<section><h2>Rollouts</h2><div id="rollouts" aria-live="polite"></div></section>
<section><h2>Images</h2><div id="images" class="scroll"></div></section>
<section><h2>Devices</h2><form id="query-form">
<label>Attributes, such as board=esp32-c3,name=b*<input id="query" maxlength="512"></label>
<button>Filter</button></form><div id="devices" class="scroll"></div></section>
</div>
</main>
<script type="module" src="/page.js"></script></body></html>
`.markup;
