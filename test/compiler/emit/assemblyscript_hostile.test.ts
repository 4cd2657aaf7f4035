/** Names from a hostile file: the emitted source compiles, computes the same, and holds no code of theirs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileModule } from "../../../host/compiler/compile/index.ts";
import { emitAssemblyScript } from "../../../host/compiler/emit/assemblyscript.ts";
import { describeModule } from "../../../host/compiler/emit/describe_module.ts";
import { lower } from "../../../host/compiler/plan/lower.ts";
import { planMemory } from "../../../host/compiler/plan/memory.ts";
import { seededInputs } from "../../../host/compiler/verify/vectors.ts";
import { readExports } from "../../../host/module/sections.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { graphOf, int8, int8Weights, NONE, node } from "../../support/graphs.ts";

const EVIL = "export const evil: i32 = 666;";
const HOSTILE = [
  `*/ ${EVIL} /*`,
  `\n${EVIL}\n//`,
  `\r${EVIL}\r//`,
  `\u2028${EVIL}\u2029//`,
  `"; ${EVIL} "`,
  `'; ${EVIL} '`,
  `\`\${${EVIL}}\``,
  `\\u002a/ ${EVIL}`,
  `*\u0000/ ${EVIL}`,
  `**// ${EVIL}`,
  `]); ${EVIL} const x = ([`,
  "",
  " ",
  "/",
  "*",
  "//",
  "/*",
  "\u202e gnirts",
  "名前",
  "𝒳",
  "__proto__",
  "constructor",
  "toString",
  "class",
  "i32",
  "usize",
  "memory",
  "STATUS_OK",
  "ABI_VERSION",
  "abi",
  "arena",
  "invoke",
  "self_test",
  "seed",
  "fill",
  "equal",
  "expected_0_0",
  "expected_0_0_2",
  "input_0",
  "input_0_bytes",
  "output_0",
  "output_1_bytes",
  "memory_bytes",
  "add_s8",
  "lookup_s8",
  "kernel.add_s8.1",
  "input_x",
  "x",
  "long".repeat(500),
];

/** Each name is that of a node, its tensor is called like the next one, and constants are called alike too. */
function hostileGraph() {
  // An empty name would be an omitted input.
  const tensorName = (i: number): string =>
    `${HOSTILE[(i + 7) % HOSTILE.length]}${i % 2 === 0 ? "" : "_table"}` || "  ";
  const tensors = HOSTILE.map((_, i) => int8(`${tensorName(i)}`, [1, 4], 0.05, 3));
  const constants = HOSTILE.map((name, i) => int8Weights(`${name}_a`, [1, 4], i + 1));
  const nodes = HOSTILE.map((name, i) => {
    const from = i === 0 ? "x y" : tensorName(i - 1);
    return node("add", [`${name}_a`, from], tensorName(i), NONE, name);
  });
  const last = int8("output_0", [1, 4], 1 / 128, 0);
  nodes.push(node("tanh", [tensorName(HOSTILE.length - 1)], "output_0", {}, "expected_1_0"));
  return graphOf({
    name: HOSTILE[0]!,
    tensors: [int8("x y", [1, 4]), ...tensors, ...constants, last],
    nodes,
    inputs: ["x y"],
    outputs: ["output_0", tensorName(3), tensorName(0)],
  });
}

test("a model of hostile names", async () => {
  const graph = checkQuantized(hostileGraph(), "sketch");
  const program = lower(graph);
  const seeds = [1, 2];
  const tests = seeds.map((seed) => ({
    seed,
    outputs: runReference(graph, [seededInputs(graph, seed)])[0]!,
  }));
  const plan = planMemory(program);
  const provenance = {
    name: `*/ ${EVIL} /*\n${EVIL}`,
    version: "1.0.0",
    sourceFile: `*/ ${EVIL} /*\u2028${EVIL}.tflite`,
    sourceSha256: "00".repeat(32),
    compiler: "thimble",
  };
  const metadata = describeModule(program, plan, provenance, new Map(), tests);
  const source = emitAssemblyScript(program, plan, provenance, tests);

  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
  assert.deepEqual(code.match(/.*(?:\bevil\b|\b666\b).*/g), null, "code outside of comments");
  assert.match(source, /^[\x20-\x7e\n]*$/, "nothing but printable ASCII");

  const module = await compileModule(source, program, plan, metadata);
  const kernels = program.kernels.map(({ name, version }) => `kernel.${name}.${version}`);
  assert.deepEqual(
    readExports(module)
      .map(({ name }) => name)
      .sort(),
    [
      ...["abi", "constants", "memory", "memory_bytes", "invoke", "self_test", "input_0", "input_0_bytes"],
      ...[0, 1, 2].flatMap((i) => [`output_${i}`, `output_${i}_bytes`]),
      ...kernels,
    ].sort(),
  );
  assert.equal(await v8.selfTest(module), 0);
  const vectors = [3, 4, 5].map((seed) => seededInputs(graph, seed));
  assert.deepEqual(
    await v8.run(module, vectors),
    runReference(graph, vectors).map((outputs) => outputs.map((bytes) => new Uint8Array(bytes))),
  );
});
