import { partTotals, sizeParts } from "./compile/parts.ts";
import type { TensorInfo } from "./emit/metadata.ts";
import type { Build } from "./pipeline.ts";

const tensor = ({ name, dtype, shape, scale, zeroPoint, labels }: TensorInfo) => ({
  name,
  dtype,
  shape,
  scale,
  zeroPoint,
  ...(labels && { labels }),
});

/** What `build --json` prints and report.json holds. */
export function reportOf(build: Build) {
  const { metadata, module, plan } = build;
  const parts = sizeParts(module, metadata);
  return {
    model: metadata.model,
    source: { file: metadata.source.file, sha256: Buffer.from(metadata.source.sha256).toString("hex") },
    compiler: metadata.compiler,
    moduleBytes: module.length,
    parts: partTotals(parts),
    memory: {
      totalBytes: plan.memoryBytes,
      constantBytes: plan.constantBytes,
      arenaBytes: plan.arena.bytes,
      arenaLowerBound: plan.arena.lowerBound,
      arenaOptimal: plan.arena.optimal,
    },
    macs: metadata.layers.reduce((sum, layer) => sum + layer.macs, 0),
    inputs: metadata.inputs.map(tensor),
    outputs: metadata.outputs.map(tensor),
    layers: metadata.layers,
    verification: build.verification,
    ...(build.agreement && { floatAgreement: build.agreement }),
    stages: build.stages.map(({ stage, milliseconds }) => ({
      stage,
      milliseconds: Math.round(milliseconds),
    })),
  };
}

export type Report = ReturnType<typeof reportOf>;
