/** The runner of the tests itself: test/run.mjs and test/node_tests.mjs, with fixtures that are broken. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { root } from "../host/root.ts";
import { scratchFolder } from "./support/folders.ts";

/** Suites as modules that test files import, as `powerfail.test.ts` does. */
const SUITES = {
  "suites/suite.ts": `
    import { describe, test } from "node:test";
    export const suite = (isRight: boolean) => describe("imported", () => {
      test("good", () => {});
      test("is right", () => { if (!isRight) throw new Error("is wrong"); });
    });`,
  "suites/a_right.test.ts": `import { suite } from "./suite.ts"; suite(true);`,
  "suites/b_wrong.test.ts": `import { suite } from "./suite.ts"; suite(false);`,
};

const importTest = `import { test } from "node:test";`;

/** Test files that must not pass, with what the runner says. */
const BROKEN: readonly { readonly name: string; readonly text: string; readonly says: RegExp }[] = [
  {
    name: "reports_nothing",
    text: `export {};`,
    says: /the file\n +expected at least one test, found none/,
  },
  {
    name: "ends_at_once",
    text: `${importTest} process.exit(0); test("a", () => {});`,
    says: /expected at least one test, found none/,
  },
  {
    name: "ends_between",
    text: `${importTest} test("a", () => {}); test("b", () => process.exit(0)); test("c", () => {});`,
    // Node may lose what was reported just before.
    says: /expected (?:a result of each test, found 2 without one|at least one test, found none)/,
  },
  {
    name: "has_an_empty_suite",
    text: `${importTest} import { describe } from "node:test"; test("a", () => {}); describe("of no cases", () => {});`,
    says: /of no cases\n +expected at least one test in the suite, found none/,
  },
  {
    name: "fails_later",
    text: `${importTest} test("a", () => { setTimeout(() => { throw new Error("late"); }, 1); });`,
    says: /expected exit status 0, found 1[\s\S]*Error: late/,
  },
  {
    name: "does_not_wait",
    text: `${importTest} test("a", (t) => { t.test("b", () => new Promise((done) => setTimeout(done, 9))); });`,
    says: /a > b\n +test did not finish before its parent/,
  },
  {
    name: "is_killed",
    text: `${importTest} test("a", () => { process.kill(process.pid, "SIGKILL"); });`,
    says: /expected exit status 0, found signal SIGKILL/,
  },
  {
    name: "has_a_bad_status",
    text: `${importTest} test("a", () => { process.exitCode = 3; });`,
    says: /expected exit status 0, found 3/,
  },
  {
    name: "never_begins",
    text: `${importTest} await new Promise(() => {}); test("a", () => {});`,
    says: /expected exit status 0, found 13/,
  },
  {
    name: "skips",
    text: `${importTest} test("a", { skip: "for no reason" }, () => {});`,
    says: /skip test\/skips.test.ts: a: for no reason\nFAIL CI is set/,
  },
];

/** A checkout with the runner, these files under test/, and no other. */
function makeCheckout(files: Readonly<Record<string, string>>): string {
  const folder = scratchFolder();
  const copied = [
    "package-lock.json",
    "tsconfig.json",
    "firmware/sources.json",
    "firmware/licenses",
    "host/setup.mjs",
    "host/sources.mjs",
    "test/run.mjs",
    "test/node_tests.mjs",
    "test/slow.mjs",
  ];
  for (const path of copied) cpSync(join(root, path), join(folder, path), { recursive: true });
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, "test", path)), { recursive: true });
    writeFileSync(join(folder, "test", path), text);
  }
  return folder;
}

function runTests(checkout: string, ...patterns: string[]): { status: number | null; output: string } {
  // Set by the runner of this very test; node:test would take the fixtures for tests of its own.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["test/run.mjs", ...patterns], {
    cwd: checkout,
    env: { ...env, CI: "true" },
    encoding: "utf8",
  });
  return { status, output: `${stdout}${stderr}` };
}

