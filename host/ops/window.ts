import { ModelError, type Shape, type Tensor } from "../ir/graph.ts";

/** Geometry of a window that slides over an NHWC image, shared by convolution and pooling. */
export interface Window {
  readonly batches: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly inputChannels: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
}

export interface WindowAttributes {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** top, left, bottom, right */
  readonly padding: readonly number[];
}

/** Kernels compute positions in 32 bits; with this much on every side they can't overflow. */
const MAX_PADDING = 2 ** 24;

const outputSize = (
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: number,
): number => Math.floor((input + padding - ((kernel - 1) * dilation + 1)) / stride) + 1;

/** The window of one pixel that visits a row of `pixels`, each of `channels` values: what a dense layer is as a convolution. */
export const onePixelWindow = (pixels: number, channels: number): Window => ({
  batches: 1,
  inputHeight: 1,
  inputWidth: pixels,
  inputChannels: channels,
  outputHeight: 1,
  outputWidth: pixels,
  kernelHeight: 1,
  kernelWidth: 1,
  strideHeight: 1,
  strideWidth: 1,
  dilationHeight: 1,
  dilationWidth: 1,
  padTop: 0,
  padLeft: 0,
});

/** Throws ModelError where the window does not fit the image. */
export function window(
  node: string,
  input: Tensor,
  kernel: readonly [number, number],
  { stride, dilation, padding }: WindowAttributes,
): Window {
  const lengths = [input.shape.length, stride.length, dilation.length, padding.length];
  if (lengths.join() !== "4,2,2,4") {
    throw new ModelError(
      `node ${node}: expected an input of rank 4, 2 strides, 2 dilations and 4 paddings, found ${lengths.join(", ")}`,
    );
  }
  const [top, left, bottom, right] = padding as [number, number, number, number];
  const [batches, inputHeight, inputWidth, inputChannels] = input.shape as [number, number, number, number];
  const [strideHeight, strideWidth] = stride as [number, number];
  const [dilationHeight, dilationWidth] = dilation as [number, number];
  const positive = [...kernel, ...stride, ...dilation].every((n) => n > 0);
  const outputHeight = positive
    ? outputSize(inputHeight, kernel[0], strideHeight, dilationHeight, top + bottom)
    : 0;
  const outputWidth = positive
    ? outputSize(inputWidth, kernel[1], strideWidth, dilationWidth, left + right)
    : 0;
  if (outputHeight <= 0 || outputWidth <= 0 || padding.some((n) => n < 0 || n > MAX_PADDING)) {
    throw new ModelError(
      `node ${node}: a ${kernel.join("x")} window with stride ${stride.join("x")}, dilation ${dilation.join("x")} and padding ${padding.join(",")} does not fit an image of ${inputHeight}x${inputWidth}`,
    );
  }
  return {
    batches,
    inputHeight,
    inputWidth,
    inputChannels,
    outputHeight,
    outputWidth,
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    padTop: top,
    padLeft: left,
  };
}

export const windowOutput = (w: Window, channels: number): Shape => [
  w.batches,
  w.outputHeight,
  w.outputWidth,
  channels,
];

/** Calls `visit` for every output position, in memory order of the output. */
export function eachOutput(w: Window, visit: (batch: number, y: number, x: number) => void): void {
  for (let batch = 0; batch < w.batches; batch++)
    for (let y = 0; y < w.outputHeight; y++) for (let x = 0; x < w.outputWidth; x++) visit(batch, y, x);
}

/**
 * Calls `visit` for every tap of the window at output (y, x) that lies inside the image, with the
 * index of the pixel's first channel and the number of the tap.
 */
export function eachTap(
  w: Window,
  batch: number,
  y: number,
  x: number,
  visit: (pixel: number, tap: number) => void,
): void {
  for (let ky = 0; ky < w.kernelHeight; ky++) {
    const inputY = y * w.strideHeight - w.padTop + ky * w.dilationHeight;
    if (inputY < 0 || inputY >= w.inputHeight) continue;
    for (let kx = 0; kx < w.kernelWidth; kx++) {
      const inputX = x * w.strideWidth - w.padLeft + kx * w.dilationWidth;
      if (inputX < 0 || inputX >= w.inputWidth) continue;
      const pixel = ((batch * w.inputHeight + inputY) * w.inputWidth + inputX) * w.inputChannels;
      visit(pixel, ky * w.kernelWidth + kx);
    }
  }
}
