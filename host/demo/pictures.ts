const SIDE = 8;
const SHADES = " .:-=+*#%@";
const SHOWN = 7;

/** An 8x8 image of values 0..1 as lines of characters, two columns a pixel since cells are tall. */
function picture(image: Float32Array): string[] {
  return Array.from({ length: SIDE }, (_, y) =>
    Array.from(image.subarray(y * SIDE, (y + 1) * SIDE), (value) => {
      const shade = SHADES[Math.min(Math.floor(value * SHADES.length), SHADES.length - 1)]!;
      return shade + shade;
    }).join(""),
  );
}

/** A row of digits with what the module made of them; the mistakes first, for honesty. */
export function pictures(
  rows: readonly Float32Array[],
  predictions: readonly number[],
  labels: readonly string[],
): string {
  const isWrong = (i: number): boolean => String(predictions[i]) !== labels[i];
  const order = rows.map((_, i) => i).sort((a, b) => Number(isWrong(b)) - Number(isWrong(a)));
  const shown = order.slice(0, SHOWN);
  const images = shown.map((i) => picture(rows[i]!));
  const captions = shown.map((i) => {
    const caption = isWrong(i) ? `${predictions[i]} (is ${labels[i]})` : `${predictions[i]}`;
    return caption.padStart(SIDE + Math.ceil(caption.length / 2)).padEnd(2 * SIDE);
  });
  const lines = Array.from({ length: SIDE }, (_, y) => images.map((image) => image[y]).join("  "));
  return [...lines, captions.join("  ")].map((line) => `  ${line.trimEnd()}`).join("\n");
}
