/** Real outputs of models on samples, in order: states go on from each to the next. */
import { fromBytes, type Graph, ModelError, type TensorData, tensorOf } from "../../ir/graph.ts";
import {
  borderOf,
  dequantizeBytes,
  quantizeToBytes,
  type Sample,
  scaleValues,
  toInputBytes,
} from "../../ops/border.ts";
import { initialStates, nextStates, type States } from "../../runtime/engines/reference.ts";
import { v8 } from "../../runtime/engines/v8.ts";
import { traceFrom } from "../quantize/layers.ts";

/** The real values of each output, for each sample. */
export type Predictions = readonly (readonly Float32Array[])[];

function inputOf(graph: Graph, name: string, values: Float32Array): TensorData {
  const tensor = tensorOf(graph, name);
  return tensor.dtype === "float32"
    ? scaleValues(values, tensor.scaling)
    : fromBytes(tensor.dtype, quantizeToBytes(values, borderOf(tensor)));
}

function outputOf(graph: Graph, name: string, data: TensorData): Float32Array {
  const { scale, zeroPoint } = borderOf(tensorOf(graph, name));
  return Float32Array.from(data, (value) => (value - zeroPoint) * scale);
}

/** Results of the graph, a model as it was imported for one, by the reference's definitions. */
export function predictGraph(graph: Graph, samples: readonly Sample[]): Predictions {
  let states: States = initialStates(graph);
  return samples.map((sample) => {
    const inputs = graph.inputs.map((name, i) => inputOf(graph, name, sample[i]!));
    const trace = traceFrom(graph, inputs, states);
    states = nextStates(graph, trace);
    return graph.outputs.map((name) => outputOf(graph, name, trace.get(name)!));
  });
}

/** Results of a quantised graph's module; on V8, which is fast and verified to give what every engine gives. */
export async function predictModule(
  graph: Graph,
  module: Uint8Array,
  samples: readonly Sample[],
): Promise<Predictions> {
  const found = await v8.run(
    module,
    samples.map((sample) => toInputBytes(graph, sample)),
  );
  const borders = graph.outputs.map((name) => borderOf(tensorOf(graph, name)));
  return found.map((outputs) => outputs.map((bytes, i) => dequantizeBytes(bytes, borders[i]!)));
}

/** One output of each sample. The same output of two graphs has the same place, as no pass changes their order. */
export function outputsAt(predictions: Predictions, index: number): Float32Array[] {
  return predictions.map((outputs) => {
    const found = outputs[index];
    if (!found) throw new ModelError(`expected an output ${index}, found ${outputs.length} outputs`);
    return found;
  });
}
