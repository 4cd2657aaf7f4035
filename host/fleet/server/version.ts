/** Versions of images: MAJOR.MINOR.REVISION or MAJOR.MINOR.REVISION+BUILD. */

/** The four numbers; undefined where the text is no version. */
export function parseVersion(text: string): readonly number[] | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,5})(?:\+(\d{1,10}))?$/.exec(text)?.slice(1);
  return parts?.map((digits) => Number(digits ?? 0));
}

/** Whether `a` is older than `b`; undefined where either is no version. */
export function isOlder(a: string, b: string): boolean | undefined {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (!left || !right) return undefined;
  const i = left.findIndex((number, place) => number !== right[place]);
  return i >= 0 && left[i]! < right[i]!;
}
