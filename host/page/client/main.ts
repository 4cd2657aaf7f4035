/** The script of the page that `thimble page` writes: the model, and what people can give it. */
import { load } from "../../runtime/model/browser.ts";
import type { Runner } from "./answer.ts";
import { byId, trying } from "./dom.ts";
import type { PageFacts } from "./facts.ts";
import { pictureFile, picturePanel } from "./picture.ts";
import { rowForm, table } from "./rows.ts";
import { soundFile, soundPanel } from "./sound.ts";

/** The kind of a file that was chosen or dropped, by its type or the end of its name. */
function kindOf({ type, name }: File): PageFacts["kind"] {
  if (type.startsWith("image/")) return "picture";
  return type.startsWith("audio/") || type.startsWith("video/") || /\.wav$/i.test(name) ? "sound" : "rows";
}

async function take(runner: Runner, file: File): Promise<void> {
  const kind = kindOf(file);
  if (kind === "rows") return table(runner, file);
  if (kind !== runner.facts.kind) throw new Error(`${file.name}: expected a table (.csv), found a ${kind}`);
  await (kind === "picture" ? pictureFile : soundFile)(runner, file);
}

function takeFiles(runner: Runner): void {
  const chooser = byId<HTMLInputElement>("file");
  chooser.addEventListener("change", () => {
    const [file] = chooser.files ?? [];
    if (file) void trying(() => take(runner, file));
    chooser.value = "";
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer?.files ?? [];
    if (file) void trying(() => take(runner, file));
  });
}

await trying(async () => {
  const facts = JSON.parse(byId("facts").textContent) as PageFacts;
  const bytes = Uint8Array.from(atob(facts.module), (letter) => letter.charCodeAt(0));
  const runner: Runner = { model: await load(bytes), facts };
  takeFiles(runner);
  rowForm(runner);
  if (facts.kind === "picture") picturePanel(runner);
  if (facts.kind === "sound") soundPanel(runner);
  document.documentElement.dataset["ready"] = "";
});
