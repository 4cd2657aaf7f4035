/** Features of recordings, computed by a module's own kernels in V8. */
import { byteSize, elements, fromBytes, type Stream, type TensorData } from "../../ir/graph.ts";
import { EngineError, STATUS_TAKEN } from "../../module/engine.ts";
import type { FeatureInfo, Metadata } from "../../module/metadata.ts";
import { type BorderTensor, quantizeToBytes } from "../../ops/border.ts";
import { instantiate } from "../model/instance.ts";

/** A module that makes features of samples: where its features lie after an inference, and what it takes. */
export interface FeatureModule {
  readonly module: Uint8Array;
  readonly input: BorderTensor & { readonly stream: Stream };
  readonly features: FeatureInfo;
}

/** The features that a module makes on its way, or undefined where it has no front-end. */
export function featureModule(module: Uint8Array, metadata: Metadata): FeatureModule | undefined {
  const [input] = metadata.inputs;
  const { features } = metadata;
  if (!features || !input?.stream) return undefined;
  return { module, input: { ...input, stream: input.stream }, features };
}

/** Values from the beginning of an inference's input to that of the next. */
const hopOf = ({ shape, stream }: FeatureModule["input"]): number =>
  stream.hop === 0 ? elements(shape) : stream.hop * stream.channels;

/**
 * The features of each inference over samples that follow each other, on a fresh instance; none where there are fewer
 * samples than an inference takes. Throws EngineError where the module fails.
 */
export function featureFrames(from: FeatureModule, samples: Float32Array): TensorData[] {
  const { input, features } = from;
  const { exports, memory, inputs } = instantiate(from.module);
  const data = new Uint8Array(memory.buffer);
  const invoke = exports["invoke"] as () => number;
  const [taken, hop] = [elements(input.shape), hopOf(input)];
  const frames: TensorData[] = [];
  for (let at = 0; at + taken <= samples.length; at += hop) {
    data.set(quantizeToBytes(samples.subarray(at, at + taken), input), inputs[0]!.offset);
    const status = invoke();
    if (status !== 0 && status !== STATUS_TAKEN)
      throw new EngineError("v8", `invoke: expected status 0, found ${status}`);
    const bytes = data.slice(features.offset, features.offset + byteSize(features));
    frames.push(fromBytes(features.dtype, bytes));
  }
  return frames;
}
