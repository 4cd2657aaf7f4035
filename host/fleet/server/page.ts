/** Files of the web page. It shows nothing by itself: its script asks the management API with the reader's token. */
import { readFileSync } from "node:fs";
import { quoted } from "../../plain.ts";
import { Refused, respond, type ServerResponse } from "./message.ts";
import { PAGE } from "./page_html.ts";

let script: string | undefined;

/** The compiled page_client.ts, read once; its source map is not where the page is. */
function client(): string {
  script ??= readFileSync(new URL("page_client.js", import.meta.url), "utf8");
  return script.replace(/^\/\/# sourceMappingURL.*$/m, "");
}

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HEADERS = { "content-security-policy": POLICY, "referrer-policy": "no-referrer" };

/** Throws Refused (404, 405). */
export function pageFile(method: string, path: string): ServerResponse {
  if (path !== "/" && path !== "/page.js")
    throw new Refused(404, `expected a path of this server, found ${quoted(path)}`);
  if (method !== "GET") throw new Refused(405, `expected GET, found ${quoted(method)}`, { allow: "GET" });
  return path === "/"
    ? respond(200, PAGE, { ...HEADERS, "content-type": "text/html; charset=utf-8" })
    : respond(200, client(), { ...HEADERS, "content-type": "text/javascript; charset=utf-8" });
}
