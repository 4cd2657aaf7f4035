/** Power fails at every operation on flash, and at some again while the device recovers. */
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import type { Cut } from "../../../host/fleet/simulator/flash.ts";
import { countOperations, idOf, STORIES, type Story, survive, WHENS } from "./cuts.ts";
import type { Geometry } from "./scene.ts";

const everyCut = (operations: number): Cut[] =>
  Array.from({ length: operations }, (_, operation) => WHENS.map((when) => ({ operation, when }))).flat();

/** Throws with the id of the first run that failed. */
function surviveAll(
  core: WebAssembly.Module,
  geometry: Geometry,
  story: Story,
  runs: readonly (readonly Cut[])[],
): string {
  const failures = runs.flatMap((cuts) => {
    try {
      survive(core, geometry, story, cuts);
      return [];
    } catch (error) {
      return [`replay ${idOf(geometry, cuts)}: ${(error as Error).message}`];
    }
  });
  if (failures.length > 0)
    throw new Error(`${failures.length} of ${runs.length} runs failed: ${failures[0]}`);
  return `${runs.length} runs`;
}

/** Each cut alone, and every `pairStep`-th of the pairs, with so many geometries. */
export async function powerfailSuite(geometries: readonly Geometry[], pairStep: number): Promise<void> {
  const availability = await wasmAvailability();
  const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
  const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;
  const cutsOf = (geometry: Geometry, story: Story): Cut[] =>
    everyCut(countOperations(core!, geometry, story));

  for (const geometry of geometries) {
    describe(`power fails, ${geometry.name}`, { skip }, () => {
      for (const story of STORIES) {
        test(`once, amid ${story.name}`, (t) => {
          const runs = cutsOf(geometry, story).map((cut) => [cut]);
          t.diagnostic(surviveAll(core!, geometry, story, runs));
        });

        test(`and again while it recovers, ${story.name}`, (t) => {
          const cuts = cutsOf(geometry, story);
          const pairs = cuts.flatMap((first) => cuts.map((second) => [first, second]));
          const runs = pairs.filter((_, i) => i % pairStep === 0);
          t.diagnostic(surviveAll(core!, geometry, story, runs));
        });
      }
    });
  }
}
