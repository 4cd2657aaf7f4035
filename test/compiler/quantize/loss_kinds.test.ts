/** Models that lost accuracy without a word: each is built as a user would, and must keep it or say so. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "../../../host/pipeline.ts";
import { root } from "../../../host/root.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { thimble } from "../../support/command.ts";
import { scratchFolder } from "../../support/folders.ts";
import { modelPath } from "../../support/models.ts";
import { floatTensor, int, int64Tensor, node, onnx, value } from "../../support/onnx.ts";

const scratch = scratchFolder();

function write(name: string, content: string | Uint8Array): string {
  const file = join(scratch, name);
  writeFileSync(file, content);
  return file;
}

/** One classifier against the rest: its sigmoids are far below what int16 can hold. */
test("shares of sigmoids that underflow keep their decisions and their probabilities", async () => {
  const model = write(
    "rest.onnx",
    onnx({
      nodes: [
        node("Gemm", ["x", "w", "b"], ["scores"], { transB: int(1) }),
        node("Sigmoid", ["scores"], ["each"]),
        node("ReduceSum", ["each", "axis"], ["sum"], { keepdims: int(1) }),
        node("Div", ["each", "sum"], ["y"]),
      ],
      inputs: [value("x", [1, 4])],
      outputs: [value("y", [1, 3])],
      constants: [
        floatTensor("w", [3, 4], [3, -2, 1, 2, 1, 3, -2, -1, -3, 1, 2, 2]),
        floatTensor("b", [3], [-20, -21, -19]),
        int64Tensor("axis", [1]),
      ],
    }),
  );
  const rows = Array.from({ length: 120 }, (_, i) => [1, 2, 3, 4].map((k) => Math.sin(k * i + k)).join(","));
  const calibration = write("rest.csv", ["a,b,c,d", ...rows].join("\n"));
  const { agreement, quantization } = await build({ model, calibration, engines: [v8] });
  assert.equal(agreement!.sameArgmax, 1);
  assert.ok(agreement!.ofLimit <= 1, `${agreement!.ofLimit} times what may be lost`);
  assert.deepEqual(quantization!.losses, []);
});

test("one spike in the calibration data decides no range, and is told by sample and feature", async () => {
  const [header, ...rows] = readFileSync(modelPath("wine.calibration.csv"), "utf8").trimEnd().split("\n");
  const spike = rows[0]!.split(",").with(3, "90000").join(",");
  const { evaluation, quantization } = await build({
    model: modelPath("wine_dense.onnx"),
    calibration: write("spike.csv", [header, ...rows.toSpliced(20, 0, spike)].join("\n")),
    evaluate: modelPath("wine.test.csv"),
    engines: [v8],
  });
  const told = `calibration sample 21 was left out: feature ${header!.split(",")[3]} of `;
  const { warnings } = quantization!;
  assert.ok(
    warnings.some((line) => line.startsWith(told)),
    warnings.join("\n"),
  );
  assert.ok(evaluation!.loss! <= 0.5, `${evaluation!.loss} points`);
});

test("--max-accuracy-drop ends with status 1 and writes nothing", () => {
  const zoo = join(root, "test", "zoo");
  const output = join(scratch, "dropped");
  const { status, stderr } = thimble([
    "build",
    join(zoo, "models", "ridge.onnx"),
    ...["--calibration", join(zoo, "data", "diabetes.calibration.csv")],
    ...["--precision", "int8", "--max-accuracy-drop", "0", "-o", output],
  ]);
  assert.match(stderr, /: accuracy: expected a drop of at most 0 \(--max-accuracy-drop\), found [\d.]+ on/);
  assert.equal(status, 1);
  assert.ok(!existsSync(output));
});
