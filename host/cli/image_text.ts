/** The text that commands show for an image. */
import type { ImageInfo } from "../image/mcuboot.ts";
import { capabilityNames } from "../image/module.ts";
import type { StackNeed } from "../module/native_stack.ts";
import { bytes, integer } from "../table.ts";

const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");

/** The fields of an image as JSON has them; those without a TLV are left out. */
export function imageFields({ body, digest, keyHash, signature, ...fields }: ImageInfo) {
  const { capabilities } = fields;
  return {
    ...fields,
    ...(capabilities !== undefined && { capabilities: capabilityNames(capabilities) }),
    bodyBytes: body.length,
    digest: hex(digest),
    keyHash: hex(keyHash),
    signature: hex(signature),
  };
}

/** The fields of an image for people. */
export function imageText(info: ImageInfo): string {
  const { id, version, securityCounter: counter, memoryBytes, leastBytes, capabilities, abi } = info;
  const inFlash = leastBytes === undefined ? "" : ` (${bytes(leastBytes)} where constants stay in flash)`;
  const stack = ({ nesting, withSiblingCalls, withoutSiblingCalls }: StackNeed): string =>
    `${withSiblingCalls} frames with sibling calls, ${withoutSiblingCalls} without, ${nesting} nested blocks`;
  const names = capabilityNames(capabilities ?? 0).join(", ") || "nothing special";
  return [
    `image   ${bytes(info.bytes)}: ${id ?? "no id"} ${version}, security counter ${counter === undefined ? "none" : integer(counter)}`,
    `  needs   ABI ${abi ?? "not said"}, memory ${memoryBytes === undefined ? "not said" : bytes(memoryBytes)}${inFlash}, ${names}`,
    ...(info.nativeStack === undefined
      ? []
      : [
          `  stack   with native kernels ${stack(info.nativeStack.native)}`,
          `          without them ${stack(info.nativeStack.portable)}`,
        ]),
    `  digest  ${hex(info.digest)}`,
    `  key     ${hex(info.keyHash)}`,
  ].join("\n");
}
