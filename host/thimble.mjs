#!/usr/bin/env node
/** The command `thimble`. In a checkout it first installs and compiles what changed; a package is ready. */
import {
  ensureCompiled,
  ensureInstalled,
  ensureNode,
  ensureSources,
  isCheckout,
  runOrExit,
} from "./setup.mjs";

runOrExit(ensureNode);
if (isCheckout()) runOrExit(ensureInstalled, ensureSources, ensureCompiled);
const { main } = await import("../dist/host/cli/main.js");
// Not process.exit, which would cut off what is still being written to a pipe.
process.exitCode = await main(process.argv.slice(2));
