// Reading zod schemas as data: which fields a place in a resource has.
import { z } from 'zod';

/** A schema without optional and default around it. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional ? unwrap(schema.def.innerType) : schema;
}

function isDiscriminated(option: z.core.$ZodType, discriminator: string, value: unknown): boolean {
  const inner = unwrap(option);
  if (!(inner instanceof z.ZodObject)) return false;
  const literal = unwrap(inner.def.shape[discriminator] ?? z.never());
  return literal instanceof z.ZodLiteral && literal.def.values.includes(value as never);
}

/** The schema that governs `value`: of a union, the option that its discriminator chooses. */
function choose(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodDiscriminatedUnion)) return inner;
  const { discriminator, options } = inner.def;
  const chosen = isRecord(value) ? value[discriminator] : undefined;
  return options.find((option) => isDiscriminated(option, discriminator, chosen)) ?? inner;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names of the fields that the object at `path` may have; empty where it has free keys or is no object. */
export function fieldsAt(schema: z.core.$ZodType, value: unknown, path: readonly PropertyKey[]): readonly string[] {
  let current = choose(schema, value);
  let at = value;
  for (const key of path) {
    const next = childSchema(current, key);
    if (next === undefined) return [];
    at = isRecord(at) || Array.isArray(at) ? Reflect.get(at, key) : undefined;
    current = choose(next, at);
  }
  return current instanceof z.ZodObject ? Object.keys(current.def.shape) : [];
}

function childSchema(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.def.shape[String(key)];
  if (schema instanceof z.ZodArray) return schema.def.element;
  return schema instanceof z.ZodRecord ? schema.def.valueType : undefined;
}

/** The same value with fields in the order of the schema and free keys in alphabetical order. */
export function inSchemaOrder(schema: z.core.$ZodType, value: unknown): unknown {
  const chosen = choose(schema, value);
  if (Array.isArray(value)) {
    return chosen instanceof z.ZodArray ? value.map((item) => inSchemaOrder(chosen.def.element, item)) : value;
  }
  if (!isRecord(value)) return value;
  const names = chosen instanceof z.ZodObject ? Object.keys(chosen.def.shape) : Object.keys(value).sort();
  const ordered: [string, unknown][] = [];
  for (const name of names) {
    const child = childSchema(chosen, name);
    const item = value[name];
    if (item !== undefined) ordered.push([name, child === undefined ? item : inSchemaOrder(child, item)]);
  }
  return Object.fromEntries(ordered);
}
