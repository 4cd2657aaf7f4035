/**
 * One side of a load on a server that listens: load_program.js honest|hostile TARGET PLAN, the last two JSON. Prints what
 * came of it as JSON. Each side has a process: honest devices must not wait for the hostile ones' own event loop. The
 * honest one says "registered" first; the hostile one goes on until its stdin ends.
 */
import { once } from "node:events";
import { type LoadPlan, runHonest, runHostile, type Target } from "./load.ts";

const [side, ...texts] = process.argv.slice(2);
const [target, plan] = texts.map((text) => JSON.parse(text) as unknown) as [Target, LoadPlan];
process.stdin.resume();
const report =
  side === "honest"
    ? await runHonest(target, plan, () => console.log("registered"))
    : await runHostile(target, plan, once(process.stdin, "end"));
console.log(JSON.stringify(report));
process.exit(0);
