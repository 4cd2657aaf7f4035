/**
 * The inputs under one position of a convolution's window, next to each other: [kernelHeight,
 * kernelWidth, depth] i8 at `row`, with the input's zero point where the window leaves the image.
 *
 *   image       the first of the window's `depth` channels in pixel (0, 0) of
 *               [inputHeight, inputWidth, inputChannels]
 *   top, left   the window's first pixel; negative inside of the padding
 */
// @ts-ignore: decorator
@inline
export function gather(
  row: usize,
  image: usize,
  top: i32,
  left: i32,
  depth: i32,
  inputHeight: i32,
  inputWidth: i32,
  inputChannels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  inputZeroPoint: i32,
): void {
  // Neighbouring taps of all channels are neighbours in the image too: one copy for all of them.
  const whole: bool = depth == inputChannels && dilationWidth == 1;
  const run: i32 = whole ? kernelWidth : 1;
  let ky: i32 = 0;
  do {
    const y: i32 = top + ky * dilationHeight;
    let kx: i32 = 0;
    do {
      const x: i32 = left + kx * dilationWidth;
      // Taps [begin, end) of the run lie in the image.
      let begin: i32 = min(max(-x, 0), run);
      const end: i32 = max(min(inputWidth - x, run), begin);
      if (<u32>y >= <u32>inputHeight) begin = end;
      if (end - begin < run) memory.fill(row, <u8>inputZeroPoint, run * depth);
      const pixel: usize = image + <usize>((y * inputWidth + x + begin) * inputChannels);
      // A copy of nothing from outside of memory would trap.
      if (begin < end) memory.copy(row + begin * depth, pixel, (end - begin) * depth);
      row += run * depth;
      kx += run;
    } while (kx < kernelWidth);
  } while (++ky < kernelHeight);
}
