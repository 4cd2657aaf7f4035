/** A transformer's block, recurrent layers in both directions with an LSTM autoencoder, and k-NN, from file to module to QEMU. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "../../../host/pipeline.ts";
import { root } from "../../../host/root.ts";
import { qemu } from "../../../host/runtime/engines/qemu.ts";
import { wasm3 } from "../../../host/runtime/engines/wasm3.ts";
import { scratchFolder } from "../../support/folders.ts";
import { modelPath } from "../../support/models.ts";

const scratch = scratchFolder();
const firmware = await qemu.availability();
const skip = firmware.available ? false : `${firmware.reason}; install: ${firmware.install}`;

interface Sample {
  readonly inputs: readonly (readonly number[])[];
}

for (const [file, ops] of [
  ["attention_keras3.keras", ["batch_matmul", "layer_norm", "softmax"]],
  ["both_ways_keras3.keras", ["lstm_sequence", "gru_sequence"]],
] as const) {
  test(file, { skip }, async () => {
    const expected = readFileSync(modelPath(join("keras", `expected.${file}.json`)), "utf8");
    const rows = (JSON.parse(expected) as readonly Sample[]).flatMap(({ inputs }) => inputs.flat());
    const calibration = join(scratch, `${file}.f32`);
    writeFileSync(calibration, new Uint8Array(Float32Array.from(rows).buffer));
    const model = modelPath(join("keras", file));
    // Engines that do not agree byte for byte with the reference refuse the build.
    const { graph, verification } = await build({
      model,
      calibration,
      engines: [wasm3, qemu],
      quantization: { precision: "int8", rounding: "nearest" },
    });
    for (const op of ops)
      assert.ok(
        graph.nodes.some((node) => node.op === op),
        op,
      );
    assert.deepEqual(
      verification.engines.map(({ engine, availability }) => [engine, availability.available]),
      [
        ["wasm3", true],
        ["qemu", true],
      ],
    );
  });
}

test("nearest_components.onnx", { skip }, async () => {
  const { graph, verification } = await build({
    model: join(root, "test", "zoo", "tasks", "nearest_components.onnx"),
    calibration: join(root, "test", "zoo", "data", "wine.calibration.csv"),
    engines: [wasm3, qemu],
  });
  assert.ok(graph.nodes.some(({ op }) => op === "neighbours"));
  assert.deepEqual(
    verification.engines.map(({ availability }) => availability.available),
    [true, true],
  );
});
