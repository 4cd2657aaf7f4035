import { type Graph, ModelError, oneLine } from "../../../ir/graph.ts";
import { translateAll } from "../importer.ts";
import { Builder, Context } from "./builder.ts";
import { expandQlinear } from "./expand_qlinear.ts";
import { selectOutputs } from "./labels.ts";
import { type OnnxNode, readOnnx } from "./model.ts";
import { operators } from "./operators/index.ts";
import { recognise } from "./patterns/index.ts";

function translateNode(node: OnnxNode, builder: Builder): void {
  const translation = operators.get(node.type);
  if (!translation) throw new ModelError("operator not supported");
  if (builder.dependsOnFailure(node)) {
    builder.fail(node);
    return;
  }
  const context = new Context(node, builder);
  const values = translation.translate(context);
  const [unread] = context.attributes.unread();
  if (unread !== undefined) throw new ModelError(`attribute ${unread} is not supported`);
  builder.bind(node, values);
}

/** The list of refused nodes gives each one's name already, and so do operators in their messages. */
function withoutName(error: ModelError, node: OnnxNode): ModelError {
  const prefix = oneLine(`node ${node.name}: `);
  return error.message.startsWith(prefix) ? new ModelError(error.message.slice(prefix.length)) : error;
}

/**
 * Translates an .onnx file (untrusted bytes) into a float32 graph with a batch of 1 where the file
 * leaves it open. A classifier's label output becomes `labels` on its probabilities (see labels.ts).
 * Throws ModelError, of one line, with all nodes that are not supported at once.
 */
export function importOnnx(bytes: Uint8Array, name: string): Graph {
  const read = recognise(readOnnx(bytes));
  const model = { ...read, nodes: expandQlinear(read.nodes) };
  const { outputs, labels, needed, classes } = selectOutputs(model);
  const builder = new Builder(model, classes);
  translateAll(
    model.nodes,
    (node) => `${node.name} (${node.opType})`,
    (node) => {
      if (!needed.has(node)) return;
      try {
        translateNode(node, builder);
      } catch (error) {
        builder.fail(node);
        throw error instanceof ModelError ? withoutName(error, node) : error;
      }
    },
  );
  return builder.finish(name, [...builder.labelOutputs(outputs, labels), ...outputs]);
}
