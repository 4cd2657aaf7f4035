/** Random borders and values, and a module whose output is its input, for tests of real values. */
import fc from "fast-check";
import { byteSize, type DType, elements } from "../../../host/ir/graph.ts";
import { encodeDescriptor } from "../../../host/module/descriptor.ts";
import { DESCRIPTOR_SECTION } from "../../../host/module/descriptor_table.ts";
import { addCustomSection } from "../../../host/module/sections.ts";
import { typeRange } from "../../../host/ops/activation.ts";
import type { Borders, BorderTensor } from "../../../host/ops/border.ts";
import type { Decision } from "../../../host/ops/decision.ts";
import { makeModule } from "../../support/signed_images.ts";

export interface Example {
  readonly borders: Borders;
  readonly values: Float32Array;
}

/** Input and output have the same bytes, of one type; one is read as the other. */
export function echo({ inputs: [input], outputs: [output] }: Borders): Uint8Array {
  const bytes = byteSize(input!);
  const at = 40 + bytes + (-bytes & 3);
  const module = makeModule({
    invoke: `(memory.copy (i32.const ${at}) (i32.const 40) (i32.const ${bytes})) (i32.const 0)`,
    globals: {
      memory_bytes: String(at + bytes),
      input_0: "40",
      input_0_bytes: String(bytes),
      output_0: String(at),
      output_0_bytes: String(byteSize(output!)),
    },
  });
  return module;
}

export const described = (borders: Borders): Uint8Array =>
  addCustomSection(echo(borders), DESCRIPTOR_SECTION, encodeDescriptor(borders));

/** Two numbers of int8 in steps of a half, but for what is given. */
export const tensor = (more: Partial<BorderTensor>): BorderTensor => ({
  name: "x",
  dtype: "int8",
  source: "float32",
  shape: [1, 2],
  scale: 0.5,
  zeroPoint: 1,
  ...more,
});

const TYPES = ["int8", "uint8", "int16", "int32"] as const;
/** Numbers whose bits are all over the place, those of sensors, and those next to halves. */
const single = fc.oneof(
  fc.float({ noNaN: true }),
  fc.double({ min: -1000, max: 1000, noNaN: true }).map(Math.fround),
  fc.integer({ min: -600, max: 600 }).map((n) => n / 2),
  fc.constantFrom(
    0,
    -0,
    Math.fround(1e38),
    Math.fround(-1e38),
    2 ** 31,
    -(2 ** 31),
    Math.fround(0.49999997),
    Math.fround(1e-40),
    Infinity,
    -Infinity,
  ),
);
const finite = single.filter(Number.isFinite);
const positive = finite.map(Math.abs).filter((x) => x > 0);
const usual = fc.constantFrom(
  1,
  0.5,
  2 ** -7,
  Math.fround(0.1),
  Math.fround(1 / 3),
  Math.fround(0.003921569),
);
const scale = fc.oneof(usual, usual, positive);
const text = fc.constantFrom("x", "temperature", "Größe", "", "a,b", "f1");

const scalingOf = (features: number) => {
  const list = <T>(each: fc.Arbitrary<T>) => fc.array(each, { minLength: features, maxLength: features });
  const missing = list(fc.oneof(finite, fc.constant(null)));
  const bins = fc.uniqueArray(finite, { maxLength: 9, comparator: (a, b) => a === b });
  const edges = list(fc.option(bins.map((values) => values.toSorted((a, b) => a - b))));
  const [offsets, factors] = [fc.oneof(fc.constant(0), finite), fc.oneof(fc.constant(1), finite)].map(list);
  return fc
    .record(
      { offsets: offsets!, factors: factors!, missing, edges },
      { requiredKeys: ["offsets", "factors"], noNullPrototype: true },
    )
    .map(({ edges: found, ...rest }) => ({ ...rest, ...(found?.some(Boolean) && { edges: found }) }));
};

/** Fields that both tensors of an example have. */
const shapes = fc.record({
  dtype: fc.constantFrom(...TYPES),
  shape: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
});

const affine = (dtype: DType) => {
  const { min, max } = typeRange({ dtype });
  return fc.record({ scale, zeroPoint: dtype === "int32" ? fc.constant(0) : fc.integer({ min, max }) });
};

function inputOf(dtype: DType, shape: readonly number[]): fc.Arbitrary<BorderTensor> {
  const features = shape.at(-1) ?? 1;
  const plain = fc.array(text, { minLength: features, maxLength: features });
  const numbered = fc
    .integer({ min: 0, max: 99 })
    .map((first) => Array.from({ length: features }, (_, i) => `f${first + i}`));
  const more = fc.record(
    {
      scaling: scalingOf(features),
      features: fc.oneof(plain, numbered),
      unit: text,
      units: plain,
      stream: fc.record(
        {
          sampleRate: fc.integer({ min: 1, max: 1e6 }),
          channels: fc.integer({ min: 1, max: 9 }),
          hop: fc.nat(99),
        },
        { noNullPrototype: true },
      ),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  return fc
    .tuple(affine(dtype), more, text)
    .map(([border, rest, name]) => ({ name, dtype, source: "float32" as const, shape, ...border, ...rest }));
}

function outputOf(dtype: DType, shape: readonly number[]): fc.Arbitrary<BorderTensor> {
  const count = elements(shape);
  const ways: Decision[] =
    count === 1 ? ["above", "index", "none"] : count === 2 ? ["second", "greatest"] : ["greatest", "error"];
  const rest = fc.record({ decision: fc.constantFrom(...ways), threshold: finite });
  const labels = fc.array(text, { minLength: Math.max(count, 2), maxLength: Math.max(count, 2) });
  return fc.tuple(affine(dtype), rest, fc.option(labels)).map(([border, { decision, threshold }, names]) => ({
    name: "y",
    dtype,
    source: "float32" as const,
    shape,
    ...border,
    threshold,
    ...(decision !== "none" && { decision }),
    ...(names && { labels: names }),
  }));
}

/** Every third value is one of its feature's edges, if it has any. */
function onEdges(values: readonly number[], { scaling }: BorderTensor): Float32Array {
  return Float32Array.from(values, (value, i) => {
    const edges = scaling?.edges?.[i % scaling.offsets.length];
    return (i % 3 === 0 && edges?.[i % edges.length]) || value;
  });
}

export const example: fc.Arbitrary<Example> = shapes.chain(({ dtype, shape }) =>
  fc
    .tuple(
      inputOf(dtype, shape),
      outputOf(dtype, shape),
      fc.array(
        fc.oneof({ weight: 9, arbitrary: single }, { weight: 1, arbitrary: fc.constant(Number.NaN) }),
        {
          minLength: elements(shape),
          maxLength: elements(shape),
        },
      ),
    )
    .map(([input, output, values]) => ({
      borders: { task: "classification" as const, inputs: [input], outputs: [output] },
      values: onEdges(values, input),
    })),
);
