import {
  type Attributes,
  type AttributeValue,
  type DType,
  type Graph,
  ModelError,
  type Node,
  type Quantization,
  type Shape,
  type Tensor,
  type TensorData,
  tensorOf,
} from "../ir/graph.ts";
import type { Lowering } from "./lowering.ts";
import type { Traits } from "./traits.ts";

/** Kinds of attribute; an array lists the values that a string may take. A flag that is left out is not set. */
export type AttributeKind = "int" | "number" | "ints" | "boolean" | "flag" | readonly string[];
export type AttributeSchema = Readonly<Record<string, AttributeKind>>;

export type AttributesOf<S extends AttributeSchema> = {
  readonly [K in keyof S]: S[K] extends "int" | "number"
    ? number
    : S[K] extends "ints"
      ? readonly number[]
      : S[K] extends "boolean"
        ? boolean
        : S[K] extends "flag"
          ? boolean | undefined
          : S[K] extends readonly (infer E)[]
            ? E
            : never;
};

/** A node with its tensors at hand: what every method of an operator is given. */
export interface Bound<A> {
  readonly name: string;
  readonly attributes: A;
  /** An omitted optional input is undefined. */
  readonly inputs: readonly (Tensor | undefined)[];
  readonly outputs: readonly Tensor[];
}

/**
 * How the quantiser turns the float operator into an int8 one.
 * - range: the output gets its own scale and zero point from calibration;
 * - same: output and data inputs share one scale and zero point (the operator only moves values);
 * - fixed: the output's quantisation is prescribed by the reference kernel, for int8 and for int16;
 * - own: the operator says which type and scale its output has, e.g. from the constants it adds up; `dtype`
 *   where that is always int16.
 */
export type OutputQuantization =
  | { readonly kind: "range" }
  | { readonly kind: "same" }
  | { readonly kind: "fixed"; readonly quantization: Quantization; readonly int16?: Quantization }
  | { readonly kind: "own"; readonly dtype?: "int16" };

export interface QuantizationRule {
  readonly output: OutputQuantization;
  /** Input number of the weights and the axis of their output channels. */
  readonly weights?: { readonly input: number; readonly axis: number };
  /** Attributes that the quantiser chooses in int16, where no file prescribes the semantics. */
  readonly int16Attributes?: Attributes;
  /** Input number of the int32 bias, whose scale is input scale times weight scale. */
  readonly bias?: number;
}

interface Definition<S extends AttributeSchema> extends Traits<AttributesOf<S>> {
  readonly name: string;
  /** One line for the README's list of operators. */
  readonly summary: string;
  /** Least and greatest number of inputs. */
  readonly arity: readonly [number, number];
  readonly attributes: S;
  /** Output shapes; throws ModelError when the inputs do not fit together. */
  infer(node: Pick<Bound<AttributesOf<S>>, "name" | "attributes" | "inputs">): readonly Shape[];
  /** The meaning of the operator: slow and obvious, on float32 and on quantised tensors. */
  evaluate(node: Bound<AttributesOf<S>>, values: readonly (TensorData | undefined)[]): readonly TensorData[];
  readonly quantization: QuantizationRule;
  /** Types that the quantised operator may write; int8 unless it says otherwise. */
  readonly types?: readonly DType[];
  /** Those of them whose arithmetic is ours: no reference kernel has it, so that no file of integers can mean it. */
  readonly ownTypes?: readonly DType[];
  /** Its tensors hold whole numbers: a file states no scale for them, and none would change what it computes. */
  readonly unscaled?: true;
  /** The fault in the types of its tensors, where they are not all the output's. */
  checkTypes?(node: Bound<AttributesOf<S>>): string | undefined;
  /** Type and scale of the float operator's output, for the rule "own"; its inputs are as in `quantizeConstants`. */
  outputType?(node: Bound<AttributesOf<S>>): Pick<Tensor, "dtype" | "quantization">;
  /**
   * The operator's float constants as integers, by input number, where they are neither weights nor values
   * like those it computes with. Computed inputs have their types and scales, outputs too.
   */
  quantizeConstants?(node: Bound<AttributesOf<S>>): ReadonlyMap<number, Tensor>;
  /** Whether an inference ends behind the operator, by the values of its inputs: its outputs hold nothing new then. */
  pauses?(values: readonly (TensorData | undefined)[]): boolean;
  /** Kernel calls and constants for the quantised operator. */
  lower(node: Bound<AttributesOf<S>>, to: Lowering): void;
  /** Multiply-accumulates of one inference. */
  macs?(node: Bound<AttributesOf<S>>): number;
  /** Other steps of an inference, where they are many more than the values it reads and writes. */
  steps?(node: Bound<AttributesOf<S>>): number;
}

