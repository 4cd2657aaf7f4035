/** Samples of several channels as features of 16 and 8 bits. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readFields } from "../../../../host/compiler/import/frontends/fields.ts";
import { scaleFrontend } from "../../../../host/compiler/import/frontends/scale.ts";
import { type Graph, perTensor, tensorOf } from "../../../../host/ir/graph.ts";
import { checkQuantized } from "../../../../host/ops/spec.ts";
import { compileFeatures, compileGraph } from "../../../../host/pipeline.ts";
import { featureFrames } from "../../../../host/runtime/engines/features.ts";
import { runReference } from "../../../../host/runtime/engines/reference.ts";
import { wasm3 } from "../../../../host/runtime/engines/wasm3.ts";

const graphOf = (parameters: object): Graph =>
  checkQuantized(scaleFrontend(readFields(parameters, "front-end")).graph, "front-end");

/** Two moments of three channels at 50 Hz, one moment on at a time. */
const MOTION = { sample_rate: 50, window_size: 40, window_step: 20, channels: 3, center: 100, factor: 0.01 };
const moments = [100, 2100, -1900, 1100, 100, -32768, 32767, 90, 110];
const inputs = [moments.slice(0, 6), moments.slice(3)].map((values): [Uint8Array] => [
  new Uint8Array(Int16Array.from(values).buffer),
]);

describe("scale", () => {
  for (const [type, range, list] of [
    ["int16", 32767, Int16Array],
    ["int8", 4000, Int8Array],
    ["int8", 127, Int8Array],
    ["int8", 65535, Int8Array],
  ] as const)
    test(`${type} of ${range}: nearest values, on each engine`, async () => {
      const graph = graphOf({ ...MOTION, out_type: type, range });
      const frames = featureFrames(await compileFeatures(graph), Float32Array.from(moments));
      const { scale } = perTensor(tensorOf(graph, graph.outputs[0]!));
      const most = type === "int8" ? 127 : 32767;
      const expected = [moments.slice(0, 6), moments.slice(3)].map((values) =>
        values.map((x) => Math.min(Math.max(((x - 100) * 0.01) / scale, -most), most)),
      );
      assert.equal(frames.length, 2);
      frames.forEach((frame, i) => {
        frame.forEach((x, k) => {
          assert.ok(Math.abs(x - expected[i]![k]!) <= 0.501, `${i}, ${k}: ${x}, expected ${expected[i]![k]}`);
        });
      });
      const bytes = frames.map((frame) => [new Uint8Array(list.from(frame).buffer)]);
      assert.deepEqual(
        runReference(graph, inputs).map(([out]) => [Uint8Array.from(out!)]),
        bytes,
      );
      const found = await wasm3.run(await compileGraph(graph), inputs);
      assert.deepEqual(
        found.map(([out]) => [Uint8Array.from(out!)]),
        bytes,
      );
    });

  test("what does not fit is refused by name", () => {
    assert.throws(() => graphOf({ channels: 0 }), /channels: expected a whole number of 1 to 64, found 0/);
    assert.throws(() => graphOf({ range: 5 }), /range: expected a whole number of 127 to 65535, found 5/);
  });
});
