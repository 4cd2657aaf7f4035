/** Rate, window and hop of a front-end, in samples. */
import type { Fields } from "./fields.ts";

export interface Timing {
  readonly rate: number;
  readonly window: number;
  readonly hop: number;
}

const MOST_SAMPLES = 8192;
const MILLISECONDS = { min: 0.01, max: 60_000 };

/** Milliseconds of `window_size` and `window_step` at `sample_rate`; fractions of a sample are left out. */
export function readTiming(
  fields: Fields,
  otherwise: { readonly window: number; readonly step: number; readonly rate?: number },
): Timing {
  const rate = fields.whole("sample_rate", { min: 1, max: 192_000 }, otherwise.rate ?? 16_000);
  const samples = (name: string, milliseconds: number): number => {
    const found = fields.number(name, MILLISECONDS, milliseconds);
    const count = Math.floor((found * rate) / 1000);
    return count >= 1 && count <= MOST_SAMPLES
      ? count
      : fields.fail(name, `milliseconds of 1 to ${MOST_SAMPLES} samples at ${rate} Hz`, found);
  };
  const [window, hop] = [samples("window_size", otherwise.window), samples("window_step", otherwise.step)];
  if (hop > window)
    fields.fail(
      "window_step",
      "at most window_size",
      fields.number("window_step", MILLISECONDS, otherwise.step),
    );
  return { rate, window, hop };
}
