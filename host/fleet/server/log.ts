/** Lines for the operator of the machine, on stderr. */

const REPEAT_AFTER = 60_000;
const MOST_LINES = 1000;

/** Writes a line, and the same one again after a minute at the earliest: a fault that lasts must not fill a disk. */
export function logger(
  now: () => number,
  write: (line: string) => void = (line) => console.error(line),
): (line: string) => void {
  const last = new Map<string, number>();
  return (line) => {
    const at = now();
    if (at - (last.get(line) ?? Number.NEGATIVE_INFINITY) < REPEAT_AFTER) return;
    last.set(line, at);
    if (last.size > MOST_LINES) last.delete(last.keys().next().value!);
    write(`thimble serve: ${line.replace(/\p{C}/gu, "?")}`);
  };
}
