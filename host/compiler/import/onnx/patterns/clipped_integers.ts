import { create } from "@bufbuild/protobuf";
import { type AttributeProto, AttributeProtoSchema, AttributeProto_AttributeType as Type } from "onnx-buf";
import type { OnnxModel, OnnxNode } from "../model.ts";
import { type Matcher, matcher } from "./match.ts";

/** The last version of Clip whose bounds are attributes. */
const BOUNDS_OPSET = 6;

const float = (name: string, f: number): AttributeProto =>
  create(AttributeProtoSchema, { name, type: Type.FLOAT, f });

const only = (match: Matcher, value: string | undefined): number | undefined => {
  const numbers = match.constant(value)?.numbers;
  return numbers?.length === 1 ? numbers[0] : undefined;
};

/** The DequantizeLinear that alone reads a Clip of quantised values, with one scale. */
function readerOf(match: Matcher, clip: OnnxNode): OnnxNode | undefined {
  const [reader, ...others] = match.readers(clip.outputs[0] ?? "");
  const isAlone = others.length === 0 && !match.isOutput(clip.outputs[0] ?? "");
  return isAlone && reader?.opType === "DequantizeLinear" && reader.inputs[0] === clip.outputs[0]
    ? reader
    : undefined;
}

/** That with real values: dequantised, limited, and quantised again, which changes no integer. */
function realClip(match: Matcher, clip: OnnxNode): readonly OnnxNode[] | undefined {
  const quantize = match.writer(clip.inputs[0], "ai.onnx.QuantizeLinear");
  const reader = readerOf(match, clip);
  const [scale, zero] = [only(match, reader?.inputs[1]), only(match, reader?.inputs[2])];
  const [low, high] = [only(match, clip.inputs[1]), only(match, clip.inputs[2])];
  const isSame = reader && quantize?.inputs.slice(1).join() === reader.inputs.slice(1).join();
  if (!isSame || scale === undefined || zero === undefined || low === undefined || high === undefined)
    return undefined;
  const real = (x: number): number => (x - zero) * scale;
  const name = (role: string): string => `${clip.name}/${role}`;
  return [
    {
      ...reader,
      name: name("dequantize"),
      inputs: reader.inputs.with(0, clip.inputs[0]!),
      outputs: [name("x")],
    },
    {
      ...clip,
      opset: BOUNDS_OPSET,
      inputs: [name("x")],
      outputs: [name("y")],
      attributes: [float("min", real(low)), float("max", real(high))],
    },
    {
      ...quantize,
      name: name("quantize"),
      inputs: quantize.inputs.with(0, name("y")),
      outputs: clip.outputs,
    },
  ];
}

/** Brevitas: activations of fewer bits than their type has are limited between QuantizeLinear and DequantizeLinear. */
export const clippedIntegers = (model: OnnxModel): OnnxModel => {
  const match = matcher(model);
  const rewrite = (node: OnnxNode): readonly OnnxNode[] =>
    (node.type === "ai.onnx.Clip" ? realClip(match, node) : undefined) ?? [node];
  return { ...model, nodes: model.nodes.flatMap(rewrite) };
};
