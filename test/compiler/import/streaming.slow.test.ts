/** Ten hours of audio through a network that streams and through the whole window: not one byte differs. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { joinFrontend } from "../../../host/compiler/import/frontend.ts";
import { parametricFrontend } from "../../../host/compiler/import/frontends/index.ts";
import { simplify } from "../../../host/compiler/passes/index.ts";
import type { Graph } from "../../../host/ir/graph.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { instantiate } from "../../../host/runtime/model/instance.ts";
import { scratchFolder } from "../../support/folders.ts";
import { generator } from "../../support/onnx.ts";
import { NO, recordingSamples, withoutRecordings, YES } from "./recordings.ts";
import { type Layer, networkOf, streamed } from "./streaming_networks.ts";

const HOURS = 10;
const RATE = 16_000;
const [WINDOW, HOP] = [480, 320];
const [FRAMES, BANDS] = [49, 10];

/** A second each: noise of many strengths, tones that rise, silence, and words where they are here. */
function clips(): Int16Array[] {
  const random = generator(17);
  const made = Array.from({ length: 40 }, (_, kind) =>
    Int16Array.from({ length: RATE }, (__, i) => {
      if (kind % 4 === 3) return 0;
      if (kind % 4 === 2) return 12_000 * Math.sin((1 + kind) * 40 * (i / RATE) * (1 + i / RATE));
      return random() * 2 ** (kind / 3);
    }),
  );
  if (withoutRecordings) return made;
  const words = [YES, NO].map((file) => new Int16Array(Uint8Array.from(recordingSamples(file)).buffer));
  return [...made, ...words, ...words, ...words];
}

/** The clips in any order and strength, without end: fills with what comes next. */
function audio(): (samples: Int16Array) => void {
  const random = generator(23);
  const all = clips();
  let [clip, gain, at] = [all[0]!, 1, 0];
  return (samples) => {
    for (let i = 0; i < samples.length; i++) {
      if (at === clip.length) {
        clip = all[Math.floor((random() + 2) * 0.25 * all.length)]!;
        gain = (random() + 2) / 2;
        at = 0;
      }
      samples[i] = Math.max(-32768, Math.min(32767, gain * clip[at++]!));
    }
  };
}

const kernel = (kind: Layer["kind"], size: number, dilation = 1, stride = 1): Layer => ({
  kind,
  size,
  stride,
  dilation,
});

test(`${HOURS} hours of audio`, async () => {
  const file = join(scratchFolder(), "ears.json");
  const clip = { floor: 1e-4, clip_high: 5, out_type: "int8" };
  writeFileSync(
    file,
    JSON.stringify({ type: "log-mel", window_size: 30, window_step: 20, num_channels: BANDS, ...clip }),
  );
  const front = simplify(await parametricFrontend(file));
  const layers = [
    kernel("conv", 10),
    kernel("relu", 1),
    kernel("depthwise", 3, 2),
    kernel("conv", 1),
    kernel("max", 2, 1, 2),
    kernel("conv", 3),
  ];
  const network = networkOf(FRAMES, BANDS, false, layers)!;
  const both = [network, streamed(network, 2 * BANDS)].map(
    (each): Graph => checkQuantized(joinFrontend(front, each, true, 2), "join"),
  );
  const instances = await Promise.all(both.map(async (graph) => instantiate(await compileGraph(graph))));
  const runs = instances.map(({ exports, memory, inputs, outputs }) => ({
    invoke: exports["invoke"] as () => number,
    input: new Int16Array(memory.buffer, inputs[0]!.offset, WINDOW),
    output: new Int32Array(memory.buffer, outputs[0]!.offset, 1),
  }));
  const samples = new Int16Array(WINDOW);
  const next = audio();
  next(samples);
  const said = new Set<number>();
  let [compared, differing] = [0, 0];
  for (let frame = 0; frame < (HOURS * 3600 * RATE) / HOP; frame++) {
    const statuses = runs.map(({ invoke, input }) => {
      input.set(samples);
      return invoke();
    });
    assert.equal(statuses[0], statuses[1]);
    if (statuses[0] === 0) {
      const [whole, fresh] = runs.map(({ output }) => output[0]!);
      compared++;
      if (whole !== fresh) differing++;
      said.add(whole!);
    }
    samples.copyWithin(0, HOP);
    next(samples.subarray(WINDOW - HOP));
  }
  assert.equal(differing, 0, `${differing} of ${compared} inferences`);
  assert.equal(compared, (HOURS * 3600 * RATE) / HOP / 2);
  assert.ok(said.size > 10_000, `expected many outputs, found ${said.size}`);
});
