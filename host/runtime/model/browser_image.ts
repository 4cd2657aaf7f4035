/** The module in a signed image (firmware/SPEC.md, section 1), with WebCrypto. */

/** Of the signature area, and where its values lie in it. */
const AREA = 144;
const [DIGEST, SIGNATURE] = [8, 80];
const HEADER = 32;
const IMAGE_MAGIC = 0x96f3b83d;
const WASM_MAGIC = 0x6d736100;

/** A public key: the 32 bytes of RFC 8032, or a PEM text. */
export type PublicKey = Uint8Array | string;

const refuse = (expected: string): never => {
  throw new Error(`image: expected ${expected}`);
};

/** The 32 bytes end what a PEM has. */
const rawKey = (key: PublicKey): Uint8Array =>
  typeof key === "string"
    ? Uint8Array.from(atob(key.replace(/-.*|\s/g, "")), (letter) => letter.charCodeAt(0)).slice(-32)
    : key;

/**
 * The module of a file: of an image its body, whose hash has to be right and, with a key, whose signature. Throws Error
 * where they are not; where there is a key, a file without a signature is refused.
 */
export async function moduleOf(
  file: Uint8Array<ArrayBuffer>,
  key?: PublicKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const magic = file.length > HEADER ? view.getUint32(0, true) : 0;
  if (magic === WASM_MAGIC) return key ? refuse("a signature (.img), found a module without one") : file;
  if (magic !== IMAGE_MAGIC) refuse("a module (.wasm) or an image (.img), found neither");
  const end = HEADER + view.getUint32(12, true);
  const signed = end + view.getUint16(10, true);
  if (file.length !== signed + AREA) refuse(`${signed + AREA} bytes, found ${file.length}`);
  const { subtle } = crypto;
  const digest = new Uint8Array(await subtle.digest("SHA-256", file.subarray(0, signed)));
  if (digest.some((byte, i) => byte !== file[signed + DIGEST + i])) refuse("its SHA-256, found another");
  if (key) {
    const imported = await subtle.importKey("raw", new Uint8Array(rawKey(key)), "Ed25519", false, ["verify"]);
    if (!(await subtle.verify("Ed25519", imported, file.subarray(signed + SIGNATURE), digest)))
      refuse("a signature of the key, found another's");
  }
  return file.slice(HEADER, end);
}
