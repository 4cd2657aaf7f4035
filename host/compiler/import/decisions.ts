/** Layers behind a network that smooth its scores and say events: one graph of all, for one module. */
import {
  elements,
  type Graph,
  ModelError,
  type Node,
  perTensor,
  type Tensor,
  tensorOf,
} from "../../ir/graph.ts";
import { nodeNames, tensorNames } from "../../ir/names.ts";
import { typeRange } from "../../ops/activation.ts";
import { event, eventStateLength, LONGEST } from "../../ops/event.ts";
import { mean } from "../../ops/mean.ts";
import { slide } from "../../ops/slide.ts";
import { stride } from "../../ops/stride.ts";
import { judgedOutput, taskOf } from "../../ops/task.ts";

/** A time: of so many inferences of the network, or of the stream. */
export type Span =
  | { readonly unit: "inferences"; readonly count: number }
  | { readonly unit: "milliseconds"; readonly count: number };

export interface EventRule {
  /** Real values that a score has to be above: one for all classes, or by the names of those that become events. */
  readonly threshold: number | ReadonlyMap<string, number>;
  /** So many at least of the last `of` inferences have to be above. */
  readonly least: number;
  readonly of: number;
  /** The event is said for so long. */
  readonly hold: Span;
  /** After its first inference no event begins for so long; 0 for no time. */
  readonly suppress: Span;
}

export interface Decisions {
  /** Scores are the mean of those of so long; before, scores count as 0. */
  readonly smooth?: Span;
  readonly event?: EventRule;
}

/** The most inferences whose scores a mean may be of. */
const MOST_SMOOTHED = 1000;

/** A quotient of times may be this much above a whole number that it is. */
const ROUNDING = 1e-9;

const fail = (option: string, expected: string, found: string): never => {
  throw new ModelError(`--${option}: expected ${expected}, found ${found}`);
};

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");

/** Classes that may become events, by the scores' places; numbers where they have no names. */
function eventNames({ labels, shape }: Tensor): readonly string[] {
  const scores = elements(shape);
  if (scores === 1) return [labels?.[1] ?? "1"];
  return labels ?? Array.from({ length: scores }, (_, i) => String(i));
}

/** Seconds from one inference of the network to the next; undefined where the module takes no stream. */
export function periodOf(graph: Graph): number | undefined {
  const [input, ...others] = graph.inputs.map((name) => tensorOf(graph, name));
  if (!input?.stream || others.length > 0) return undefined;
  const { sampleRate, channels, hop } = input.stream;
  const every = graph.nodes.find(({ op }) => op === stride.name)?.attributes["every"];
  const step = hop === 0 ? elements(input.shape) / channels : hop;
  return (step * (typeof every === "number" ? every : 1)) / sampleRate;
}

/** Inferences of a span. Throws ModelError where they are more than `most`, or a time without a period. */
export function inferencesOf(
  option: string,
  { unit, count }: Span,
  period: number | undefined,
  most: number,
): number {
  if (unit === "milliseconds" && period === undefined)
    fail(option, "a number of inferences, as the module's input is no stream", `${count} ms`);
  const found = unit === "inferences" ? count : Math.ceil(count / 1000 / period! - ROUNDING);
  return found <= most ? found : fail(option, `at most ${most} inferences`, String(found));
}

/** Thresholds by the scores' places; undefined of a class that becomes no event. */
function thresholdsOf({ threshold }: EventRule, names: readonly string[]): (number | undefined)[] {
  if (typeof threshold === "number") return names.map(() => threshold);
  const unknown = [...threshold.keys()].filter((name) => !names.includes(name));
  if (unknown.length > 0) fail("event", `thresholds of ${quoted(names)}`, quoted(unknown));
  return names.map((name) => threshold.get(name));
}

/** The output whose scores become events. */
function scoresOf(graph: Graph, option: string): Tensor {
  const output = tensorOf(graph, graph.outputs[judgedOutput(graph)]!);
  const task = taskOf(graph);
  if (!["classification", "anomaly"].includes(task) || output.dtype === "int32")
    fail(option, "a model with scores of classes", output.dtype === "int32" ? "the number of a class" : task);
  return output;
}

/**
 * Refuses decisions that do not fit a model, before any work on it.
 * @throws ModelError that names the option
 */
export function checkDecisions(network: Graph, decisions: Decisions, period: number | undefined): void {
  const { smooth, event: rule } = decisions;
  if (smooth) {
    scoresOf(network, "smooth");
    inferencesOf("smooth", smooth, period, MOST_SMOOTHED);
  }
  if (!rule) return;
  thresholdsOf(rule, eventNames(scoresOf(network, "event")));
  for (const span of [rule.hold, rule.suppress]) inferencesOf("event", span, period, LONGEST);
}

