import { SummaryReporter } from "@as-pect/core";

/** as-pect's summary of each file and, when the process ends, one line of totals, which `test/run.mjs` reads. */
const reporter = new SummaryReporter();
reporter.stdout = process.stdout;
reporter.stderr = process.stderr;
const totals = { passed: 0, failed: 0, files: 0 };

const finish = reporter.onFinish.bind(reporter);
reporter.onFinish = (context) => {
  totals.files += 1;
  totals.passed += context.testPassCount;
  totals.failed += context.testCount - context.testPassCount;
  // A file that does not start, or fails while its tests are collected, may count no test at all.
  if ((!context.pass && context.testPassCount === context.testCount) || context.testCount === 0)
    totals.failed += 1;
  finish(context);
};

process.on("exit", (code) => {
  // A spec that does not compile ends the run before its tests are counted.
  if (code !== 0 && totals.failed === 0) totals.failed = 1;
  process.stdout.write(`\nas-pect: ${totals.passed} passed, ${totals.failed} failed, ${totals.files} files\n`);
});

export default reporter;
