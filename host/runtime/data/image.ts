/** Pictures as samples: PNG and JPEG files, resized to what the model takes. */
import { inflateSync } from "node:zlib";
import jpeg from "jpeg-js";
import { PNG } from "pngjs";
import { BUDGETS } from "../../budgets.ts";
import { DataError } from "./dataset.ts";
import { type Decode, decoding, type InputInfo, type MediaOptions } from "./media.ts";
import { type Picture, resize } from "./resize.ts";

/** 8-bit RGBA, row after row. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

function readPng(bytes: Uint8Array, path: string): Pixels {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Width and height stand in the first chunk; the decoder would make room for any.
  const [width, height] = buffer.length >= 24 ? [buffer.readUInt32BE(16), buffer.readUInt32BE(20)] : [0, 0];
  if (width * height > BUDGETS.pixels) throw tooLarge(path, `${width}x${height}`);
  checkInflated(buffer, width, height, path);
  return PNG.sync.read(buffer);
}

/** Values of a pixel by PNG's colour type: grey, colours, an index into a palette, and the first two with alpha. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEEPEST = 64;

/** The decoder would expand all that is compressed, whatever the picture's size. */
function checkInflated(png: Buffer, width: number, height: number, path: string): void {
  const bits = (png[24] ?? 8) * (CHANNELS[png[25] ?? 6] ?? DEEPEST);
  // One more byte a row, and with seven interlaced images at most twice as many rows, each filled up to a byte.
  const most = Math.ceil((width * bits) / 8) * height + 4 * height + 64;
  try {
    inflateSync(Buffer.concat([...imageChunks(png)]), { maxOutputLength: most });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE") throw error;
    throw new DataError(`${path}: expected at most ${most} bytes for ${width}x${height} pixels, found more`);
  }
}

/** Contents of a PNG's IDAT chunks. */
function* imageChunks(png: Buffer): Generator<Buffer> {
  for (let at = 8; at + 12 <= png.length; at += 12 + png.readUInt32BE(at))
    if (png.toString("latin1", at + 4, at + 8) === "IDAT")
      yield png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
}

function readJpeg(bytes: Uint8Array): Pixels {
  return jpeg.decode(bytes, {
    useTArray: true,
    tolerantDecoding: false,
    maxResolutionInMP: BUDGETS.pixels / 1e6,
    maxMemoryUsageInMB: 512,
  });
}

const tooLarge = (path: string, found: string): DataError =>
  new DataError(`${path}: expected an image of at most ${BUDGETS.pixels} pixels, found ${found}`);

/** Where channels stand in an input of the model. */
interface Layout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly channelsFirst: boolean;
}

/** [1, h, w, c] or [h, w, c], or with channels first, of 1 or 3; undefined for what is no image. */
function layoutOf({ shape }: InputInfo): Layout | undefined {
  const axes = shape.length === 4 && shape[0] === 1 ? shape.slice(1) : shape;
  if (axes.length !== 3) return undefined;
  const [a, b, c] = axes as [number, number, number];
  if (c === 1 || c === 3) return { height: a, width: b, channels: c, channelsFirst: false };
  return a === 1 || a === 3 ? { height: b, width: c, channels: a, channelsFirst: true } : undefined;
}

/** Grey by the weights of ITU-R BT.601; what is transparent counts by its colour. */
function toPicture({ width, height, data }: Pixels, channels: number): Picture {
  const values = new Float64Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = [data[4 * i]!, data[4 * i + 1]!, data[4 * i + 2]!];
    if (channels === 1) values[i] = 0.299 * r + 0.587 * g + 0.114 * b;
    else values.set([r, g, b], 3 * i);
  }
  return { width, height, channels, values };
}

/**
 * A decoder of images for a model's only input.
 * @throws DataError where the model takes no image
 */
export function imageDecoder(path: string, inputs: readonly InputInfo[], options: MediaOptions): Decode {
  const [input, ...others] = inputs;
  const layout = input && others.length === 0 ? layoutOf(input) : undefined;
  if (!layout) {
    const found = inputs.map(({ shape }) => `[${shape}]`).join(", ");
    throw new DataError(`${path}: images need one input [1, height, width, 1 or 3], found ${found}`);
  }
  const { height, width, channels, channelsFirst } = layout;
  const [low, high] = options.imageRange ?? [0, 1];
  return (bytes, file) => {
    const pixels = decoding(file, "an image", () =>
      /\.png$/i.test(file) ? readPng(bytes, file) : readJpeg(bytes),
    );
    if (!(pixels.width > 0 && pixels.height > 0))
      throw new DataError(`${file}: expected an image, found no pixels`);
    const { values } = resize(toPicture(pixels, channels), height, width);
    const plane = height * width;
    return Float32Array.from(values, (_, i) => {
      const from = channelsFirst ? (i % plane) * channels + Math.floor(i / plane) : i;
      return low + (values[from]! / 255) * (high - low);
    });
  };
}
