/** Identifiers for AssemblyScript, unique in one file. */
const RESERVED = new Set(
  (
    "abstract any arguments as async await boolean break case catch class const continue debugger declare default " +
    "delete do else enum export extends false finally for from function get if implements import in instanceof " +
    "interface is keyof let module namespace new null number of package private protected public return set static " +
    "string super switch symbol this throw true try type typeof undefined var void while with yield " +
    "i8 i16 i32 i64 isize u8 u16 u32 u64 usize bool f32 f64 v128 memory load store min max abs select " +
    "arena constants invoke self_test abi memory_bytes fill checksum reset seed ABI_VERSION STATUS_OK STATUS_TAKEN"
  ).split(" "),
);

/** Names of the emitted file's exports. */
const NUMBERED = /^(?:(?:in|out)put_\d+(?:_bytes)?)$/;

/** A function that turns any name into an identifier that it has not given out before. */
export function identifiers(taken: Iterable<string>): (name: string) => string {
  const used = new Set([...RESERVED, ...taken]);
  return (name) => {
    const base = name.replace(/[^A-Za-z0-9_]+/g, "_").replace(/^(?=[0-9]|$)/, "_");
    let unique = base;
    for (let n = 2; used.has(unique) || NUMBERED.test(unique); n++) unique = `${base}_${n}`;
    used.add(unique);
    return unique;
  };
}
