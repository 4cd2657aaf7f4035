import { createHash } from "node:crypto";
import { partTotals, sizeParts } from "../compiler/compile/parts.ts";
import type { Fit } from "../compiler/compress/fit.ts";
import { isNativeExport } from "../compiler/plan/kernels.ts";
import { lower } from "../compiler/plan/lower.ts";
import type { ByKernels } from "../compiler/tune/cost.ts";
import type { BuiltTuning } from "../compiler/tune/stack.ts";
import { inferenceTime } from "../compiler/tune/tune.ts";
import { BOARDS, type BoardProfile, milliseconds } from "../firmware/boards.ts";
import type { TensorInfo } from "../module/metadata.ts";
import { nativeStackOf, stackBytes } from "../module/native_stack.ts";
import type { Build } from "../pipeline.ts";
import { qualityOf } from "./quality.ts";
import type { BoardReport, FitReport, MemoryReport, Report, TuningReport } from "./schema.ts";

const fitReport = ({ network: _, ...report }: Fit): FitReport => report;

const tensor = ({ statistics: _, ...info }: TensorInfo) => info;

/** Times are estimates: more digits would say nothing. */
const rounded = (ms: number): number => Number(ms.toPrecision(6));

function tuningOf(tuning: BuiltTuning): TuningReport {
  const { board, optimize, costs, layers, instructions, ramBytes, stackBytes, warnings } = tuning;
  const timeOf = (of: ByKernels): number => rounded(inferenceTime(of, board));
  return {
    board,
    optimize,
    costs,
    instructions,
    milliseconds: timeOf(instructions),
    ramBytes: { ...ramBytes, limit: board.ramBytes },
    stackBytes: { ...stackBytes, limit: board.stackBytes },
    warnings,
    layers: layers.map((layer) => ({ ...layer, milliseconds: timeOf(layer.instructions) })),
  };
}

/** The module as it is on all boards: instructions depend on its kernels, and time on the clock. */
function boardsOf({ tuning: { board: chosen, instructions }, module }: Build): BoardReport[] {
  const stack = nativeStackOf(module, isNativeExport);
  const others = BOARDS.filter(({ name }) => name !== chosen.name);
  return [chosen, ...others].map((board: BoardProfile) => ({
    name: board.name,
    nativeKernels: board.nativeKernels,
    chosen: board === chosen,
    milliseconds: {
      native: rounded(milliseconds(instructions.native, board)),
      portable: rounded(milliseconds(instructions.portable, board)),
    },
    ramLimit: board.ramBytes,
    stackBytes: {
      native: stackBytes(stack.native, board),
      portable: stackBytes(stack.portable, board),
      limit: board.stackBytes,
    },
  }));
}

function memoryOf({ plan, graph, choices }: Build): MemoryReport {
  const { arena } = plan;
  return {
    totalBytes: plan.memoryBytes,
    constantBytes: plan.constantBytes,
    arenaBytes: arena.bytes,
    arenaLowerBound: arena.lowerBound,
    arenaOptimal: arena.optimal,
    arenaOffset: arena.offset,
    steps: ["input", ...lower(graph, choices).calls.map(({ node }) => node), "output"],
    buffers: plan.buffers.map(({ name, bytes, start, end }) => ({
      name,
      offset: plan.tensors.get(name)!,
      bytes,
      start,
      end,
    })),
  };
}

/** The document that `build --json` prints and report.json holds: schema.ts says what the fields mean. */
export function reportOf(build: Build): Report {
  const { metadata, module } = build;
  const sizes = sizeParts(module, metadata);
  return {
    model: metadata.model,
    source: { file: metadata.source.file, sha256: Buffer.from(metadata.source.sha256).toString("hex") },
    compiler: metadata.compiler,
    moduleBytes: module.length,
    moduleSha256: createHash("sha256").update(module).digest("hex"),
    parts: partTotals(sizes),
    sizes,
    memory: memoryOf(build),
    macs: metadata.layers.reduce((sum, layer) => sum + layer.macs, 0),
    inputs: metadata.inputs.map(tensor),
    outputs: metadata.outputs.map(tensor),
    layers: metadata.layers,
    tuning: tuningOf(build.tuning),
    boards: boardsOf(build),
    verification: build.verification,
    ...(build.check && { check: build.check }),
    ...(metadata.task && { task: metadata.task }),
    ...(build.agreement && { floatAgreement: build.agreement }),
    ...(build.quality && { quality: qualityOf(build.quality, build.graph) }),
    ...(build.fit && { fit: fitReport(build.fit) }),
    ...(build.quantization && { quantization: build.quantization }),
    ...(build.evaluation && { evaluation: build.evaluation }),
    stages: build.stages.map(({ stage, milliseconds: ms }) => ({ stage, milliseconds: Math.round(ms) })),
  };
}
