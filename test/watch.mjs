/** `npm run test:watch -- PATTERN...`: runs the tests now, and again whenever a source changes. Ctrl-C ends it. */
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { join } from "node:path";
import { root } from "../host/setup.mjs";

const FOLDERS = ["assembly", "firmware", "host", "test"];
/** Editors write a file in several steps. */
const QUIET_MS = 200;

let running;
let timer;

function start() {
  running?.kill();
  const args = [join(root, "test", "run.mjs"), ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  running = child;
  child.on("exit", () => {
    if (running !== child) return;
    running = undefined;
    process.stdout.write("waiting for a change\n");
  });
}

function changed(_, name) {
  if (!/\.(ts|mjs|c|h|json|md)$/.test(String(name))) return;
  clearTimeout(timer);
  timer = setTimeout(start, QUIET_MS);
}

for (const folder of FOLDERS) watch(join(root, folder), { recursive: true }, changed);
start();
