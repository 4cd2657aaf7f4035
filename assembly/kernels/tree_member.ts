/** Whether bit number `bit` of a mask of so many bytes is set; outside the mask none is. */
// @ts-ignore: decorator
@inline
export function isMember(bit: i32, mask: usize, bytes: i32): bool {
  return <u32>bit < <u32>(bytes << 3) && ((<i32>load<u8>(mask + (bit >> 3)) >> (bit & 7)) & 1) != 0;
}
