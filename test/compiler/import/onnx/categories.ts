/**
 * What the ONNX backend suite asks for and a module for microcontrollers is not, with how that shows. A test
 * that is refused for any other reason counts as failed.
 */
export interface Category {
  readonly name: string;
  /** Of the element types and node types of the test. */
  readonly types?: RegExp;
  readonly operators?: RegExp;
  /** Of the message with which the model is refused. */
  readonly refusal?: RegExp;
}

export const CATEGORIES: readonly Category[] = [
  { name: "float16", types: /FLOAT16/ },
  { name: "narrow floats and integers", types: /FLOAT8|FLOAT4|INT4|INT2/ },
  { name: "string", types: /STRING/ },
  { name: "complex", types: /COMPLEX/ },
  { name: "sequence", types: /sequence|optional/ },
  { name: "batches of matrices", refusal: /expected a matrix \[depth, outputs\]/ },
  { name: "blocks of scales", refusal: /blocks of scales are not supported/ },
  { name: "placeholder tensors", refusal: /type UNDEFINED/ },
  { name: "operator sets before 7", refusal: /expected version 7 or later/ },
  { name: "several samples at a time", refusal: /expected one sample as/ },
  { name: "sets of a tree's branch", refusal: /BRANCH_MEMBER is not supported/ },
  { name: "control flow", operators: /^(If|Loop|Scan|SequenceMap)$/ },
  { name: "training", refusal: /training mode is not supported/ },
  { name: "values that are no number", refusal: /expected finite float32 numbers, found NaN/ },
  { name: "integers as values", refusal: /expected FLOAT or DOUBLE|expected FLOAT, INT64/ },
  {
    name: "empty tensors",
    refusal: /empty tensors are not supported|a size of 0|shape of positive|axis 0: expected/,
  },
  { name: "3-D images", refusal: /operators of other dimensions are not supported/ },
  { name: "interpolation", refusal: /mode cubic: expected nearest|antialias = 1|align_corners by scales/ },
  { name: "crop and resize", refusal: /coordinate_transformation_mode tf_crop_and_resize/ },
  { name: "aspect ratio", refusal: /keep_aspect_ratio_policy/ },
  { name: "indices of a maximum", refusal: /select_last_index = 1|is not computed by a module/ },
  { name: "diagonals", refusal: /expected one or two operands of different letters/ },
  { name: "answers that are always the same", refusal: /expected outputs that depend on the input/ },
  { name: "peepholes", refusal: /peepholes are not supported/ },
  { name: "computed operands", refusal: /expected a constant|of constants/ },
];
