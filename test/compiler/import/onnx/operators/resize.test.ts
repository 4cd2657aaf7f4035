/** Refusals of Resize: modes that no kernel has, and where the standard and ONNX Runtime differ. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { importOnnx } from "../../../../../host/compiler/import/onnx/index.ts";
import {
  type Attribute,
  floatTensor,
  int,
  node,
  onnx,
  refusal,
  string,
  value,
} from "../../../../support/onnx.ts";

const resize = (scale: number, attributes: Readonly<Record<string, Attribute>>): Uint8Array =>
  onnx({
    nodes: [node("Resize", ["x", "", "scales"], ["y"], attributes)],
    constants: [floatTensor("scales", [4], [1, 1, scale, scale])],
    inputs: [value("x", [1, 1, 4, 4])],
    opset: 18,
  });

test("cubic pixels, and means of those that are left out", () => {
  assert.match(refusal(resize(2, { mode: string("cubic") })), /mode cubic: expected nearest or linear/);
  assert.match(refusal(resize(0.5, { mode: string("linear"), antialias: int(1) })), /antialias = 1/);
});

test("corners that are aligned by scales which give no whole size", () => {
  const linear = { mode: string("linear"), coordinate_transformation_mode: string("align_corners") };
  assert.match(refusal(resize(0.6, linear)), /align_corners by scales: expected whole sizes/);
  const { nodes } = importOnnx(resize(1.25, linear), "made");
  assert.ok(nodes.some(({ op }) => op === "resize_bilinear"));
});
