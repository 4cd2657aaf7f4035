#!/usr/bin/env node
/** The command `thimble`. In a checkout it first installs and compiles what changed; a package is ready. */
import { ensureCompiled, ensureInstalled, ensureNode, isCheckout, runOrExit } from "./setup.mjs";

runOrExit(ensureNode);
if (isCheckout()) runOrExit(ensureInstalled, ensureCompiled);
await import("../dist/host/cli/main.js");
