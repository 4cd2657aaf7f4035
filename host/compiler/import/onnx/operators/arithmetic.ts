import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import { type Context, isConstantValue, type Translation, type Value } from "../builder.ts";
import { foldElementwise } from "../fold.ts";

/**
 * Operators of two or more operands that broadcast by the rules of NumPy, in ONNX (since version 7) and here
 * alike. Of constants they are computed at import, in integers where those are integers.
 */

type Combine = (a: number, b: number) => number;
type Add = (node: Context, a: Value, b: Value) => Tensor;

/** A fused activation that does nothing, of those operators that have one. */
const NONE = { activation: "none" };

const binary = (type: string, combine: Combine, add: Add, summary: string): Translation => ({
  type: `ai.onnx.${type}`,
  summary,
  translate(node) {
    const [a, b] = node.constants() ?? [];
    if (a && b) return [foldElementwise(node.outputName(0), a.type, [a, b], combine)];
    return [add(node, node.value(0), node.value(1))];
  },
});

/** A bias after a MatMul stays an operator of its own here; a pass fuses the two. */
const operator =
  (op: string): Add =>
  (node) =>
    node.add(op, [node.tensor(0), node.tensor(1)], NONE);

const divideIntegers: Combine = (a, b) => a / b;

/** By a constant it is a product, which folds into layers as well; of two tensors it is a quotient. */
const divide: Add = (node, _, divisor) => {
  const [a, b] = [node.tensor(0), node.tensor(1)];
  if (!isConstantValue(divisor)) return node.add("div", [a, b], {});
  if (divisor.numbers.includes(0)) throw new ModelError(`input ${divisor.name}: division by zero`);
  const reciprocal = node.addConstant(
    divisor.name,
    divisor.shape,
    divisor.numbers.map((x) => 1 / x),
  );
  return node.add("mul", [a, reciprocal], NONE);
};

const unaryFunction = (node: Context, x: Tensor, name: string): Tensor =>
  node.add("unary_function", [x], { function: name, alpha: 0, beta: 0 });

/** Powers that are other operators. */
const POWERS: Readonly<Record<string, (node: Context, x: Tensor) => Tensor>> = {
  "-1": (node, x) => unaryFunction(node, x, "reciprocal"),
  "-0.5": (node, x) => unaryFunction(node, x, "rsqrt"),
  "0.5": (node, x) => unaryFunction(node, x, "sqrt"),
  "1": (_, x) => x,
  "2": (node, x) => unaryFunction(node, x, "square"),
  "3": (node, x) => node.add("mul", [unaryFunction(node, x, "square"), x], NONE),
};

/** A power of a constant, as exp(log(base) * x). */
function exponential(node: Context, base: number): Tensor {
  if (!(base > 0)) throw new ModelError(`expected a base above 0, found ${base}`);
  const log = node.addConstant(node.nameOf("log"), [1], [Math.log(base)]);
  return unaryFunction(node, node.add("mul", [node.tensor(1), log], NONE), "exp");
}

const power: Add = (node, base, exponent) => {
  if (isConstantValue(base) && base.numbers.length === 1 && !isConstantValue(exponent))
    return exponential(node, base.numbers[0]!);
  const list = isConstantValue(exponent) ? new Set(exponent.numbers) : new Set<number>();
  const raise = list.size === 1 ? POWERS[String([...list][0])] : undefined;
  if (!raise || exponent.shape.length > node.tensor(0).shape.length)
    throw new ModelError(`expected a constant exponent of ${Object.keys(POWERS).join(", ")}`);
  return raise(node, node.tensor(0));
};

/** At least one. */
const operands = (node: Context): Tensor[] =>
  Array.from({ length: Math.max(1, node.inputCount) }, (_, i) => node.tensor(i));

/** Any number of operands. */
const variadic = (type: string, op: string, combine: Combine): Translation => ({
  type: `ai.onnx.${type}`,
  summary: "of any number of operands",
  translate(node) {
    const constants = node.constants();
    if (constants?.length) {
      const fold = (...list: number[]): number => list.reduce((a, b) => combine(a, b));
      return [foldElementwise(node.outputName(0), constants[0]!.type, constants, fold)];
    }
    return [operands(node).reduce((a, b) => node.add(op, [a, b], op === "add" ? NONE : {}))];
  },
});

const average: Translation = {
  type: "ai.onnx.Mean",
  summary: "of any number of operands",
  translate(node) {
    const inputs = operands(node);
    const sum = inputs.reduce((a, b) => node.add("add", [a, b], NONE));
    const share = node.addConstant(node.nameOf("share"), [], [1 / inputs.length]);
    return [node.add("mul", [sum, share], NONE)];
  },
};

/** Operators that a module does not compute, but shape arithmetic does. */
const constantsOnly = (type: string, combine: Combine, result?: string): Translation => ({
  type: `ai.onnx.${type}`,
  summary: "of constants",
  translate(node) {
    const [a, b] = [node.constant(0), node.constant(1)];
    return [foldElementwise(node.outputName(0), result ?? a.type, [a, b], combine)];
  },
});

/** The remainder has the sign of the divisor, or with fmod that of the dividend. */
const mod: Translation = {
  type: "ai.onnx.Mod",
  summary: "of constants",
  translate(node) {
    const [a, b] = [node.constant(0), node.constant(1)];
    const isFmod = node.attributes.int("fmod", 0) !== 0;
    const remainder: Combine = isFmod ? (x, y) => x % y : (x, y) => x - y * Math.floor(x / y);
    return [foldElementwise(node.outputName(0), a.type, [a, b], remainder)];
  },
};

const not: Translation = {
  type: "ai.onnx.Not",
  summary: "of constants",
  translate: (node) => [foldElementwise(node.outputName(0), "BOOL", [node.constant(0)], (x) => 1 - x)],
};

const where: Translation = {
  type: "ai.onnx.Where",
  summary: "of constants",
  translate(node) {
    const [condition, a, b] = [node.constant(0), node.constant(1), node.constant(2)];
    const choose = (c = 0, x = 0, y = 0): number => (c === 0 ? y : x);
    return [foldElementwise(node.outputName(0), a.type, [condition, a, b], choose)];
  },
};

const test =
  (f: (a: number, b: number) => boolean): Combine =>
  (a, b) =>
    f(a, b) ? 1 : 0;

export const arithmetic: readonly Translation[] = [
  binary("Add", (a, b) => a + b, operator("add"), "all"),
  constantsOnly("And", Math.min, "BOOL"),
  binary("Div", divideIntegers, divide, "all"),
  constantsOnly(
    "Equal",
    test((a, b) => a === b),
    "BOOL",
  ),
  constantsOnly(
    "Greater",
    test((a, b) => a > b),
    "BOOL",
  ),
  constantsOnly(
    "GreaterOrEqual",
    test((a, b) => a >= b),
    "BOOL",
  ),
  constantsOnly(
    "Less",
    test((a, b) => a < b),
    "BOOL",
  ),
  constantsOnly(
    "LessOrEqual",
    test((a, b) => a <= b),
    "BOOL",
  ),
  variadic("Max", "maximum", Math.max),
  average,
  variadic("Min", "minimum", Math.min),
  mod,
  binary("Mul", (a, b) => a * b, operator("mul"), "all"),
  not,
  constantsOnly("Or", Math.max, "BOOL"),
  binary("Pow", (a, b) => a ** b, power, "exponents of -1, -0.5, 0.5, 1, 2 and 3, or any of a constant base"),
  binary("Sub", (a, b) => a - b, operator("sub"), "all"),
  variadic("Sum", "add", (a, b) => a + b),
  where,
];
