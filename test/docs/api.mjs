/**
 * `npm run docs`: writes the API reference to build/docs.
 *
 * TypeDoc needs a TypeScript that has an API for tools, which is not the one that compiles this repository: both are
 * installed into build/docs-tools, once.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../host/setup.mjs";

const TOOLS = ["typedoc@0.28.20", "typescript@5.9.3"];
const tools = join(root, "build", "docs-tools");
const output = join(root, "build", "docs");

/** Runs a program to its end; another exit status than 0 ends this one with it. */
function run(command, args, input) {
  const stdio = [input === undefined ? "ignore" : "pipe", "inherit", "inherit"];
  const { status, error } = spawnSync(command, args, { cwd: root, stdio, input });
  if (error) throw new Error(`${command}: expected it to start, found: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function typescript() {
  const program = join(tools, "node_modules", "typedoc", "bin", "typedoc");
  if (!existsSync(program)) {
    mkdirSync(tools, { recursive: true });
    writeFileSync(join(tools, "package.json"), '{ "private": true }\n');
    run("npm", ["install", "--prefix", tools, "--no-audit", "--no-fund", "--loglevel=error", ...TOOLS]);
  }
  const entries = ["host/index.ts", "host/runtime/model/node.ts", "host/fleet/simulator/simulator.ts"];
  const options = [
    "--tsconfig",
    "tsconfig.json",
    "--skipErrorChecking",
    "--validation.notExported",
    "false",
    "--treatWarningsAsErrors",
    "--logLevel",
    "Warn",
  ];
  run(process.execPath, [
    program,
    ...options,
    "--name",
    "thimble",
    "--out",
    join(output, "typescript"),
    ...entries,
  ]);
}

/** The headers' comments are plain: a filter marks them for Doxygen. */
const DOXYFILE = `
PROJECT_NAME = thimble
INPUT = firmware/include
OUTPUT_DIRECTORY = ${join(output, "c")}
GENERATE_LATEX = NO
EXTRACT_ALL = YES
OPTIMIZE_OUTPUT_FOR_C = YES
JAVADOC_AUTOBRIEF = YES
QUIET = YES
WARN_AS_ERROR = FAIL_ON_WARNINGS
HAVE_DOT = NO
MACRO_EXPANSION = YES
PREDEFINED = THIMBLE_CHECK_RESULT=
INPUT_FILTER = "sed -E 's#(, +|; +)/\\* #\\1/**< #; s#^( *)/\\*( |$)#\\1/**\\2#; s#<([a-z_]+)>#\\&lt;\\1\\&gt;#g'"
`;

function c() {
  if (spawnSync("doxygen", ["--version"]).error) {
    process.stdout.write("skip C headers: doxygen is not installed (apt-get install doxygen)\n");
    return;
  }
  mkdirSync(join(output, "c"), { recursive: true });
  run("doxygen", ["-"], DOXYFILE);
}

mkdirSync(output, { recursive: true });
typescript();
c();
process.stdout.write(`${output}\n`);
