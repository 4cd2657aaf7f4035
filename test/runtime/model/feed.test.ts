/** Samples fed in pieces of any length give what windows cut by hand give the reference interpreter. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Graph, Stream } from "../../../host/ir/graph.ts";
import { encodeDescriptor } from "../../../host/module/descriptor.ts";
import { DESCRIPTOR_SECTION } from "../../../host/module/descriptor_table.ts";
import { addCustomSection } from "../../../host/module/sections.ts";
import { bordersOf } from "../../../host/ops/graph_borders.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { load } from "../../../host/runtime/model/node.ts";
import { greatestOf, WINDOW } from "../../support/streams.ts";

const graphOf = (stream: Stream): Graph => greatestOf(stream, WINDOW);

async function loaded(graph: Graph) {
  const module = await compileGraph(graph);
  return load(addCustomSection(module, DESCRIPTOR_SECTION, encodeDescriptor(bordersOf(graph))));
}

const samples = Array.from({ length: 61 }, (_, i) => ((i * 37) % 200) - 100);

/** Windows every `step` samples through the reference; what those that are new say. */
function expected(graph: Graph, step: number): number[] {
  const windows: [Uint8Array][] = [];
  for (let at = 0; at + WINDOW <= samples.length; at += step)
    windows.push([new Uint8Array(Int16Array.from(samples.slice(at, at + WINDOW)).buffer)]);
  return runReference(graph, windows).flatMap(([bytes]) => (bytes ? [new Int8Array(bytes)[0]!] : []));
}

describe("feeding a stream", () => {
  for (const [what, hop, step] of [
    ["overlap", 2, 2],
    ["follow each other", 0, 4],
    ["leave samples out", 7, 7],
  ] as const)
    test(`windows that ${what}, in pieces of any length`, async () => {
      const graph = graphOf({ sampleRate: 16000, channels: 1, hop });
      const model = await loaded(graph);
      const right = expected(graph, step);
      assert.ok(new Set(right).size > 1, `expected several values, found ${right}`);
      for (const length of [1, 3, 10, samples.length]) {
        const found: number[] = [];
        for (let at = 0; at < samples.length; at += length)
          found.push(
            ...model.feed(samples.slice(at, at + length)).map(({ outputs }) => outputs["output"]![0]!),
          );
        assert.deepEqual(found, right, `pieces of ${length}`);
        // Neither samples nor the module's states are left.
        model.reset();
      }
    });

  test("what is not a number is refused before any sample is taken, and so is a model of no stream", async () => {
    const graph = graphOf({ sampleRate: 16000, channels: 1, hop: 2 });
    const model = await loaded(graph);
    assert.throws(
      () => model.feed([1, 2, Number.NaN]),
      /^RangeError: sample 2: expected a number, found NaN$/,
    );
    const found = model.feed(samples).map(({ outputs }) => outputs["output"]![0]!);
    assert.deepEqual(found, expected(graph, 2));
    const { stream: _, ...plain } = graph.tensors.get(graph.inputs[0]!)!;
    const other = await loaded({ ...graph, tensors: new Map(graph.tensors).set(plain.name, plain) });
    assert.throws(
      () => other.feed([1]),
      /^RangeError: feed: expected one input that is a stream, found none$/,
    );
  });
});