/** The greatest integer that is not above a threshold; the greatest of the type for a class that becomes no event. */
function levelOf(scores: Tensor, threshold: number | undefined): number {
  const { scale, zeroPoint } = perTensor(scores);
  const { min, max } = typeRange(scores);
  if (threshold === undefined) return max;
  const level = Math.floor(threshold / scale + zeroPoint);
  const real = (value: number): string => ((value - zeroPoint) * scale).toPrecision(3);
  return level >= min && level < max
    ? level
    : fail(
        "event",
        `a threshold from ${real(min)} to below ${real(max)}, which scores can be above`,
        String(threshold),
      );
}

interface Draft {
  readonly nodes: Node[];
  readonly tensors: Map<string, Tensor>;
  readonly tensor: (base: string) => string;
  readonly node: (base: string) => string;
}

/** A state of that shape, and its next value's name. */
function addState(draft: Draft, base: string, like: Omit<Tensor, "name">): readonly [string, string] {
  const [name, next] = [draft.tensor(`${base}_state`), draft.tensor(`${base}_next`)];
  draft.tensors.set(next, { ...like, name: next });
  draft.tensors.set(name, { ...like, name, next });
  return [name, next];
}

/** Scores that were, as the inputs of a mean that takes their name. */
function addMean(draft: Draft, scores: Tensor, count: number): void {
  const { name, dtype, shape, quantization } = scores;
  const raw = draft.tensor(`${name}/raw`);
  const renamed = (each: string): string => (each === name ? raw : each);
  const plain = { dtype, ...(quantization && { quantization }) };
  draft.nodes.forEach((node, i) => {
    draft.nodes[i] = { ...node, inputs: node.inputs.map(renamed), outputs: node.outputs.map(renamed) };
  });
  draft.tensors.set(raw, { ...plain, name: raw, shape });
  const window = { ...plain, shape: [count, ...shape] };
  const [state, next] = addState(draft, "smooth/window", window);
  const last = draft.tensor("smooth/window");
  draft.tensors.set(last, { ...window, name: last });
  draft.nodes.push(
    {
      name: draft.node("smooth/window"),
      op: slide.name,
      inputs: [raw, state],
      outputs: [last, next],
      attributes: {},
    },
    {
      name: draft.node("smooth/mean"),
      op: mean.name,
      inputs: [last],
      outputs: [name],
      attributes: { axes: [0], keepDims: false },
    },
  );
}

/** The output that says events: its name. */
function addEvent(draft: Draft, scores: Tensor, rule: EventRule, period: number | undefined): string {
  const names = eventNames(scores);
  const levels = thresholdsOf(rule, names).map((threshold) => levelOf(scores, threshold));
  const hold = Math.max(1, inferencesOf("event", rule.hold, period, LONGEST));
  const suppress = Math.max(hold - 1, inferencesOf("event", rule.suppress, period, LONGEST));
  const word = { dtype: "int32", shape: [eventStateLength(names.length)] } as const;
  const [state, next] = addState(draft, "event/state", word);
  const said = draft.tensor("event");
  draft.tensors.set(said, { name: said, dtype: "int32", shape: [1], labels: ["", ...names] });
  draft.nodes.push({
    name: draft.node("event"),
    op: event.name,
    inputs: [scores.name, state],
    outputs: [said, next],
    attributes: { levels, least: rule.least, of: rule.of, hold, suppress },
  });
  return said;
}

/**
 * The graph with scores that are means of the last ones, under the name that they had, and with an output before all others
 * that says events: the number of a class and 1, or 0, whose label is empty, where nothing is to be said.
 * @throws ModelError that names the option, where the two do not fit
 */
export function addDecisions(graph: Graph, { smooth, event: rule }: Decisions): Graph {
  const period = periodOf(graph);
  const scores = scoresOf(graph, rule ? "event" : "smooth");
  const draft: Draft = {
    nodes: [...graph.nodes],
    tensors: new Map(graph.tensors),
    tensor: tensorNames(graph),
    node: nodeNames(graph),
  };
  const count = smooth ? inferencesOf("smooth", smooth, period, MOST_SMOOTHED) : 1;
  if (count > 1) addMean(draft, scores, count);
  const said = rule && addEvent(draft, scores, rule, period);
  return {
    ...graph,
    nodes: draft.nodes,
    tensors: draft.tensors,
    outputs: said === undefined ? graph.outputs : [said, ...graph.outputs],
  };
}
