/** The border between operators and the compiler: what `lower` is given, and the choices that the tuner makes for it. */
import type { Tensor, TensorData } from "../ir/graph.ts";

/** An argument of a kernel: a number, or the address of a tensor or a constant. */
export type Argument =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "tensor"; readonly name: string; readonly offset: number }
  | { readonly kind: "constant"; readonly name: string };

/** How a layer is computed: what the tuner decides. No choice changes a byte of the result. */
export interface Choice {
  /** Which of the kernels with one contract: the smaller code, or the faster. */
  readonly kernel: "small" | "fast";
  /** Pixels whose inputs a convolution gathers at a time. */
  readonly tile: number;
  /** Whether the output takes the place of the input, where the kernel and the other layers allow it. */
  readonly inPlace: boolean;
  /** Whether weights that fit four bits are stored so; unless it says, where that pays in the whole graph. */
  readonly packed?: boolean;
}

/** By node name; a node that is missing is computed by SMALL. */
export type Choices = ReadonlyMap<string, Choice>;

/** Native kernels take four pixels at a time. */
export const SMALL: Choice = { kernel: "small", tile: 4, inPlace: false };

/** The calls that an operator's `lower` may make. */
export interface Lowering {
  /** A table computed at build time; equal tables are stored once. */
  constant(role: string, data: TensorData): Argument;
  /** A place inside a tensor, `offset` bytes from its start. */
  at(tensor: Tensor, offset: number): Argument;
  /** Arguments by parameter name: exactly those of the kernel's source. `work`: see KernelCall. */
  call(
    kernel: string,
    values: Readonly<Record<string, number | Tensor | Argument>>,
    work?: Readonly<Record<string, number>>,
  ): void;
  /** Ends the inference, with nothing new, in all but one of `every`; `wait` is the state that counts them. */
  pause(wait: Tensor, every: number): void;
  /** `output` is the buffer of `input`. */
  alias(output: Tensor, input: Tensor): void;
  /** Bytes that hold nothing before and after the node. */
  scratch(bytes: number): Argument;
  readonly choice: Choice;
  /** Whether weights of four bits save more in all of the graph than their kernel's code takes. */
  readonly packs: boolean;
  /**
   * Puts `output` in the place of `input` if that was chosen and nothing reads `input` after this node.
   * Whether the kernel can do it is the operator's to know.
   */
  overwrite(output: Tensor, input: Tensor): boolean;
}
