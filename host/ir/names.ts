/**
 * Gives out names that nobody has yet: the one asked for, or with a number from `first` on. It goes
 * on counting where it was for that name: a file may use one name for all.
 */
export function nameGiver(taken: Iterable<string>): (base: string, first?: number) => string {
  const used = new Set(taken);
  const next = new Map<string, number>();
  return (base, first = 1) => {
    let name = base;
    let n = Math.max(first, next.get(base) ?? 0);
    while (used.has(name)) name = `${base}#${n++}`;
    next.set(base, n);
    used.add(name);
    return name;
  };
}
