/**
 * Runs the steps on a server in FOLDER, and kills itself, as kill -9 does, at file operation number N: before it,
 * after it, or in the middle of what it writes. Every acknowledgement is a line on stdout; the first has the tokens.
 *
 *   node crash_program.js FOLDER IMAGES N before|amid|after
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

const [folder, images, at, when] = process.argv.slice(2) as [string, string, string, string];
const { writeSync, readdirSync, readFileSync } = fs;
let operations = 0;

const die = (): never => {
  process.kill(process.pid, "SIGKILL");
  // The signal arrives when it arrives; nothing may happen meanwhile.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};

type AnyFunction = (...args: unknown[]) => unknown;

/** All that changes what the disk holds. */
const NAMES = [
  "writeSync",
  "fsyncSync",
  "ftruncateSync",
  "renameSync",
  "unlinkSync",
  "rmSync",
  "mkdirSync",
  "openSync",
];
const functions = fs as unknown as Record<string, AnyFunction>;
for (const name of NAMES) {
  const original = functions[name]!;
  functions[name] = (...args: unknown[]): unknown => {
    const isDue = operations++ === Number(at);
    if (isDue && when === "before") die();
    if (isDue && when === "amid" && name === "writeSync") {
      const [fd, bytes, offset = 0, length, position] = args as [
        number,
        Uint8Array,
        number?,
        number?,
        number?,
      ];
      const half = Math.floor((length ?? bytes.length - offset) / 2);
      if (half > 0) original(fd, bytes, offset, half, position);
      die();
    }
    const result = original(...args);
    if (isDue) die();
    return result;
  };
}
syncBuiltinESMExports();

// Only now, so that every module gets the functions above.
const { updateServer } = await import("../../../host/fleet/server/server.ts");
const { asker, STEPS } = await import("./crash_steps.ts");
const { readPublicKey } = await import("../../../host/image/keys.ts");

const say = (line: string): void => void writeSync(1, `${line}\n`);
const key = readPublicKey(readFileSync(join(images, "key.pem"), "utf8"), "key");
const contents = readdirSync(images)
  .filter((name) => name.endsWith(".img"))
  .sort()
  .map((name) => new Uint8Array(readFileSync(join(images, name))));
const server = updateServer({ folder, keys: [key], now: () => Date.UTC(2030, 0, 1) });
say(JSON.stringify(server.firstTokens));
const ask = asker(server, server.firstTokens!);
for (const { name, run } of STEPS) {
  const { status } = run(ask, contents);
  if (status >= 300) throw new Error(`${name}: expected a success, found ${status}`);
  say(name);
}
server.close();
say(`${operations}`);
