import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";

function imageOf(node: Context): { input: Tensor; block: number } {
  const input = node.tensor(0);
  const block = node.attributes.int("blocksize");
  if (input.shape.length !== 4 || block < 1)
    throw new ModelError(
      `expected [N, C, H, W] and a block of at least 1, found [${input.shape}] and ${block}`,
    );
  return { input, block };
}

/** A change of shape on both sides of a transposition. */
function rearranged(
  node: Context,
  input: Tensor,
  split: number[],
  permutation: number[],
  shape: number[],
): Tensor {
  if (![...split, ...shape].every(Number.isInteger))
    throw new ModelError(`the block does not divide [${input.shape}]`);
  const parts = node.add("reshape", [input], { shape: split });
  return node.add("reshape", [node.add("transpose", [parts], { permutation })], { shape });
}

type Mode = "DCR" | "CRD";

/** Whether the position within a block counts before the depth (DCR) or after it. */
function modeOf(node: Context): Mode {
  const mode = node.attributes.string("mode", "DCR");
  if (mode !== "DCR" && mode !== "CRD") throw new ModelError(`mode ${mode}: expected DCR or CRD`);
  return mode;
}

export const depthToSpace: Translation = {
  type: "ai.onnx.DepthToSpace",
  summary: "both modes",
  translate(node) {
    const { input, block } = imageOf(node);
    const [n, c, h, w] = input.shape as [number, number, number, number];
    const depth = c / block ** 2;
    const [split, order] =
      modeOf(node) === "DCR"
        ? [
            [n, block, block, depth, h, w],
            [0, 3, 4, 1, 5, 2],
          ]
        : [
            [n, depth, block, block, h, w],
            [0, 1, 4, 2, 5, 3],
          ];
    return [rearranged(node, input, split, order, [n, depth, h * block, w * block])];
  },
};

export const spaceToDepth: Translation = {
  type: "ai.onnx.SpaceToDepth",
  summary: "both modes",
  translate(node) {
    const { input, block } = imageOf(node);
    const [n, c, h, w] = input.shape as [number, number, number, number];
    const split = [n, c, h / block, block, w / block, block];
    const order = modeOf(node) === "DCR" ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
    return [rearranged(node, input, split, order, [n, c * block ** 2, h / block, w / block])];
  },
};