/** An operator whose attribute types have been checked and forgotten, so that all fit in one table. */
export interface Operator
  extends Omit<Traits<Attributes>, "keepsFactors" | "matrix" | "permute" | "zeroOutside">,
    Required<Pick<Traits<Attributes>, "keepsFactors" | "matrix" | "permute" | "zeroOutside">> {
  readonly name: string;
  readonly summary: string;
  readonly arity: readonly [number, number];
  readonly attributes: AttributeSchema;
  readonly quantization: QuantizationRule;
  readonly types: readonly DType[];
  readonly ownTypes: readonly DType[];
  readonly unscaled: boolean;
  readonly checkTypes: ((node: Bound<Attributes>) => string | undefined) | undefined;
  readonly outputType: ((node: Bound<Attributes>) => Pick<Tensor, "dtype" | "quantization">) | undefined;
  readonly quantizeConstants: ((node: Bound<Attributes>) => ReadonlyMap<number, Tensor>) | undefined;
  infer(node: Pick<Bound<Attributes>, "name" | "attributes" | "inputs">): readonly Shape[];
  evaluate(node: Bound<Attributes>, values: readonly (TensorData | undefined)[]): readonly TensorData[];
  pauses(values: readonly (TensorData | undefined)[]): boolean;
  lower(node: Bound<Attributes>, to: Lowering): void;
  macs(node: Bound<Attributes>): number;
  steps(node: Bound<Attributes>): number;
}

function fits(kind: AttributeKind, value: AttributeValue | undefined): boolean {
  if (kind === "int") return Number.isSafeInteger(value);
  if (kind === "number") return typeof value === "number" && Number.isFinite(value);
  if (kind === "flag" && value === undefined) return true;
  if (kind === "boolean" || kind === "flag") return typeof value === "boolean";
  if (kind === "ints") return Array.isArray(value) && value.every(Number.isSafeInteger);
  return typeof value === "string" && kind.includes(value);
}

/** The number of the first input that is left out (empty or undefined) and may not be, as a bias may; -1 for none. */
export const missingInput = ({ quantization }: Operator, inputs: readonly unknown[]): number =>
  inputs.findIndex((input, i) => !input && i !== quantization.bias);

/** Throws ModelError unless the attributes are exactly those of the schema. */
export function checkAttributes(node: string, schema: AttributeSchema, attributes: Attributes): void {
  for (const [key, kind] of Object.entries(schema)) {
    const value = attributes[key];
    if (!fits(kind, value)) {
      const expected = typeof kind === "string" ? kind : kind.join(" | ");
      throw new ModelError(
        `node ${node}: attribute ${key}: expected ${expected}, found ${typeof value === "number" ? value : JSON.stringify(value)}`,
      );
    }
  }
  const unknown = Object.keys(attributes).find((key) => !(key in schema));
  if (unknown !== undefined) throw new ModelError(`node ${node}: unknown attribute ${unknown}`);
}

/** Scales and their quotients are checked where nobody knows the node: it is named here. */
function naming<T>(node: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ModelError) || error.message.startsWith("node ")) throw error;
    throw new ModelError(`node ${node}: ${error.message}`);
  }
}

/** The traits that are no functions. */
const plainTraits = <A>({
  elementwise,
  keepsOrder,
  moves,
  neutral,
  packs,
  pools,
  squashes,
  window,
}: Traits<A>) => ({
  ...(elementwise && { elementwise }),
  ...(keepsOrder && { keepsOrder }),
  ...(moves && { moves }),
  ...(neutral && { neutral }),
  ...(squashes && { squashes }),
  ...(packs && { packs }),
  ...(pools && { pools }),
  ...(window && { window }),
});

/** Types the attributes of an operator by its schema. The one cast rests on `checkAttributes`. */
export function defineOperator<const S extends AttributeSchema>(definition: Definition<S>): Operator {
  const typed = <T extends { readonly name: string; readonly attributes: Attributes }>(node: T) => {
    checkAttributes(node.name, definition.attributes, node.attributes);
    return { ...node, attributes: node.attributes as unknown as AttributesOf<S> };
  };
  return {
    name: definition.name,
    summary: definition.summary,
    arity: definition.arity,
    attributes: definition.attributes,
    quantization: definition.quantization,
    types: definition.types ?? ["int8"],
    ownTypes: definition.ownTypes ?? [],
    unscaled: definition.unscaled ?? false,
    ...plainTraits(definition),
    ...(definition.tells && {
      tells: (node: Bound<Attributes>, feature?: number) => definition.tells!(typed(node), feature),
    }),
    keepsFactors: (node) => definition.keepsFactors?.(typed(node)) ?? false,
    matrix: (node) => definition.matrix?.(typed(node)),
    zeroOutside: (node) => definition.zeroOutside?.(typed(node)),
    permute: ({ attributes }, axes, rank) =>
      definition.permute?.(typed({ name: definition.name, attributes }), axes, rank),
    checkTypes: definition.checkTypes && ((node) => definition.checkTypes!(typed(node))),
    outputType: definition.outputType && ((node) => definition.outputType!(typed(node))),
    quantizeConstants:
      definition.quantizeConstants &&
      ((node) => naming(node.name, () => definition.quantizeConstants!(typed(node)))),
    infer: (node) => definition.infer(typed(node)),
    evaluate: (node, values) => naming(node.name, () => definition.evaluate(typed(node), values)),
    pauses: (values) => definition.pauses?.(values) ?? false,
    lower: (node, to) => naming(node.name, () => definition.lower(typed(node), to)),
    macs: (node) => definition.macs?.(typed(node)) ?? 0,
    steps: (node) => definition.steps?.(typed(node)) ?? 0,
  };
}

export function bind(graph: Graph, node: Node): Bound<Attributes> {
  return {
    name: node.name,
    attributes: node.attributes,
    inputs: node.inputs.map((name) => (name === "" ? undefined : tensorOf(graph, name))),
    outputs: node.outputs.map((name) => tensorOf(graph, name)),
  };
}
