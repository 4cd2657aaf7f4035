/** Puts hostile load on a server that listens, and prints the report as JSON: load_program.js TARGET PLAN, both JSON. */
import { type LoadPlan, runLoad, type Target } from "./load.ts";

const [target, plan] = process.argv.slice(2).map((text) => JSON.parse(text) as unknown) as [Target, LoadPlan];
console.log(JSON.stringify(await runLoad(target, plan)));
process.exit(0);
