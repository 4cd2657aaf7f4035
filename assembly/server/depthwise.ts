/**
 * depthwise_conv2d_s8 and its faster twin, with SIMD: eight channels at a time, on a padded image of 16-bit
 * values.
 */
import { DepthwiseConv2dS8Arguments } from "../kernels/depthwise_conv2d_s8";
import { allocate } from "./memory";
import { fillPlane, Image } from "./products";
import { clampToBytes, Factors, prepareFactors, rescale, RESCALE_BYTES, storeBytes } from "./rescale";

@unmanaged
class Depthwise {
  block: DepthwiseConv2dS8Arguments;
  /** [taps][channels] i16, channels filled up to a multiple of eight. */
  weights: usize;
  factors: usize;
  right: i32;
  ties: i32;
  /** The padded image, [planeHeight][planeWidth][channels] i16. */
  plane: usize;
  image: Image;
  channels: i32;
}

function prepareTaps(block: DepthwiseConv2dS8Arguments, taps: i32, padded: i32): usize {
  const place: usize = allocate(<usize>(taps * padded) << 1);
  if (!place) return 0;
  memory.fill(place, 0, <usize>(taps * padded) << 1);
  for (let channel: i32 = 0; channel < <i32>block.inputChannels; channel++)
    for (let tap: i32 = 0; tap < taps; tap++)
      store<i16>(
        place + (<usize>(tap * padded + channel) << 1),
        <i16>load<i8>(block.weights + <usize>(channel * taps + tap)),
      );
  return place;
}

/** No more than this, since any window may have a weight of -128. */
function greatest(block: DepthwiseConv2dS8Arguments, taps: i32): i32 {
  let bias: i64 = 0;
  for (let i: i32 = 0; i < <i32>block.inputChannels; i++)
    bias = max<i64>(bias, abs<i64>(<i64>load<i32>(block.bias + (<usize>i << 2))));
  const most: i64 = bias + (<i64>taps << 14);
  return most < <i64>1 << 31 ? <i32>most : -1;
}

export function prepareDepthwise(place: usize): usize {
  const block = changetype<DepthwiseConv2dS8Arguments>(place);
  const channels: i32 = block.inputChannels;
  const padded: i32 = (channels + 7) & ~7;
  const taps: i32 = <i32>block.kernelHeight * block.kernelWidth;
  if (block.depthMultiplier != 1 || taps == 0 || channels == 0) return 0;
  const factors = changetype<Factors>(allocate(offsetof<Factors>()));
  const prepared = changetype<Depthwise>(allocate(offsetof<Depthwise>()));
  if (!changetype<usize>(factors) || !changetype<usize>(prepared)) return 0;
  factors.bias = block.bias;
  factors.multiplier = block.multiplier;
  factors.shift = block.shift;
  factors.step = 1;
  factors.channels = channels;
  factors.outputZeroPoint = block.outputZeroPoint;
  factors.most = greatest(block, taps);
  prepared.block = block;
  prepared.factors = prepareFactors(factors);
  prepared.right = factors.right;
  prepared.ties = i32(block.outputZeroPoint > block.activationMin);
  prepared.weights = prepareTaps(block, taps, padded);
  prepared.channels = padded;
  const image = changetype<Image>(allocate(offsetof<Image>()));
  if (!changetype<usize>(image)) return 0;
  image.height = block.inputHeight;
  image.width = block.inputWidth;
  image.channels = channels;
  image.padTop = block.padTop;
  image.padLeft = block.padLeft;
  image.zeroPoint = block.inputZeroPoint;
  image.planeHeight =
    (block.outputHeight - 1) * block.strideHeight + (<i32>block.kernelHeight - 1) * block.dilationHeight + 1;
  image.planeWidth =
    (block.outputWidth - 1) * block.strideWidth + (<i32>block.kernelWidth - 1) * block.dilationWidth + 1;
  prepared.image = image;
  prepared.plane = allocate(<usize>(image.planeHeight * image.planeWidth * padded) << 1);
  // The last four channels may have no factors of their own.
  if (!allocate(RESCALE_BYTES)) return 0;
  if (!prepared.factors || !prepared.weights || !prepared.plane) return 0;
  return changetype<usize>(prepared);
}

/** One pixel: `corner` is where its window begins. */
// @ts-ignore: decorator
@inline
function computePixel(prepared: Depthwise, corner: usize, output: usize): void {
  const block = prepared.block;
  const channels: i32 = block.inputChannels;
  const pixelBytes: usize = <usize>prepared.channels << 1;
  const columnBytes: usize = pixelBytes * block.dilationWidth;
  const rowBytes: usize = pixelBytes * <usize>prepared.image.planeWidth * block.dilationHeight;
  const least: v128 = i32x4.splat(block.activationMin);
  const most: v128 = i32x4.splat(block.activationMax);
  let factors: usize = prepared.factors;
  for (let channel: i32 = 0; channel < channels; channel += 8, factors += 2 * RESCALE_BYTES) {
    let low: v128 = v128.load(factors);
    let high: v128 = channel + 4 < channels ? v128.load(factors + RESCALE_BYTES) : low;
    let row: usize = corner + (<usize>channel << 1);
    let tap: usize = prepared.weights + (<usize>channel << 1);
    for (let ky: i32 = 0; ky < <i32>block.kernelHeight; ky++, row += rowBytes) {
      let pixel: usize = row;
      for (let kx: i32 = 0; kx < <i32>block.kernelWidth; kx++, pixel += columnBytes, tap += pixelBytes) {
        const x: v128 = v128.load(pixel);
        const w: v128 = v128.load(tap);
        low = i32x4.add(low, i32x4.extmul_low_i16x8_s(x, w));
        high = i32x4.add(high, i32x4.extmul_high_i16x8_s(x, w));
      }
    }
    const first: v128 = rescale(low, factors, prepared.right, prepared.ties);
    storeBytes(output + channel, clampToBytes(first, least, most), channels - channel);
    if (channel + 4 < channels) {
      const second: v128 = rescale(high, factors + RESCALE_BYTES, prepared.right, prepared.ties);
      storeBytes(output + channel + 4, clampToBytes(second, least, most), channels - channel - 4);
    }
  }
}

export function depthwise(place: usize): void {
  const prepared = changetype<Depthwise>(place);
  const block = prepared.block;
  const channels: i32 = block.inputChannels;
  const pixelBytes: usize = <usize>prepared.channels << 1;
  let input: usize = block.input;
  let output: usize = block.output;
  for (let batch: i32 = 0; batch < block.batches; batch++) {
    fillPlane(prepared.plane, input, prepared.image, prepared.channels);
    for (let y: i32 = 0; y < block.outputHeight; y++)
      for (let x: i32 = 0; x < block.outputWidth; x++) {
        const at: i32 = y * block.strideHeight * prepared.image.planeWidth + x * block.strideWidth;
        computePixel(prepared, prepared.plane + <usize>at * pixelBytes, output);
        output += channels;
      }
    input += <usize>(block.inputHeight * block.inputWidth * channels);
  }
}
