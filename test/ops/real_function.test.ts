/** Real functions of int16 values: lines between 513 of them, and factors where the function is one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Attributes, quantized, type Shape, type Tensor } from "../../host/ir/graph.ts";
import { runReference } from "../../host/runtime/engines/reference.ts";
import { graphOf, node } from "../support/graphs.ts";

const STEP = 4 / 2 ** 15;
/** Every input there is. */
const all = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);

const int16 = (name: string, shape: Shape, scale: number): Tensor => ({
  name,
  dtype: "int16",
  shape,
  quantization: quantized(scale, 0),
});

interface Applied {
  readonly op: string;
  readonly attributes?: Attributes;
  /** The output's scale. */
  readonly scale: number;
  /** Operands in order; "x" is the input. */
  readonly operands?: readonly (number | "x")[];
}

/** The operator's values for all inputs. A constant operand is a single one. */
function onAll({ op, attributes = {}, scale, operands = ["x"] }: Applied): Int16Array {
  const constants = operands.flatMap((value) =>
    value === "x" ? [] : [{ ...int16("c", [], 2 ** -10), data: Int16Array.of(value * 2 ** 10) }],
  );
  const graph = graphOf({
    tensors: [int16("x", [all.length], STEP), int16("y", [all.length], scale), ...constants],
    nodes: [
      node(
        op,
        operands.map((value) => (value === "x" ? "x" : "c")),
        "y",
        attributes,
      ),
    ],
    inputs: ["x"],
    outputs: ["y"],
  });
  const [[bytes]] = runReference(graph, [[new Uint8Array(all.buffer)]]) as [[Uint8Array]];
  return new Int16Array(bytes.slice().buffer);
}

/** Fails where a value is further from the real function, limited to int16, than `most` output steps. */
function expectNear(found: Int16Array, scale: number, f: (x: number) => number, most: number): void {
  all.forEach((x, i) => {
    const expected = Math.min(32_767, Math.max(-32_768, f(x * STEP) / scale));
    assert.ok(
      Math.abs(found[i]! - expected) <= most,
      `f(${x * STEP}): expected ${expected}, found ${found[i]}`,
    );
  });
}

const named = (name: string, scale: number): Applied => ({
  op: "unary_function",
  attributes: { function: name, alpha: 1, beta: 0 },
  scale,
});

describe("functions of int16 values", () => {
  // A step is 1/64 wide: a line misses a curve by at most f'' / 8 / 64^2.
  test("a smooth one is missed by little more than rounding", () => {
    const scale = Math.exp(4) / 2 ** 15;
    expectNear(onAll(named("exp", scale)), scale, Math.exp, 3);
    expectNear(onAll(named("elu", STEP)), STEP, (x) => (x < 0 ? Math.expm1(x) : x), 2);
    expectNear(onAll(named("sin", 2 ** -15)), 2 ** -15, Math.sin, 3);
  });

  test("a bend costs at most a quarter of a step of the table", () => {
    const f = (x: number): number => (x * Math.min(6, Math.max(0, x + 3))) / 6;
    expectNear(onAll({ op: "hard_swish", scale: STEP }), STEP, f, 34);
  });

  test("where there is no value, it is the least or the greatest", () => {
    const scale = 1 / 2 ** 10;
    const log = onAll(named("log", scale));
    assert.ok(log.subarray(0, 32_768).every((value) => value === log[0]) && log[0]! < -30_000);
    assert.ok(Math.abs(log[65_535]! - Math.log(4) / scale) <= 2);
    assert.equal(onAll(named("reciprocal", scale))[32_768], 32_767);
  });

  test("factors are exact: a magnitude, a negative, bounds, a quotient", () => {
    const scale = 2 * STEP;
    const limited = (x: number): number => Math.min(1.5, Math.max(-0.25, x));
    expectNear(onAll(named("abs", scale)), scale, Math.abs, 0.5);
    expectNear(onAll(named("neg", scale)), scale, (x) => -x, 0.5);
    expectNear(onAll({ op: "clip", attributes: { min: -0.25, max: 1.5 }, scale }), scale, limited, 0.5);
    expectNear(onAll({ op: "div", operands: ["x", -2.5], scale }), scale, (x) => x / -2.5, 1);
  });

  test("a constant by values is a curve", () => {
    const scale = 1 / 2 ** 10;
    const found = onAll({ op: "div", operands: [2, "x"], scale });
    for (const x of [8192, 16_384, -8192, 32_767])
      assert.ok(Math.abs(found[x + 32_768]! - 2 / (x * STEP) / scale) <= 2, `2 / ${x * STEP}`);
  });
});
