/** Smoothed scores and events: what a whole sequence of scores means, said otherwise than inference by inference. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  addDecisions,
  checkDecisions,
  type Decisions,
  type EventRule,
  periodOf,
} from "../../../host/compiler/import/decisions.ts";
import { type Graph, quantized, type Tensor, tensorOf, type Vector } from "../../../host/ir/graph.ts";
import { bordersOf } from "../../../host/ops/graph_borders.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { qemu } from "../../../host/runtime/engines/qemu.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../../host/runtime/engines/wasm3.ts";
import { greatestOf, WINDOW, withLabels } from "../../support/streams.ts";

const firmware = await qemu.availability();
const withoutFirmware = firmware.available ? false : `${firmware.reason}; install: ${firmware.install}`;

const LABELS = ["quiet", "yes", "no"];
const [SCALE, ZERO] = [0.25, -5];

/** Scores as they come in, in one of two types. */
function scoresGraph(
  dtype: "int8" | "int16" = "int8",
  labels: readonly string[] | undefined = LABELS,
): Graph {
  const count = labels?.length ?? 1;
  const quantization = quantized(SCALE, dtype === "int8" ? ZERO : 0);
  const tensors: Tensor[] = [
    { name: "input", dtype, shape: [1, 1, count], quantization },
    { name: "scores", dtype, shape: [1, count], quantization, ...(labels && { labels }) },
  ];
  return {
    name: "scores",
    task: "classification",
    tensors: new Map(tensors.map((each) => [each.name, each])),
    nodes: [
      {
        name: "same",
        op: "mean",
        inputs: ["input"],
        outputs: ["scores"],
        attributes: { axes: [1], keepDims: false },
      },
    ],
    inputs: ["input"],
    outputs: ["scores"],
  };
}

const inferences = (count: number) => ({ unit: "inferences", count }) as const;
const rule = (more: Partial<EventRule> = {}): EventRule => ({
  threshold: 1,
  least: 1,
  of: 1,
  hold: inferences(1),
  suppress: inferences(0),
  ...more,
});

type Scores = readonly (readonly number[])[];
const vectorsOf = (scores: Scores): Vector[] =>
  scores.map((row) => [new Uint8Array(Int8Array.from(row).buffer)]);
const saidBy = (outputs: readonly Vector[]): number[] =>
  outputs.map(([said]) => new Int32Array(said!.slice().buffer)[0]!);

/** Events by their times: each begins where its class is ready and no other keeps it from beginning. */
function expectedEvents(scores: Scores, { threshold, least, of, hold, suppress }: EventRule): number[] {
  const limit = (k: number): number =>
    typeof threshold === "number" ? threshold : (threshold.get(LABELS[k]!) ?? Number.POSITIVE_INFINITY);
  const isAbove = (t: number, k: number): boolean => t >= 0 && (scores[t]![k]! - ZERO) * SCALE > limit(k);
  const said: number[] = scores.map(() => 0);
  let free = 0;
  for (const [t, row] of scores.entries()) {
    const ready = [...row.keys()].filter(
      (k) => Array.from({ length: of }, (_, back) => isAbove(t - back, k)).filter(Boolean).length >= least,
    );
    if (t < free || ready.length === 0) continue;
    const best = ready.toSorted((a, b) => row[b]! - row[a]! || a - b)[0]!;
    said.fill(best + 1, t, t + hold.count);
    free = t + 1 + Math.max(suppress.count, hold.count - 1);
  }
  return said;
}

const sequences = fc.array(fc.array(fc.integer({ min: -12, max: 12 }), { minLength: 3, maxLength: 3 }), {
  minLength: 1,
  maxLength: 30,
});
const rules = fc
  .record({
    threshold: fc.oneof(
      fc.constantFrom(1, 0.3, -1),
      fc.constantFrom(
        new Map([["no", 0.5]]),
        new Map([
          ["yes", 2],
          ["no", 0],
        ]),
      ),
    ),
    of: fc.integer({ min: 1, max: 6 }),
    share: fc.integer({ min: 1, max: 6 }),
    hold: fc.integer({ min: 1, max: 4 }),
    suppress: fc.integer({ min: 0, max: 5 }),
  })
  .map(({ threshold, of, share, hold, suppress }) =>
    rule({
      threshold,
      of,
      least: Math.min(share, of),
      hold: inferences(hold),
      suppress: inferences(suppress),
    }),
  );

