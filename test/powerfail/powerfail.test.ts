/** Power fails at every operation on flash, and at some again while the device recovers. */
import { describe, test } from "node:test";
import type { Cut } from "../../host/device/flash.ts";
import { buildWasm, wasmAvailability } from "../../host/firmware/wasm_build.ts";
import { countOperations, idOf, STORIES, type Story, survive, WHENS } from "./cuts.ts";
import { GEOMETRIES, type Geometry } from "./scene.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;

/** Every so many of the pairs: `npm run test:slow` has them all. */
const PAIR_STEP = 23;

const everyCut = (operations: number): Cut[] =>
  Array.from({ length: operations }, (_, operation) => WHENS.map((when) => ({ operation, when }))).flat();

function surviveAll(geometry: Geometry, story: Story, runs: readonly (readonly Cut[])[]): string {
  const failures = runs.flatMap((cuts) => {
    try {
      survive(core!, geometry, story, cuts);
      return [];
    } catch (error) {
      return [`replay ${idOf(geometry, cuts)}: ${(error as Error).message}`];
    }
  });
  if (failures.length > 0)
    throw new Error(`${failures.length} of ${runs.length} runs failed: ${failures[0]}`);
  return `${runs.length} runs`;
}

for (const geometry of GEOMETRIES) {
  describe(`power fails, ${geometry.name}`, { skip }, () => {
    for (const story of STORIES) {
      test(`once, amid ${story.name}`, (t) => {
        const cuts = everyCut(countOperations(core!, geometry, story));
        t.diagnostic(
          surviveAll(
            geometry,
            story,
            cuts.map((cut) => [cut]),
          ),
        );
      });

      test(`and again while it recovers, ${story.name}`, (t) => {
        const cuts = everyCut(countOperations(core!, geometry, story));
        const pairs = cuts.flatMap((first) => cuts.map((second) => [first, second]));
        t.diagnostic(
          surviveAll(
            geometry,
            story,
            pairs.filter((_, i) => i % PAIR_STEP === 0),
          ),
        );
      });
    }
  });
}
