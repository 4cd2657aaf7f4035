/** The data folder can't be used: one line says why. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}
