/** Networks that compute what is new of a window alone: the bytes of the whole window, from the first inference on. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { joinFrontend } from "../../../host/compiler/import/frontend.ts";
import { streamNetwork } from "../../../host/compiler/import/streaming.ts";
import { lcgBytes } from "../../../host/compiler/verify/vectors.ts";
import { type Graph, quantized, tensorOf, type Vector } from "../../../host/ir/graph.ts";
import { graphFromJson, graphToJson } from "../../../host/ir/serialize.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { qemu } from "../../../host/runtime/engines/qemu.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../../host/runtime/engines/wasm3.ts";
import { type Layer, macsOf, networkOf, streamed } from "./streaming_networks.ts";

const firmware = await qemu.availability();
const withoutFirmware = firmware.available ? false : `${firmware.reason}; install: ${firmware.install}`;

/** Samples as bytes, a frame of `count` of them at a time. */
const frontend = (count: number): Graph => ({
  name: "front",
  tensors: new Map(
    [
      { name: "samples", dtype: "int16", shape: [count], quantization: quantized(1, 0) } as const,
      { name: "features", dtype: "int8", shape: [count], quantization: quantized(1, 0) } as const,
    ].map((each) => [each.name, each]),
  ),
  nodes: [
    {
      name: "scale",
      op: "scale_integers",
      inputs: ["samples"],
      outputs: ["features"],
      attributes: { factor: 1, addend: 0, divisor: 1, offset: 0, min: -128, max: 127 },
    },
  ],
  inputs: ["samples"],
  outputs: ["features"],
});

const joined = (network: Graph, width: number, stride: number): Graph =>
  checkQuantized(joinFrontend(frontend(width), network, true, stride), "join");

const framesOf = (count: number, width: number, seed: number): Vector[] => {
  const bytes = new Int8Array(lcgBytes(seed, count * width).bytes.buffer);
  return Array.from({ length: count }, (_, i) => [
    new Uint8Array(Int16Array.from(bytes.subarray(i * width, (i + 1) * width)).buffer),
  ]);
};

const layer: fc.Arbitrary<Layer> = fc.record({
  kind: fc.constantFrom("conv", "conv", "depthwise", "max", "average", "relu", "add", "column"),
  size: fc.integer({ min: 1, max: 4 }),
  stride: fc.constantFrom(1, 1, 2),
  dilation: fc.constantFrom(1, 1, 2),
});
const causal = layer.map((each): Layer => ({ ...each, isCausal: true }));
const conv: Layer = { kind: "conv", size: 3, stride: 1, dilation: 1 };

