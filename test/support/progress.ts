/** How far a long test has come: lines on stderr that test/run.mjs passes on while the slow tests run. */

/** Between two lines. The clock decides only when something is said. */
const EVERY_MS = 15_000;

/** To be called before each of `total` runs. */
export function progressOf(name: string, total: number): () => void {
  let [done, said] = [0, Date.now()];
  return () => {
    if (Date.now() - said >= EVERY_MS) {
      said = Date.now();
      process.stderr.write(`progress ${name}: ${done} of ${total}\n`);
    }
    done++;
  };
}
