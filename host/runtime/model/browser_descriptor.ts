/**
 * The descriptor of a module (firmware/SPEC.md, section 2.1), read in as few bytes of code as it takes: what predictions
 * need. A module that runs in a page harms nothing but that page's answers, so that nothing is checked but that the bytes
 * are there; `host/module/descriptor.ts`, which reads what nobody vouches for, checks everything.
 */
import type { Column } from "../../ops/real_values.ts";
import { ARRAYS, type Described } from "./model.ts";

/** In the order of their numbers, as ARRAYS: DECISION_CODES and TYPE_CODES of host/module/descriptor_table.ts. */
const DECISIONS = ["none", "greatest", "above", "second", "index", "error"] as const;

/** The numbers and texts of a section, front to back. */
function readerOf(section: ArrayBuffer) {
  const view = new DataView(section);
  let at = 1;
  const byte = (): number => view.getUint8(at++);
  /** LEB128. */
  const integer = (signed?: boolean): number => {
    const next = byte();
    return next > 127 ? next - 128 + 128 * integer(signed) : signed && next > 63 ? next - 128 : next;
  };
  const float = (): number => {
    at += 4;
    return view.getFloat32(at - 4, true);
  };
  const text = (): string => {
    const from = at;
    while (byte());
    return new TextDecoder().decode(section.slice(from, at - 1));
  };
  return { byte, integer, float, text };
}

const list = <T>(length: number, read: (i: number) => T): T[] => Array.from({ length }, (_, i) => read(i));

/** The records of inputs, then those of outputs. */
export function readBrowserDescriptor(section: ArrayBuffer): [inputs: Described[], outputs: Described[]] {
  const { byte, integer, float, text } = readerOf(section);
  let fields: number;
  /** The next field, in the order of their bits, if it is there. */
  const next = <T>(read: () => T): T | undefined => {
    const has = fields & 1;
    fields >>= 1;
    return has ? read() : undefined;
  };
  const record = (): Described => {
    integer();
    const dtype = Object.keys(ARRAYS)[byte() & 15] as keyof typeof ARRAYS;
    fields = byte();
    const decision = DECISIONS[byte()]!;
    const name = text();
    const shape = list(integer(), () => integer());
    const scale = float();
    const zeroPoint = integer(true);
    const unit = next(text);
    const count = shape.at(-1) ?? 1;
    const columns = next(() =>
      list(count, (): Column => {
        const head = integer();
        const [offset, factor] = head & 1 ? [float(), float()] : [0, 1];
        return [offset, factor, head > 1 ? list((head >> 1) - 1, float) : null];
      }),
    ) ?? [[0, 1]];
    next(() => {
      for (const column of columns) {
        const missing = float();
        column[3] = Number.isNaN(missing) ? null : missing;
      }
    });
    const names = next(() => list(integer(), text));
    const numbered = next(() => {
      const prefix = text();
      const first = integer();
      return list(count, (i) => prefix + (first + i));
    });
    const threshold = next(float);
    next(() => list(3, () => integer()));
    next(() => list(count, text));
    return {
      name,
      dtype,
      shape,
      scale,
      zeroPoint,
      unit,
      columns,
      names: names ?? numbered,
      threshold,
      decision,
    };
  };
  byte();
  const [inputs, outputs] = [byte(), byte()];
  return [list(inputs, record), list(outputs, record)];
}
