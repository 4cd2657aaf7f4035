/**
 * Faults of an image, by the names that firmware gives them (`THIMBLE_ERR_...` in thimble.h):
 * firmware/SPEC.md, section 3. `ARGUMENT`: not the image but what it is to be made of.
 */
export type ImageStatus =
  | "ARGUMENT"
  | "TRUNCATED"
  | "MAGIC"
  | "HEADER"
  | "TLV"
  | "HASH"
  | "KEY"
  | "SIGNATURE"
  | "ABI"
  | "MODULE"
  | "EXPORT"
  | "STACK";

/** Anything wrong with an image, a key or a flash layout: one line with the offset, what was expected and found. */
export class ImageError extends Error {
  override readonly name = "ImageError";
  readonly status: ImageStatus;

  constructor(status: ImageStatus, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}
