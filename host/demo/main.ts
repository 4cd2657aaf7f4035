/** `npm start`: two models of the repository become modules, are verified, run in wasm3, and move to a fleet. */
import { join } from "node:path";
import { summary } from "../cli/build.ts";
import { writeAll } from "../cli/files.ts";
import { elements, fromBytes, tensorOf } from "../ir/graph.ts";
import { graphToJson } from "../ir/serialize.ts";
import type { Engine } from "../module/engine.ts";
import { splitRow, toFloatInputs, toInputBytes } from "../ops/border.ts";
import { argmax } from "../ops/decision.ts";
import { type Build, type BuildOptions, build } from "../pipeline.ts";
import { reportOf } from "../report/json.ts";
import { root } from "../root.ts";
import { type Dataset, readDataset } from "../runtime/data/index.ts";
import { evaluateGraph } from "../runtime/engines/reference.ts";
import { v8 } from "../runtime/engines/v8.ts";
import { wasm3 } from "../runtime/engines/wasm3.ts";
import { showFleet } from "./fleet.ts";
import { pictures } from "./pictures.ts";
import { showStory } from "./story.ts";

const models = join(root, "test", "models");
const output = join(root, "build");

/** One of the repository's models, as its user would build it. */
const buildModel = (name: string, options: Partial<BuildOptions> = {}): Promise<Build> =>
  build({
    model: join(models, `${name}.${name === "digits" ? "tflite" : "onnx"}`),
    calibration: join(models, `${name}.calibration.csv`),
    ...options,
  });

async function make(name: string): Promise<Build> {
  const result = await buildModel(name);
  const folder = join(output, name);
  writeAll(folder, {
    "model.wasm": result.module,
    "model.ts": result.assembly,
    "model.graph.json": graphToJson(result.graph),
    "report.json": `${JSON.stringify(reportOf(result), null, 2)}\n`,
  });
  console.log(`${summary(reportOf(result), join("build", name))}\n`);
  return result;
}

/** Index of the greatest output for each row, by the float model and by the module on an engine. */
async function classify(result: Build, data: Dataset, engine: Engine) {
  const { graph, module, floatGraph } = result;
  const sizes = graph.inputs.map((name) => elements(tensorOf(graph, name).shape));
  const samples = data.rows.map((row) => splitRow(row, sizes));
  const outputs = await engine.run(
    module,
    samples.map((sample) => toInputBytes(graph, sample)),
  );
  const float = floatGraph ?? graph;
  const { dtype } = tensorOf(graph, graph.outputs[0]!);
  return {
    integers: outputs.map(([bytes]) => argmax(fromBytes(dtype, bytes!))),
    float: samples.map((sample) =>
      argmax(evaluateGraph(float, toFloatInputs(float, sample)).get(float.outputs[0]!)!),
    ),
  };
}

function accuracyLine(what: string, predictions: readonly number[], labels: readonly string[]): string {
  const right = predictions.filter((prediction, i) => String(prediction) === labels[i]).length;
  return `  ${what.padEnd(16)} ${right} of ${labels.length} right, ${((100 * right) / labels.length).toFixed(2)} %`;
}

async function main(): Promise<void> {
  const availability = await wasm3.availability();
  const engine = availability.available ? wasm3 : v8;
  if (!availability.available) {
    console.log(
      `wasm3 is missing: ${availability.reason}; install: ${availability.install}. Using V8 instead.\n`,
    );
  }
  const builds = new Map<string, Build>();
  for (const name of ["logistic_regression", "digits"]) {
    const result = await make(name);
    builds.set(name, result);
    const data = readDataset(
      join(models, `${name}.test.csv`),
      elements(tensorOf(result.graph, result.graph.inputs[0]!).shape),
    );
    const labels = data.labels ?? [];
    const { integers, float } = await classify(result, data, engine);
    console.log(`Test set of ${name}, samples it was not trained on:`);
    console.log(accuracyLine("float model", float, labels));
    console.log(`${accuracyLine(`module on ${engine.name}`, integers, labels)}\n`);
    if (name === "digits") console.log(`${pictures(data.rows, integers, labels)}\n`);
  }
  await showFleet(builds.get("digits")!, await buildModel("digits", { version: "2.0.0", selfTest: true }));
  await showStory();
  console.log("Next: npx thimble inspect build/digits/model.wasm, or npx thimble --help");
}

try {
  await main();
} catch (error) {
  // Uncaught, it would be printed with a line of binaryen's, which has megabytes.
  console.error(`npm start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
