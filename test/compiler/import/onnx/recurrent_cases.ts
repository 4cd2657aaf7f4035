/** Recurrent layers in each direction: all steps, and the last state. */
import { floatTensor, generator, int, node, string, type TensorInit } from "../../../support/onnx.ts";

const UNITS = 2;
const INPUTS = 3;
const GATES = { GRU: 3, LSTM: 4, RNN: 1 } as const;

const list = (name: string, dims: number[]): TensorInit => {
  const random = generator(name.length + dims.length);
  const count = dims.reduce((product, n) => product * n, 1);
  return floatTensor(name, dims, Array.from({ length: count }, random));
};

function recurrent(op: keyof typeof GATES, direction: string, output: "steps" | "state", batch: number) {
  const [count, rows] = [direction === "bidirectional" ? 2 : 1, GATES[op] * UNITS];
  const constants = [
    list("w", [count, rows, INPUTS]),
    list("r", [count, rows, UNITS]),
    list("b", [count, 2 * rows]),
    list("h0", [count, batch, UNITS]),
  ];
  const attributes = { hidden_size: int(UNITS), direction: string(direction) };
  const outputs = output === "steps" ? ["y"] : ["", "y"];
  return {
    nodes: [node(op, ["x", "w", "r", "b", "", "h0"], outputs, attributes)],
    constants,
    input: [4, batch, INPUTS],
  };
}

export const RECURRENT_CASES = Object.fromEntries(
  (["GRU", "LSTM", "RNN"] as const).flatMap((op) =>
    ["forward", "reverse", "bidirectional"].flatMap((direction, i) =>
      (["steps", "state"] as const).map((output, k) => {
        const batch = (i + k) % 2 === 0 ? 1 : 2;
        return [
          `${op}: ${direction}, ${output} of ${batch}`,
          recurrent(op, direction, output, batch),
        ] as const;
      }),
    ),
  ),
);
