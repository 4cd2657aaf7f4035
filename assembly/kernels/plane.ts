/**
 * One channel of an image with its padding, pixels next to each other: [planeHeight, planeWidth] i8 at
 * `plane`, with the input's zero point outside of the image.
 *
 *   image   the channel in pixel (0, 0) of [inputHeight, inputWidth, inputChannels]
 */
// @ts-ignore: decorator
@inline
export function fillPlane(
  plane: usize,
  image: usize,
  planeHeight: i32,
  planeWidth: i32,
  inputHeight: i32,
  inputWidth: i32,
  inputChannels: i32,
  padTop: i32,
  padLeft: i32,
  inputZeroPoint: i32,
): void {
  memory.fill(plane, <u8>inputZeroPoint, planeHeight * planeWidth);
  const rows: i32 = min(inputHeight, planeHeight - padTop);
  const columns: i32 = max(min(inputWidth, planeWidth - padLeft), 0);
  for (let y = 0; y < rows; y++) {
    let from: usize = image + <usize>(y * inputWidth * inputChannels);
    let to: usize = plane + <usize>((y + padTop) * planeWidth + padLeft);
    const end: usize = to + columns;
    for (; to + 3 < end; to += 4) {
      store<u8>(to, load<u8>(from));
      store<u8>(to, load<u8>(from + inputChannels), 1);
      store<u8>(to, load<u8>(from + 2 * inputChannels), 2);
      store<u8>(to, load<u8>(from + 3 * inputChannels), 3);
      from += 4 * inputChannels;
    }
    for (; to < end; to++, from += inputChannels) store<u8>(to, load<u8>(from));
  }
}
