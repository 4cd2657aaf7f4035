import { partTotals, sizeParts } from "../compile/parts.ts";
import { customSection, readExports } from "../compile/sections.ts";
import { checkSubset } from "../compile/subset.ts";
import { decodeMetadata, type Metadata, SECTION_NAME, type TensorInfo } from "../emit/metadata.ts";
import { type ImageInfo, isImage, parseImage } from "../image/mcuboot.ts";
import { ModelError } from "../ir/graph.ts";
import { bytes, integer, plain, table } from "../table.ts";
import { readBytes } from "./files.ts";
import { imageFields, imageText } from "./image_text.ts";
import { type Command, parse } from "./options.ts";

/** Reads a module of ours, or an image around one: well-formed, within the subset, with metadata. */
export function readModule(file: string): { module: Uint8Array; metadata: Metadata; image?: ImageInfo } {
  const contents = readBytes(file, "a module file");
  const image = isImage(contents) ? parseImage(contents) : undefined;
  const module = image?.body ?? contents;
  checkSubset(module);
  if (!WebAssembly.validate(new Uint8Array(module)))
    throw new ModelError("module: expected valid WebAssembly");
  const section = customSection(module, SECTION_NAME);
  if (!section) throw new ModelError(`module: expected a custom section ${SECTION_NAME}, found none`);
  return { module, metadata: decodeMetadata(section), ...(image && { image }) };
}

function inspect(module: Uint8Array, metadata: Metadata) {
  const parts = sizeParts(module, metadata);
  const tensor = (info: TensorInfo) => ({ ...info, shape: [...info.shape] });
  return {
    model: metadata.model,
    source: { file: metadata.source.file, sha256: Buffer.from(metadata.source.sha256).toString("hex") },
    compiler: metadata.compiler,
    moduleBytes: module.length,
    parts: partTotals(parts),
    code: parts.filter(({ part }) => part === "code").map(({ name, bytes: n }) => ({ name, bytes: n })),
    kernels: readExports(module)
      .map(({ name }) => name)
      .filter((name) => name.startsWith("kernel.")),
    memory: {
      totalBytes: metadata.memory.total,
      constantBytes: metadata.memory.constants,
      arenaBytes: metadata.memory.arena,
      arenaLowerBound: metadata.memory.lowerBound,
    },
    macs: metadata.layers.reduce((sum, layer) => sum + layer.macs, 0),
    inputs: metadata.inputs.map(tensor),
    outputs: metadata.outputs.map(tensor),
    layers: metadata.layers,
  };
}

const tensorRow = (kind: string) => (info: TensorInfo) => [
  kind,
  info.name,
  `${info.dtype}[${info.shape.join("x")}]`,
  `scale ${Number(info.scale.toPrecision(7))}`,
  `zero point ${info.zeroPoint}`,
  info.labels ? `labels ${info.labels.join(", ")}` : "",
];

function text(info: ReturnType<typeof inspect>): string {
  const { memory } = info;
  return [
    plain(
      `${info.model.name} ${info.model.version}, from ${info.source.file} (SHA-256 ${info.source.sha256.slice(0, 16)}...) by ${info.compiler}`,
    ),
    "",
    table([...info.inputs.map(tensorRow("input")), ...info.outputs.map(tensorRow("output"))]),
    "",
    table(
      info.layers.map((layer) => [
        layer.name,
        layer.shape.join("x"),
        layer.kernels.join(", ") || "(view)",
        layer.macs,
        layer.weights,
        layer.tables,
      ]),
      { head: ["layer", "output", "kernel", "MACs", "weights B", "tables B"] },
    ),
    "",
    `module  ${bytes(info.moduleBytes)}`,
    table(info.parts.map(({ part, bytes: n }) => [`  ${part}`, n])),
    table(info.code.map(({ name, bytes: n }) => [`  code: ${name}`, n])),
    `RAM     ${bytes(memory.totalBytes)}: constants ${integer(memory.constantBytes)}, arena ${integer(memory.arenaBytes)} (lower bound ${integer(memory.arenaLowerBound)})`,
    `work    ${integer(info.macs)} multiply-accumulates`,
  ].join("\n");
}

export const inspectCommand: Command = {
  name: "inspect",
  summary: "show tensors, layers, kernels, and where a module's bytes are",
  usage: `thimble inspect FILE [--json]

FILE is a module (.wasm) made by thimble build, or an image (.img) around one. Of an image the hash is checked;
thimble verify checks the signature.`,

  async run(args) {
    const { values, positionals } = parse(args, { json: { type: "boolean" } }, ["FILE"]);
    const { module, metadata, image } = readModule(positionals[0]!);
    const info = { ...inspect(module, metadata), ...(image && { image: imageFields(image) }) };
    if (values.json) console.log(JSON.stringify(info, null, 2));
    else console.log(image ? `${text(info)}\n${imageText(image)}` : text(info));
  },
};
