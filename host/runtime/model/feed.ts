/** Samples as they come from a sensor, cut into what the inferences of a module of a stream take. */
import type { Stream } from "../../ir/graph.ts";
import { type Model, type Prediction, refuse } from "./model.ts";

export interface Feeder {
  /**
   * Takes samples, any number of them, channels in turns; what every inference that brought something new gave, in order.
   * Samples that are too few for an inference wait for the next call. Throws RangeError where one is not a number, before
   * any is taken.
   */
  feed(samples: ArrayLike<number>): Prediction[];
  /** Forgets the samples that wait. */
  reset(): void;
}

const isNew = ({ outputs }: Prediction): boolean => Object.values(outputs).every(([x]) => !Number.isNaN(x));

/** The feeder of a model whose one input is a window of a stream; neighbours overlap where the hop is shorter. */
export function feederOf(model: Model, { hop, channels }: Stream): Feeder {
  const length = model.inputs[0]!.raw.length;
  const step = hop === 0 ? length : hop * channels;
  const window = new Float32Array(length);
  let held = 0;
  // Between windows, where the hop is longer.
  let toSkip = 0;
  const take = (sample: number): Prediction | undefined => {
    if (toSkip > 0) {
      toSkip--;
      return undefined;
    }
    window[held++] = sample;
    if (held < length) return undefined;
    const found = model.predict(window);
    window.copyWithin(0, step);
    held = Math.max(0, length - step);
    toSkip = Math.max(0, step - length);
    return isNew(found) ? found : undefined;
  };
  return {
    feed(samples) {
      const list = Array.from(samples);
      const wrong = list.findIndex((sample) => typeof sample !== "number" || Number.isNaN(sample));
      if (wrong >= 0) refuse(`sample ${wrong}`, "a number", list[wrong]);
      return list.flatMap((sample) => take(sample) ?? []);
    },
    reset() {
      held = 0;
      toSkip = 0;
    },
  };
}