describe("events", () => {
  test("are those of the sequence, whatever the rule", () => {
    let events = 0;
    fc.assert(
      fc.property(sequences, rules, (scores, event) => {
        const graph = checkQuantized(addDecisions(scoresGraph(), { event }), "decisions");
        const said = saidBy(runReference(graph, vectorsOf(scores)));
        assert.deepEqual(said, expectedEvents(scores, event));
        events += said.filter((each) => each > 0).length;
      }),
      { seed: 17, numRuns: 300 },
    );
    assert.ok(events > 500, `expected many events, found ${events}`);
  });

  const decisions: Decisions = {
    smooth: inferences(4),
    event: rule({
      threshold: new Map([
        ["yes", 1],
        ["no", 0.5],
      ]),
      least: 2,
      of: 3,
      hold: inferences(2),
      suppress: inferences(3),
    }),
  };
  // At times all scores are alike.
  const scores: Scores = Array.from({ length: 60 }, (_, t) =>
    [0, 1, 2].map((k) =>
      t % 20 > 9 && t % 20 < 17 ? 20 : ((t * (7 + 6 * k) + 5 * k) % 31) - 12 + (t % 11 === k ? 30 : 0),
    ),
  );

  test("of smoothed scores; scores before the first are 0", () => {
    const graph = checkQuantized(addDecisions(scoresGraph(), decisions), "decisions");
    const outputs = runReference(graph, vectorsOf(scores));
    const means = outputs.map(([, found]) => [...new Int8Array(found!)]);
    for (const [t, row] of means.entries())
      for (const [k, mean] of row.entries()) {
        const last = [0, 1, 2, 3].map((back) => scores[t - back]?.[k] ?? ZERO);
        // TensorFlow Lite's MEAN rounds to a half first.
        const exact = last.reduce((sum, each) => sum + each) / 4;
        assert.ok(Math.abs(mean - exact) <= 0.75, `inference ${t}: expected about ${exact}, found ${mean}`);
      }
    const said = saidBy(outputs);
    assert.deepEqual(said, expectedEvents(means, decisions.event!));
    assert.deepEqual(new Set(said), new Set([0, 2, 3]));
  });

  for (const engine of [v8, wasm3, qemu])
    test(`have the same bytes on ${engine.name}`, { skip: engine === qemu && withoutFirmware }, async () => {
      const graph = checkQuantized(addDecisions(scoresGraph(), decisions), "decisions");
      const found = await engine.run(await compileGraph(graph), vectorsOf(scores));
      assert.deepEqual(found, runReference(graph, vectorsOf(scores)));
    });

  test("come first, by label, and the scores keep their name and what is said of them", () => {
    const { outputs } = bordersOf(addDecisions(scoresGraph(), decisions));
    assert.deepEqual(
      outputs.map(({ name, labels, decision }) => [name, labels, decision]),
      [
        ["event", ["", ...LABELS], "index"],
        ["scores", LABELS, "greatest"],
      ],
    );
    const alone = bordersOf(addDecisions(scoresGraph("int8", ["calm", "alarm"]), { event: rule() }));
    assert.deepEqual(alone.outputs[0]!.labels, ["", "calm", "alarm"]);
  });

  test("of scores of 16 bits", () => {
    const graph = checkQuantized(
      addDecisions(scoresGraph("int16"), { event: rule({ threshold: 100 }) }),
      "decisions",
    );
    const rows = [
      [400, 401, 9],
      [401, 400, 402],
      [0, 0, 0],
    ];
    const vectors = rows.map((row): Vector => [new Uint8Array(Int16Array.from(row).buffer)]);
    assert.deepEqual(saidBy(runReference(graph, vectors)), [2, 3, 0]);
  });
});

describe("times", () => {
  const stream = { sampleRate: 100, channels: 1, hop: 2 };
  // Two samples an inference, and the network in every second one: 40 ms.
  const graph = withLabels(greatestOf(stream, WINDOW), stream, ["a"]);
  const milliseconds = (count: number) => ({ unit: "milliseconds", count }) as const;

  test("are whole inferences of the network, no less", () => {
    assert.equal(periodOf(graph), 0.04);
    const event = rule({ threshold: 3, hold: milliseconds(80), suppress: milliseconds(201) });
    const found = addDecisions({ ...graph, task: "anomaly" }, { smooth: milliseconds(90), event });
    const [node] = found.nodes.filter(({ op }) => op === "event");
    assert.deepEqual([node!.attributes["hold"], node!.attributes["suppress"]], [2, 6]);
    assert.equal(tensorOf(found, "smooth/window_state").shape[0], 3);
  });

  test("need a stream", () => {
    const event = rule({ hold: milliseconds(80) });
    const message =
      /^--event: expected a number of inferences, as the module's input is no stream, found 80 ms$/;
    assert.throws(() => checkDecisions(scoresGraph(), { event }, periodOf(scoresGraph())), { message });
  });
});

describe("what does not fit is refused", () => {
  for (const [what, graph, decisions, message] of [
    [
      "a class that there is not",
      scoresGraph(),
      { event: rule({ threshold: new Map([["maybe", 1]]) }) },
      /^--event: expected thresholds of "quiet", "yes", "no", found "maybe"$/,
    ],
    [
      "a threshold that no score is above",
      scoresGraph(),
      { event: rule({ threshold: 33 }) },
      /^--event: expected a threshold from -30.8 to below 33.0, which scores can be above, found 33$/,
    ],
    [
      "a threshold below all scores",
      scoresGraph(),
      { event: rule({ threshold: -31 }) },
      /^--event: expected a threshold from -30.8 /,
    ],
    [
      "a regression",
      { ...scoresGraph(), task: "regression" },
      { event: rule() },
      /^--event: expected a model with scores of classes, found regression$/,
    ],
    [
      "the same to smooth",
      { ...scoresGraph(), task: "regression" },
      { smooth: inferences(3) },
      /^--smooth: expected a model with scores of classes, found regression$/,
    ],
    [
      "a mean of too many",
      scoresGraph(),
      { smooth: inferences(1001) },
      /^--smooth: expected at most 1000 inferences, found 1001$/,
    ],
  ] as const)
    test(what, () => {
      assert.throws(() => addDecisions(graph, decisions), { name: "ModelError", message });
    });
});
