import { byteSize, type DType, fromBytes, type Graph, ModelError, type Tensor, toBytes } from "./graph.ts";

/**
 * A graph as JSON text, so that the reference interpreter can run what a module was made from.
 * Constants are base64. The text is the same for equal graphs.
 */
const VERSION = 1;

type StoredTensor = Omit<Tensor, "data"> & { readonly data?: string };

export function graphToJson(graph: Graph): string {
  const tensors: StoredTensor[] = [...graph.tensors.values()].map(({ data, ...tensor }) => ({
    ...tensor,
    ...(data && { data: Buffer.from(toBytes(data)).toString("base64") }),
  }));
  return `${JSON.stringify({ version: VERSION, ...graph, tensors })}\n`;
}

function restore({ data, ...tensor }: StoredTensor): Tensor {
  if (data === undefined) return tensor;
  const bytes = Buffer.from(data, "base64");
  if (bytes.length !== byteSize(tensor))
    throw new ModelError(`tensor ${tensor.name}: expected ${byteSize(tensor)} bytes`);
  return { ...tensor, data: fromBytes(tensor.dtype as DType, bytes) };
}

/** Reads `graphToJson`'s text; the caller checks the result with `checkGraph`. */
export function graphFromJson(text: string): Graph {
  const stored = JSON.parse(text) as Omit<Graph, "tensors"> & { version: number; tensors: StoredTensor[] };
  if (stored.version !== VERSION)
    throw new ModelError(`graph: expected version ${VERSION}, found ${stored.version}`);
  const { version: _, tensors, ...graph } = stored;
  return { ...graph, tensors: new Map(tensors.map((tensor) => [tensor.name, restore(tensor)])) };
}
