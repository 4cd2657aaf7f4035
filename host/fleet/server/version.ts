/** Versions: MAJOR.MINOR.REVISION or MAJOR.MINOR.REVISION+BUILD of images, and what devices make of that. */

/** The four numbers of an image's version; undefined where the text is none. */
export function parseVersion(text: string): readonly number[] | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,5})(?:\+(\d{1,10}))?$/.exec(text)?.slice(1);
  return parts?.map((digits) => Number(digits ?? 0));
}

interface Said {
  readonly numbers: readonly number[];
  /** Identifiers behind "-", as of "1.9.0-rc.1": such a version comes before the one without. */
  readonly early: readonly string[];
}

/** A version as devices write it: "v" before it, numbers left out, a pre-release behind "-". */
function parseSaid(text: string): Said | undefined {
  const [, digits = "", early = "", build = "0"] =
    /^[vV]?(\d{1,9}(?:\.\d{1,9}){0,2})(?:-([0-9A-Za-z.-]{1,64}))?(?:\+(\d{1,10})?[0-9A-Za-z.-]{0,64})?$/.exec(
      text.trim(),
    ) ?? [];
  if (digits === "") return undefined;
  const [major = 0, minor = 0, revision = 0] = digits.split(".").map(Number);
  return { numbers: [major, minor, revision, Number(build)], early: early === "" ? [] : early.split(".") };
}

/** Below 0 where `a` comes first. Numbers come before words, fewer identifiers before more (Semantic Versioning, 11). */
function compareEarly(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  const i = a.findIndex((part, place) => part !== b[place]);
  if (i < 0) return a.length - b.length;
  const [left, right] = [a[i]!, b[i]];
  if (right === undefined) return 1;
  const [isLeft, isRight] = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (isLeft && isRight) return Number(left) - Number(right);
  return isLeft !== isRight ? (isLeft ? -1 : 1) : left < right ? -1 : 1;
}

/** Below 0 where `a` is older than `b`, 0 where they are the same; undefined where either is no version. */
export function compareVersions(a: string, b: string): number | undefined {
  const [left, right] = [parseSaid(a), parseSaid(b)];
  if (!left || !right) return undefined;
  const [x, y] = [left.numbers, right.numbers];
  const i = [0, 1, 2].find((place) => x[place] !== y[place]);
  if (i !== undefined) return x[i]! - y[i]!;
  return compareEarly(left.early, right.early) || x[3]! - y[3]!;
}

/** Whether `a` is older than `b`; undefined where either is no version. */
export function isOlder(a: string, b: string): boolean | undefined {
  const order = compareVersions(a, b);
  return order === undefined ? undefined : order < 0;
}
