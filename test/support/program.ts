/** The command line as a program of its own, as compiled: host/thimble.mjs without the set-up of a checkout. */
import { main } from "../../host/cli/main.ts";

process.exitCode = await main(process.argv.slice(2));
