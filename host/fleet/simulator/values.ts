/** Real values of the model that runs on a device, by what its module says of itself. */

import { parseSlot } from "../../image/mcuboot.ts";
import { infoElements, inputOf, readMetadata, SECTION_NAME, type TensorInfo } from "../../module/metadata.ts";
import { customSection } from "../../module/sections.ts";
import { dequantizeBytes, quantizeToBytes, splitRow } from "../../ops/border.ts";
import type { InputInfo } from "../../runtime/data/index.ts";
import type { ModelPlace, Service } from "./device.ts";
import type { NorFlash } from "./flash.ts";

export interface RealModel {
  /** The inputs, as readers of data files want them. */
  readonly inputs: readonly InputInfo[];
  /** Throws RangeError where there are more or fewer values than the inputs have. */
  quantize(inputs: readonly ArrayLike<number>[]): Uint8Array[];
  /** One row with the values of all inputs. */
  split(row: ArrayLike<number>): Uint8Array[];
  dequantize(outputs: readonly Uint8Array[]): number[][];
}

function quantizeOne(values: ArrayLike<number> | undefined, info: TensorInfo): Uint8Array {
  const count = infoElements(info);
  if (values?.length !== count)
    throw new RangeError(`input ${info.name}: expected ${count} values, found ${values?.length ?? 0}`);
  return quantizeToBytes(Float32Array.from(values), info);
}

function fromModule(module: Uint8Array): RealModel {
  if (!customSection(module, SECTION_NAME))
    throw new RangeError(`module: expected a custom section ${SECTION_NAME} for real values, found none`);
  const { inputs, outputs } = readMetadata(module);
  const sizes = inputs.map(infoElements);
  const quantize = (values: readonly ArrayLike<number>[]): Uint8Array[] =>
    inputs.map((info, i) => quantizeOne(values[i], info));
  return {
    inputs: inputs.map(inputOf),
    quantize,
    split(row) {
      return quantize(splitRow(Float32Array.from(row), sizes));
    },
    dequantize: (found) => found.map((bytes, i) => Array.from(dequantizeBytes(bytes, outputs[i]!))),
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
