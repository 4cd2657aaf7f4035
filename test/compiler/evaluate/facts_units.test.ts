/** Units that the user states: of outputs, of whole inputs, and of features; and on their way into a module. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { copyFacts, withFacts } from "../../../host/compiler/evaluate/facts.ts";
import { ModelError, tensorOf } from "../../../host/ir/graph.ts";
import { graphFromJson, graphToJson } from "../../../host/ir/serialize.ts";
import { bordersOf } from "../../../host/ops/graph_borders.ts";
import { checkGraph } from "../../../host/ops/spec.ts";
import { thimble } from "../../support/command.ts";
import { modelPath, simplifiedModel } from "../../support/models.ts";

const graph = withFacts(simplifiedModel("logistic_regression.onnx"), {
  columns: ["temperature", "humidity"],
});
const input = graph.inputs[0]!;
const output = graph.outputs[0]!;
const units = (pairs: Readonly<Record<string, string>>) => ({ units: new Map(Object.entries(pairs)) });

describe("units", () => {
  test("of features, of the whole input and of the output are in the descriptor", () => {
    const found = withFacts(graph, units({ humidity: "%", [input]: "°C", [output]: "1" }));
    checkGraph(found, "test");
    assert.deepEqual(tensorOf(found, input).units, ["", "%"]);
    const again = graphFromJson(graphToJson(copyFacts(graph, found)));
    const { inputs, outputs } = bordersOf(again);
    assert.deepEqual([inputs[0]!.units, inputs[0]!.unit, outputs[0]!.unit], [["", "%"], "°C", "1"]);
  });

  test("of a name that the model has not are refused", () => {
    assert.throws(() => withFacts(graph, units({ humidity: "%", pressure: "Pa" })), {
      name: ModelError.name,
      message: '--units: expected names of inputs, outputs or features, found "pressure"',
    });
  });

  for (const [text, fault] of [
    ["humidity", 'expected NAME=UNIT, found "humidity"'],
    ["humidity=", 'expected NAME=UNIT, found "humidity="'],
    ["a=1,a=2", 'expected names that differ, found "a=1,a=2"'],
  ] as const)
    test(`${text} is no list of units`, () => {
      const { status, stderr } = thimble(["build", modelPath("logistic_regression.onnx"), "--units", text]);
      assert.notEqual(status, 0);
      assert.ok(stderr.includes(`--units: ${fault}`), stderr);
    });
});
