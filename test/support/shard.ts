/** Parts of a long list that run alone. */

/**
 * Every n-th entry, from the i-th: parts that are about as long as each other where the list is in any order.
 * Throws RangeError where `shard` is not "i/n" with i from 1 to n.
 */
export function shardOf<T>(entries: readonly T[], shard: string): T[] {
  const [, part, parts] = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(shard)?.map(Number) ?? [];
  if (part === undefined || parts === undefined || part > parts)
    throw new RangeError(`--shard: expected i/n with i from 1 to n, found ${shard}`);
  return entries.filter((_, index) => index % parts === part - 1);
}
