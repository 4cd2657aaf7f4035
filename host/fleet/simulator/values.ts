/** Inputs of the module that runs on a device, by its descriptor; the device itself converts their values. */

import { parseSlot } from "../../image/mcuboot.ts";
import { elements, ModelError, type Stream } from "../../ir/graph.ts";
import { readDescriptor } from "../../module/descriptor.ts";
import { DESCRIPTOR_SECTION } from "../../module/descriptor_table.ts";
import { inputOf } from "../../module/metadata.ts";
import { checkInput, splitRow } from "../../ops/border.ts";
import type { InputInfo } from "../../runtime/data/index.ts";
import type { ModelPlace, Service } from "./device.ts";
import type { NorFlash } from "./flash.ts";

export interface RealModel {
  /** The inputs, as readers of data files want them. */
  readonly inputs: readonly InputInfo[];
  /** Where its one input is samples of a signal. */
  readonly stream: Stream | undefined;
  /** Values of each input. Throws RangeError where there are more or fewer than it takes, or one is missing. */
  values(inputs: readonly ArrayLike<number>[]): Float32Array[];
  /** The inputs of one row with the values of all. */
  split(row: ArrayLike<number>): Float32Array[];
}

/** Faults of the module and of values are one kind to whoever simulates a device. */
function orRangeError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof ModelError ? new RangeError(error.message) : error;
  }
}

function fromModule(module: Uint8Array): RealModel {
  const borders = orRangeError(() => readDescriptor(module));
  if (!borders)
    throw new RangeError(
      `module: expected a custom section ${DESCRIPTOR_SECTION} for real values, found none`,
    );
  const { inputs } = borders;
  const sizes = inputs.map(({ shape }) => elements(shape));
  const values = (given: readonly ArrayLike<number>[]): Float32Array[] =>
    inputs.map((info, i) => {
      const each = Float32Array.from(given[i] ?? []);
      orRangeError(() => checkInput(each, info));
      return each;
    });
  return {
    inputs: inputs.map(inputOf),
    stream: inputs.length === 1 ? inputs[0]!.stream : undefined,
    values,
    split: (row) => values(splitRow(Float32Array.from(row), sizes)),
  };
}

/** By the hash that signs them: thousands of devices run the same few images. */
const known = new Map<string, RealModel>();

/** Throws RangeError where no model runs, or it says nothing of real values. */
export function realModel(flash: NorFlash, { slots, bytes }: ModelPlace, service: Service): RealModel {
  const { state, slot } = service.record();
  if (service.version() === undefined) throw new RangeError("expected a model that runs, found none");
  const at = slots[state === "trial" ? 1 - slot : slot]!;
  const { digest, body } = parseSlot(flash.bytes.subarray(at, at + bytes));
  const name = Buffer.from(digest).toString("hex");
  const found = known.get(name) ?? fromModule(body);
  known.set(name, found);
  return found;
}
