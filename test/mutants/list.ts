/** The committed lists of mutants: small changes of our sources, each of which some test must notice. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../host/root.ts";

export interface Mutant {
  /** Unique among all: what it does to the source. */
  readonly name: string;
  /** Of the source, from the root. */
  readonly file: string;
  /** Text that the file holds once, and what stands in its place. */
  readonly from: string;
  readonly to: string;
  /** Test files whose path contains one of these, nearest first. */
  readonly tests: readonly string[];
}

/** What a list holds for one source: the tests are those of all its mutants that name none. */
interface Entry {
  readonly file: string;
  readonly tests: readonly string[];
  readonly mutants: readonly {
    readonly name: string;
    readonly from: string;
    readonly to: string;
    readonly tests?: readonly string[];
  }[];
}

const folder = join(root, "test", "mutants");

/** All mutants of all lists (test/mutants/*.json), in order. */
export function readMutants(): Mutant[] {
  const lists = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return lists
    .sort()
    .flatMap((list) =>
      (JSON.parse(readFileSync(join(folder, list), "utf8")) as Entry[]).flatMap(({ file, tests, mutants }) =>
        mutants.map((each) => ({ tests, ...each, file })),
      ),
    );
}

/** The source with the change. Throws RangeError where the text is not there exactly once. */
export function mutate(source: string, { name, file, from, to }: Mutant): string {
  const found = source.split(from).length - 1;
  if (found !== 1)
    throw new RangeError(`${name}: expected ${JSON.stringify(from)} once in ${file}, found ${found} times`);
  return source.replace(from, () => to);
}
