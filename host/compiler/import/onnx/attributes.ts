import { type AttributeProto, AttributeProto_AttributeType as Type } from "onnx-buf";
import { ModelError } from "../../../ir/graph.ts";
import { type Constant, readConstant, text } from "./constant.ts";

/**
 * The attributes of one node. A translator asks for those it knows; what it has not asked for may
 * change the meaning of the node, so that `unread` is an error and nothing is ignored by oversight.
 */
export class AttributeReader {
  private readonly byName: ReadonlyMap<string, AttributeProto>;
  private readonly read = new Set<string>();

  constructor(attributes: readonly AttributeProto[]) {
    this.byName = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  }

  private find(name: string, type: Type): AttributeProto | undefined {
    this.read.add(name);
    const attribute = this.byName.get(name);
    if (!attribute) return undefined;
    if (attribute.refAttrName !== "") throw new ModelError(`attribute ${name}: references are not supported`);
    // Early exporters leave the type out.
    if (attribute.type !== type && attribute.type !== Type.UNDEFINED) {
      throw new ModelError(`attribute ${name}: expected ${Type[type]}, found ${Type[attribute.type]}`);
    }
    return attribute;
  }

  has = (name: string): boolean => this.byName.has(name);

  int(name: string, fallback?: number): number {
    const attribute = this.find(name, Type.INT);
    const value = attribute ? Number(attribute.i) : fallback;
    if (value === undefined) throw new ModelError(`attribute ${name} is missing`);
    return value;
  }

  float(name: string, fallback: number): number {
    const value = this.find(name, Type.FLOAT)?.f ?? fallback;
    if (!Number.isFinite(value))
      throw new ModelError(`attribute ${name}: expected a finite number, found ${value}`);
    return value;
  }

  /** A number that may be none, such as what marks a missing value. */
  anyFloat = (name: string, fallback: number): number => this.find(name, Type.FLOAT)?.f ?? fallback;

  string(name: string, fallback: string): string {
    const attribute = this.find(name, Type.STRING);
    return attribute ? text(attribute.s) : fallback;
  }

  /** Lists are empty where the attribute is missing. */
  ints = (name: string): number[] => this.find(name, Type.INTS)?.ints.map(Number) ?? [];
  floats = (name: string): readonly number[] => this.find(name, Type.FLOATS)?.floats ?? [];
  strings = (name: string): string[] => this.find(name, Type.STRINGS)?.strings.map(text) ?? [];

  tensor(name: string): Constant | undefined {
    const tensor = this.find(name, Type.TENSOR)?.t;
    return tensor && readConstant(tensor, name);
  }

  /** Attributes that make no difference to inference. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.read.add(name);
  }

  unread = (): string[] => [...this.byName.keys()].filter((name) => !this.read.has(name));
}
