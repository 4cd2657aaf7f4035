/** The MCUboot image format around a model: numbers that writing and reading share (firmware/SPEC.md, section 1). */
import { createHash } from "node:crypto";
import type { NativeStack, StackNeed } from "../module/native_stack.ts";

export const IMAGE_MAGIC = 0x96f3b83d;
export const HEADER_BYTES = 32;
export const FLAG_NON_BOOTABLE = 0x10;
export const AREA_MAGIC = 0x6907;
export const PROTECTED_MAGIC = 0x6908;
export const AREA_HEADER = 4;
export const TLV_HEADER = 4;

export const TLV = {
  keyHash: 0x01,
  sha256: 0x10,
  ed25519: 0x24,
  pure: 0x25,
  securityCounter: 0x50,
  id: 0xa0,
  abi: 0xa1,
  memoryBytes: 0xa2,
  capabilities: 0xa3,
  leastBytes: 0xa4,
  nativeStack: 0xa5,
} as const;
/** Types below belong to MCUboot; from here on to vendors. */
export const FIRST_VENDOR_TYPE = 0xa0;

/** The TLVs after the protected ones: these, in this order, and no others, since no signature covers them. */
export const SIGNATURE_AREA = [
  { type: TLV.sha256, bytes: 32 },
  { type: TLV.keyHash, bytes: 32 },
  { type: TLV.ed25519, bytes: 64 },
] as const;
export const SIGNATURE_AREA_BYTES =
  AREA_HEADER + SIGNATURE_AREA.reduce((sum, { bytes }) => sum + TLV_HEADER + bytes, 0);

export interface ImageFields {
  /** MAJOR.MINOR.REVISION or MAJOR.MINOR.REVISION+BUILD: at most 255.255.65535+4294967295. */
  readonly version: string;
  readonly securityCounter?: number;
  /** Model id: 1 to 64 of `A-Z a-z 0-9 . _ -`. */
  readonly id?: string;
  readonly abi?: number;
  /** Linear memory that the module needs. */
  readonly memoryBytes?: number;
  /** Bits of `CAPABILITY` that a device must have. */
  readonly capabilities?: number;
  /** Linear memory on a device whose kernels are all native: constants stay in flash. */
  readonly leastBytes?: number;
  /** Native stack that the module takes in wasm3. */
  readonly nativeStack?: NativeStack;
}

const fieldsOf = ({ nesting, withSiblingCalls, withoutSiblingCalls }: StackNeed): number[] => [
  nesting,
  withSiblingCalls,
  withoutSiblingCalls,
];

/** The value of the TLV: six numbers of 16 bits; one that has no room is the greatest, which no device has. */
export function encodeStack({ native, portable }: NativeStack): Uint8Array {
  const numbers = [native, portable].flatMap(fieldsOf).map((number) => Math.min(number, 0xffff));
  return new Uint8Array(numbers.flatMap((number) => [number & 0xff, number >> 8]));
}

/** Undefined where the value has another size. */
export function decodeStack(value: Uint8Array): NativeStack | undefined {
  if (value.length !== 12) return undefined;
  const number = (i: number): number => value[2 * i]! | (value[2 * i + 1]! << 8);
  const need = (first: number): StackNeed => ({
    nesting: number(first),
    withSiblingCalls: number(first + 1),
    withoutSiblingCalls: number(first + 2),
  });
  return { native: need(0), portable: need(3) };
}

export const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash("sha256").update(bytes).digest());

/** A model id: 1 to 64 of these characters. */
export const ID = /^[A-Za-z0-9._-]{1,64}$/;