describe("a network that streams", () => {
  test("has the bytes of the whole window, whatever its layers", () => {
    let [converted, refused, varied] = [0, 0, 0];
    const kinds = new Set<string>();
    let behindPadding = 0;
    const cases = fc.record({
      frames: fc.integer({ min: 6, max: 20 }),
      width: fc.integer({ min: 1, max: 4 }),
      isFlat: fc.boolean(),
      layers: fc.array(fc.oneof(layer, layer, causal), { minLength: 1, maxLength: 5 }),
      isLast: fc.boolean(),
      stride: fc.constantFrom(1, 2, 4),
    });
    fc.assert(
      fc.property(cases, ({ frames, width, isFlat, layers, isLast, stride }) => {
        const network = networkOf(frames, width, isFlat, layers, isLast);
        if (!network) return;
        let fresh: Graph;
        try {
          fresh = streamed(network, stride * width);
        } catch (error) {
          assert.match(
            (error as Error).message,
            /^--streaming: (?:node \w+: expected (?:a stride|columns that padding)|model network: expected a conv|input window: )/,
          );
          refused++;
          return;
        }
        const vectors = framesOf(frames + 9, width, frames);
        const expected = runReference(joined(network, width, stride), vectors);
        assert.deepEqual(runReference(joined(fresh, width, stride), vectors), expected);
        assert.ok(macsOf(fresh) <= macsOf(network));
        converted++;
        const said = expected.filter(({ length }) => length > 0).map(String);
        if (new Set(said).size > said.length / 2) varied++;
        for (const { kind } of layers) kinds.add(kind);
        if (
          layers.some(({ isCausal, size, kind }) => isCausal && size > 1 && /conv|depth|max|aver/.test(kind))
        )
          behindPadding++;
      }),
      { seed: 17, numRuns: 350 },
    );
    assert.equal(kinds.size, 7);
    assert.ok(behindPadding > 20, `${behindPadding} of ${converted} pad before the window`);
    assert.ok(varied > 0.9 * converted, `${varied} of ${converted} have outputs that differ`);
    assert.ok(converted > 60 && refused > 20, `${converted} converted, ${refused} refused`);
  });

  const layers: readonly Layer[] = [
    conv,
    { ...conv, kind: "relu" },
    { ...conv, kind: "depthwise", dilation: 2 },
    { ...conv, kind: "max", size: 2, stride: 2 },
    { ...conv, size: 2 },
  ];
  const network = networkOf(21, 3, false, layers)!;
  const fresh = streamed(network, 2 * 3);
  const vectors = framesOf(40, 3, 5);
  const expected = runReference(joined(network, 3, 2), vectors);

  for (const engine of [v8, wasm3, qemu])
    test(`on ${engine.name}`, { skip: engine === qemu && withoutFirmware }, async () => {
      const found = await engine.run(await compileGraph(joined(fresh, 3, 2)), vectors);
      assert.deepEqual(found, expected);
      assert.ok(new Set(found.map(([bytes]) => String(bytes))).size > 10);
    });

  test("computes new columns alone, and its states go into the graph's file", () => {
    // Two of 19 columns, two of 15, one of 7 and one of 6; and the dense layer as before.
    assert.ok(macsOf(fresh) < 0.25 * macsOf(network), `${macsOf(fresh)} of ${macsOf(network)}`);
    const back = graphFromJson(graphToJson(joined(fresh, 3, 2)));
    assert.deepEqual(runReference(back, vectors), expected);
    const silent = [...fresh.tensors.values()].flatMap(({ initial }) => (initial ? [initial] : []));
    assert.ok(
      silent.some((values) => values.some((x) => x !== 3)),
      "states that begin with zeros prove nothing",
    );
  });
});

describe("what can't stream is refused by name", () => {
  const width = 3;
  const of = (layers: readonly Layer[]): Graph => networkOf(12, width, false, layers)!;
  const padded = (): Graph => {
    const graph = of([conv]);
    const nodes = graph.nodes.map((each) =>
      each.op === "conv2d" ? { ...each, attributes: { ...each.attributes, padding: [1, 0, 1, 0] } } : each,
    );
    const shape = [1, 12, 2, 3];
    return {
      ...graph,
      nodes,
      tensors: new Map(graph.tensors).set("conv2d_1", { ...tensorOf(graph, "conv2d_1"), shape }),
    };
  };
  for (const [what, graph, values, message] of [
    [
      "padding over time",
      padded(),
      width,
      /^--streaming: node conv2d_1: expected no padding behind the window, found 1 before and 1 behind$/,
    ],
    [
      "a layer that reads columns which padding changes",
      of([{ ...conv, isCausal: true }]),
      width,
      /^--streaming: node fully_connected_\d+: expected columns that padding over time does not change, found those from 0 on, of which it changes 12 of 72$/,
    ],
    [
      "a stride that does not divide the new columns",
      of([{ ...conv, stride: 2 }]),
      width,
      /^--streaming: node conv2d_1: expected a stride over time of which its 1 new columns are a multiple \(--stride\), found 2$/,
    ],
    [
      "no layer over time",
      of([{ ...conv, size: 1 }]),
      width,
      /^--streaming: model network: expected a convolution or a pooling over time, found none$/,
    ],
    [
      "as much that is new as the window has",
      of([conv]),
      12 * width,
      /^--streaming: input window: expected \[1,36\] with time first, more of it than 36 new values, found another$/,
    ],
  ] as const)
    test(what, () => {
      assert.throws(() => streamNetwork(graph, values), { name: "ModelError", message });
    });
});
