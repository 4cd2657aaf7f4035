/**
 * The whole table on every executor, for `npm run test:slow`: `node dist/test/cases/sweep.js [executor ...]`.
 * Prints the failures and ends with a line "N passed, N failed, N skipped"; exit status 1 where any failed.
 */
import { executors } from "./executors.ts";
import { type Case, difference, type Executor, loadTable } from "./table.ts";

type Outcome = "passed" | "failed" | "skipped";

async function runCase(executor: Executor, testCase: Case): Promise<readonly [Outcome, string | undefined]> {
  try {
    const reason = await executor.skip(testCase);
    if (reason !== undefined) return ["skipped", reason];
    const found = difference(testCase.vectors, await executor.run(testCase));
    return [found === undefined ? "passed" : "failed", found];
  } catch (error) {
    return ["failed", error instanceof Error ? error.message : String(error)];
  }
}

async function sweep(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !executors.some((executor) => executor.name === name));
  const known = executors.map((executor) => executor.name).join(", ");
  if (unknown !== undefined) {
    console.error(`sweep: expected executors among ${known}, found ${unknown}`);
    process.exitCode = 2;
    return;
  }
  const { cases, missing } = loadTable();
  const counts: Record<Outcome, number> = { passed: 0, failed: 0, skipped: 0 };
  const report = (outcome: Outcome, where: string, message: string | undefined): void => {
    counts[outcome]++;
    if (message !== undefined) console.log(`${outcome} ${where}: ${message}`);
  };
  for (const executor of executors.filter(({ name }) => names.length === 0 || names.includes(name))) {
    for (const { name, reason } of missing) report("skipped", `${executor.name} ${name}`, reason);
    for (const testCase of cases) {
      const [outcome, message] = await runCase(executor, testCase);
      report(outcome, `${executor.name} ${testCase.name}`, message);
    }
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  if (counts.failed > 0) process.exitCode = 1;
}

await sweep(process.argv.slice(2));
