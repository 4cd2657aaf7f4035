/** Samples themselves as features: less a center, in the unit that a network is trained in. */
import { quantized, type Tensor } from "../../../ir/graph.ts";
import type { Definition, Frontend } from "./definition.ts";
import { type Draft, draftGraph } from "./draft.ts";
import type { Fields } from "./fields.ts";
import { readTiming } from "./timing.ts";

const MOST = 127;

/** Samples [window, channels] of 16 bits in; (sample - center) * factor out, of 16 or of 8 bits. */
export function scaleFrontend(fields: Fields): Frontend {
  const draft = draftGraph();
  const { rate, window, hop } = readTiming(fields, { window: 25, step: 25 });
  const channels = fields.whole("channels", { min: 1, max: 64 }, 1);
  const center = fields.whole("center", { min: -32768, max: 32767 }, 0);
  const factor = fields.number("factor", { min: 1e-9, max: 1e9 }, 2 ** -15);
  const range = fields.whole("range", { min: MOST, max: 65535 }, 32767);
  const type = fields.oneOf("out_type", ["int16", "int8"], "int16");
  fields.finish();
  const definition: Definition = (input) =>
    Array.from(input, (x) => Math.max(-range, Math.min(range, x - center)) * factor);
  const stream = { sampleRate: rate, channels, hop };
  const samples = draft.input("samples", "int16", [window, channels], { stream });
  if (type === "int16") {
    const shift = { factor: 1, addend: -center, divisor: 1, offset: 0 };
    const bounds = { min: Math.max(-range, -32768), max: Math.min(range, 32767) };
    const [made] = draft.node("scale_integers", [samples], { ...shift, ...bounds }, [type]);
    return { graph: draft.graph("scale", draft.scale(made!, quantized(factor, 0))), definition };
  }
  const bytes = toBytes(draft, samples, { center, range, step: factor });
  return { graph: draft.graph("scale", bytes), definition };
}

/** Values of 16 bits, each step of which counts `step`, as 127 steps of 8 bits each way from a center. */
export function toBytes(
  draft: Draft,
  tensor: Tensor,
  { center, range, step }: { readonly center: number; readonly range: number; readonly step: number },
): Tensor {
  // A multiple of the divisor keeps what it divides from being negative: quotients are cut off towards 0.
  const above = 2 * Math.ceil((MOST * 65536) / range);
  const addend = above * range + Math.floor(range / 2) - MOST * center;
  const scaling = { factor: MOST, addend, divisor: range, offset: -above, min: -MOST, max: MOST };
  const [made] = draft.node("scale_integers", [tensor], scaling, ["int8"]);
  return draft.scale(made!, quantized((step * range) / MOST, 0));
}
