/** Power fails at every operation on flash, and at some again while the device recovers; or flash, RAM, journal fail. */
import { describe, type TestContext, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import type { Cut } from "../../../host/fleet/simulator/flash.ts";
import { progressOf } from "../../support/progress.ts";
import type { Geometry } from "../../support/two_versions.ts";
import {
  countOperations,
  FAILURES,
  type Failure,
  idOf,
  STORIES,
  type Story,
  survive,
  surviveFailure,
  surviveRot,
  surviveShortRam,
  WHENS,
} from "./cuts.ts";

const everyCut = (operations: number): Cut[] =>
  Array.from({ length: operations }, (_, operation) => WHENS.map((when) => ({ operation, when }))).flat();

const everyFailure = (operations: number): Failure[] =>
  Array.from({ length: operations }, (_, operation) => FAILURES.map((what) => ({ operation, what }))).flat();

/** Throws with the id of the first run that failed. */
function surviveAll<Run>(
  t: TestContext,
  runs: readonly Run[],
  work: (run: Run) => void,
  id: (run: Run) => string,
): void {
  const tick = progressOf(t.name, runs.length);
  const failures = runs.flatMap((run) => {
    tick();
    try {
      work(run);
      return [];
    } catch (error) {
      return [`replay ${id(run)}: ${(error as Error).message}`];
    }
  });
  if (failures.length > 0)
    throw new Error(`${failures.length} of ${runs.length} runs failed: ${failures[0]}`);
  t.diagnostic(`${runs.length} runs`);
}

/** Every how many-th run there is: of cuts alone, of pairs of cuts, and of everything else that fails. */
export interface Steps {
  readonly single: number;
  readonly pair: number;
  readonly other: number;
}

const some = <T>(runs: readonly T[], step: number): T[] => runs.filter((_, i) => i % step === 0);

/** All stories with so many geometries. */
export async function powerfailSuite(geometries: readonly Geometry[], steps: Steps): Promise<void> {
  const availability = await wasmAvailability();
  const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
  const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;

  const suiteOf = (geometry: Geometry, story: Story): void => {
    const operations = (): number => countOperations(core!, geometry, story);
    const cuts = (): Cut[] => everyCut(operations());
    const cutId = (run: readonly Cut[]): string => idOf(geometry, run);

    test(`once, amid ${story.name}`, (t) =>
      surviveAll(
        t,
        some(cuts(), steps.single).map((cut) => [cut]),
        (run) => survive(core!, geometry, story, run),
        cutId,
      ));

    test(`and again while it recovers, ${story.name}`, (t) => {
      const pairs = cuts().flatMap((first) => cuts().map((second) => [first, second]));
      surviveAll(t, some(pairs, steps.pair), (run) => survive(core!, geometry, story, run), cutId);
    });

    test(`and the slot in service rots, ${story.name}`, (t) =>
      surviveAll(
        t,
        some(cuts(), steps.other).map((cut) => [cut]),
        (run) => surviveRot(core!, geometry, story, run),
        cutId,
      ));

    test(`and RAM is short once, ${story.name}`, (t) =>
      surviveAll(
        t,
        some(cuts(), steps.other).map((cut) => [cut]),
        (run) => surviveShortRam(core!, geometry, story, run),
        cutId,
      ));

    test(`flash or the journal fails amid ${story.name}`, (t) =>
      surviveAll(
        t,
        some(everyFailure(operations()), steps.other),
        (run) => surviveFailure(core!, geometry, story, run),
        ({ operation, what }) => `${idOf(geometry, [])}${operation}-${what}`,
      ));
  };

  for (const geometry of geometries) {
    describe(`power fails, ${geometry.name}`, { skip }, () => {
      for (const story of STORIES) suiteOf(geometry, story);
    });
  }
}
