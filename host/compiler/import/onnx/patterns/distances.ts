import type { GraphProto, NodeProto } from "onnx-buf";
import { AttributeReader } from "../attributes.ts";
import { readConstant } from "../constant.ts";
import type { OnnxModel, OnnxNode } from "../model.ts";
import { inPlaceOf, type Matcher, PRIVATE, rewriteNodes } from "./match.ts";

/** Whether a node adds up squares over the second of two axes, which it leaves out. */
function isRowSum(body: GraphProto, node: NodeProto): boolean {
  const reader = new AttributeReader(node.attribute);
  const constant = body.initializer.find(({ name }) => name === node.input[1]);
  const axes = constant ? [...readConstant(constant, constant.name).numbers] : reader.ints("axes");
  return axes.join() === "1" && reader.int("keepdims", 1) === 0;
}

/** Whether a body gives the sum of (x - row)^2 for each row of the table that it scans, and hands x on. */
function isSquares(body: GraphProto): boolean {
  const writer = (value: string | undefined): NodeProto | undefined => {
    const node = body.node.find(({ output }) => output.includes(value ?? ""));
    return node?.opType === "Identity" ? (writer(node.input[0]) ?? node) : node;
  };
  const [x, row] = body.input.map(({ name }) => name);
  const [state, result] = body.output.map(({ name }) => writer(name));
  const sub = result?.opType === "ReduceSumSquare" ? writer(result.input[0]) : undefined;
  const isState = state?.opType === "Identity" && state.input[0] === x;
  return (
    isState && sub?.opType === "Sub" && sub.input[0] === x && sub.input[1] === row && isRowSum(body, result!)
  );
}

/** x and the table of a Scan that gives the squared distances of both. */
function scanned(match: Matcher, node: OnnxNode): readonly string[] | undefined {
  if (node.type !== "ai.onnx.Transpose" || new AttributeReader(node.attributes).ints("perm").join() !== "1,0")
    return undefined;
  const scan = match.writer(node.inputs[0], "ai.onnx.Scan");
  const body = scan?.attributes.find(({ name }) => name === "body")?.g;
  const isPlain = scan?.attributes.every(({ name, i }) =>
    name === "num_scan_inputs" ? i === 1n : name === "body",
  );
  const isSecond = scan !== undefined && scan.outputs[1] === match.source(node.inputs[0] ?? "");
  return body && isPlain && isSecond && match.constant(scan.inputs[1]) && isSquares(body)
    ? scan.inputs
    : undefined;
}

/** skl2onnx, k-nearest neighbours and kernels: squared distances to all rows of a table, one row after another. */
export const distances = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    const found = scanned(match, node);
    return found && inPlaceOf(node, `${PRIVATE}.SquaredDistances`, found);
  });
