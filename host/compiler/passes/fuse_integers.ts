import { type Graph, type Node, type Tensor, tensorOf } from "../../ir/graph.ts";
import { RANGES } from "../../ops/integer_arithmetic.ts";
import { fuseWithReader } from "./fuse.ts";

/** (x * factor + addend) / divisor + offset, clamped: see host/ops/scale_integers.ts. Without a divisor, no offset. */
type Scaling = Readonly<Record<"factor" | "addend" | "divisor" | "offset" | "min" | "max", number>>;

const LEAST = RANGES.none.min;
const MOST = RANGES.none.max;
const SAME: Scaling = { factor: 1, addend: 0, divisor: 1, offset: 0, min: LEAST, max: MOST };

const clamps = ({ min, max }: Scaling): boolean => min !== LEAST || max !== MOST;
const onlyAdds = ({ factor, divisor }: Scaling): boolean => factor === 1 && divisor === 1;

/** An operation with one constant; undefined where the constant may not be the operand that it is. */
function scalingBy(operation: string, c: number, isSecond: boolean): Scaling | undefined {
  if (operation === "add") return { ...SAME, addend: c };
  if (operation === "mul") return { ...SAME, factor: c };
  if (operation === "minimum") return { ...SAME, max: c };
  if (operation === "maximum") return { ...SAME, min: c };
  if (operation === "sub") return isSecond ? { ...SAME, addend: -c | 0 } : { ...SAME, factor: -1, addend: c };
  return isSecond && c !== -1 ? { ...SAME, divisor: c } : undefined;
}

/** A node as the scaling of its one computed input. */
function scalingOf(
  graph: Graph,
  node: Node,
): { readonly input: string; readonly scaling: Scaling } | undefined {
  if (node.op === "cast") return { input: node.inputs[0]!, scaling: SAME };
  if (node.op === "scale_integers") return { input: node.inputs[0]!, scaling: node.attributes as Scaling };
  if (node.op !== "integer_arithmetic") return undefined;
  const [a, b] = node.inputs.map((name) => tensorOf(graph, name)) as [Tensor, Tensor];
  const [x, constant] = b.data ? [a, b] : [b, a];
  const { shape } = tensorOf(graph, node.outputs[0]!);
  if (x.data || constant.data?.length !== 1 || x.shape.join() !== shape.join()) return undefined;
  const { operation, activation } = node.attributes as { operation: string; activation: keyof typeof RANGES };
  const scaling = scalingBy(operation, constant.data[0]!, constant === b);
  return scaling && { input: x.name, scaling: { ...scaling, ...clamped(scaling, RANGES[activation]) } };
}

/** A range after another. */
const clamped = (first: { min: number; max: number }, second: { min: number; max: number }) => ({
  min: Math.min(Math.max(first.min, second.min), second.max),
  max: Math.max(Math.min(first.max, second.max), second.min),
});

/** One scaling for two, where there is one. */
function joined(first: Scaling, second: Scaling): Scaling | undefined {
  if (first.divisor === 1 && !clamps(first))
    return {
      ...second,
      factor: Math.imul(first.factor, second.factor),
      addend: (Math.imul(first.addend, second.factor) + second.addend) | 0,
    };
  if (!onlyAdds(second)) return undefined;
  if (!clamps(first))
    return {
      ...second,
      ...first,
      offset: (first.offset + second.addend) | 0,
      min: second.min,
      max: second.max,
    };
  return second.addend === 0 ? { ...first, ...clamped(first, second) } : undefined;
}

/** Integer graphs: casts and arithmetic with constants become one node. */
export const fuseIntegers = (graph: Graph): Graph =>
  fuseWithReader(graph, (current, node, reader) => {
    const [first, second] = [scalingOf(current, node), scalingOf(current, reader)];
    const between = tensorOf(current, node.outputs[0]!);
    if (!first || !second || second.input !== between.name || between.dtype !== "int32") return undefined;
    const attributes = joined(first.scaling, second.scaling);
    return attributes && { ...reader, op: "scale_integers", inputs: [first.input], attributes };
  });