/** Slow tests of the checkout, one of which says how far it has come. */
const SLOW = {
  "long.slow.test.ts": `${importTest} test("sweep", () => { process.stderr.write("progress sweep: 1 of 2\\n"); });`,
  "short.slow.test.ts": `${importTest} test("other", () => {});`,
  "new.slow.test.ts": `${importTest} test("newest", () => {});`,
  "slow.json": `{ "test/long.slow.test.ts": 30, "test/short.slow.test.ts": 2 }`,
};

const checkout = makeCheckout({
  ...SUITES,
  ...SLOW,
  ...Object.fromEntries(BROKEN.map(({ name, text }) => [`${name}.test.ts`, text])),
});

describe("results are booked to the file that was asked for", () => {
  test("where a suite lies in a module that two files import", () => {
    const { status, output } = runTests(checkout, "test/suites/");
    assert.match(output, /^ok {3}test\/suites\/a_right\.test\.ts: 2 passed /m);
    assert.match(output, /^FAIL test\/suites\/b_wrong\.test\.ts: 1 passed, 1 failed /m);
    assert.match(output, /^ {2}imported > is right\n +Error: is wrong$/m);
    assert.match(output, /^3 passed, 1 failed, 0 skipped$/m);
    assert.equal(status, 1);
  });

  test("and a file that succeeds ends with status 0", () => {
    const { status, output } = runTests(checkout, "a_right");
    assert.match(output, /^2 passed, 0 failed, 0 skipped$/m);
    assert.equal(status, 0);
  });
});

describe("slow tests", () => {
  test("run in parts that are said before, and tell how far they are", () => {
    const long = runTests(checkout, "--slow", "--shard", "1/2");
    assert.match(
      long.output,
      /^1 file, about 30 minutes on 2 quiet cores\n {2}test\/long\.slow\.test\.ts: 30 min\n/,
    );
    assert.match(long.output, /^ {2}\d+ s test\/long\.slow\.test\.ts: progress sweep: 1 of 2$/m);
    assert.match(long.output, /^ {2}\d+ s test\/long\.slow\.test\.ts: done sweep$/m);
    assert.match(long.output, /^1 passed, 0 failed, 0 skipped$/m);
    const rest = runTests(checkout, "--slow", "--shard", "2/2");
    assert.match(rest.output, /^2 files, about 2 minutes on 2 quiet cores, and 1 that nobody has measured\n/);
    assert.match(rest.output, /^ {2}test\/new\.slow\.test\.ts: not measured$/m);
    assert.match(rest.output, /^2 passed, 0 failed, 0 skipped$/m);
  });

  test("keep how long they took when they are told to", () => {
    assert.equal(runTests(checkout, "--slow", "--record", "new.slow").status, 0);
    const minutes = JSON.parse(readFileSync(join(checkout, "test", "slow.json"), "utf8"));
    assert.deepEqual(Object.keys(minutes), [
      "test/long.slow.test.ts",
      "test/new.slow.test.ts",
      "test/short.slow.test.ts",
    ]);
  });

  for (const [args, says] of [
    [["--slow", "--shard", "3/2"], /--shard: expected i\/n with i from 1 to n, found 3\/2/],
    [["--slow", "--shard", "9/9"], /--shard: expected at most 3 parts, found 9/],
    [["--shard", "1/2"], /expected --slow with --shard and --record, found none/],
    [["--slw"], /expected --slow, --shard, --record or part of a name, found --slw/],
  ] as const) {
    test(`are refused with ${args.join(" ")}`, () => {
      const { status, output } = runTests(checkout, ...args);
      assert.match(output, says);
      assert.equal(status, 1);
    });
  }
});

describe("a run fails with a file that", () => {
  for (const { name, says } of BROKEN)
    test(name.replaceAll("_", " "), () => {
      const { status, output } = runTests(checkout, `${name}.`);
      assert.match(output, says);
      assert.equal(status, 1);
    });
});

test("a run of no files fails", () => {
  const { status, output } = runTests(checkout, "no_such_name");
  assert.match(output, /expected part of the name of a test file, found no_such_name/);
  assert.equal(status, 1);
});
