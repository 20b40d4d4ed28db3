// Strict reading of protobuf messages: a field that the proxy does not honour is an error with its path, never ignored.
import { type DescField, type DescMessage, fromBinary, isFieldSet, type MessageShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';

/** Refusal of one resource; becomes the text of a NACK. */
export class ResourceError extends Error {
  readonly code = 'MALHA4701';

  constructor(
    /** Path of the field, as in the .proto: `virtual_hosts[0].routes[2].match`. */
    readonly field: string,
    readonly detail: string,
  ) {
    super(field === '' ? detail : `${field}: ${detail}`);
    this.name = 'ResourceError';
  }
}

export type Check<D extends DescMessage> = (message: MessageShape<D>, path: string) => void;

/** A check that no field but the named ones (TypeScript names) is set, known or not. */
export function onlyFields<D extends DescMessage>(schema: D, names: readonly string[]): Check<D> {
  const supported = new Set(names);
  for (const name of names) {
    const known = schema.fields.some((field) => keyOf(field) === name);
    if (!known) throw new TypeError(`${schema.typeName} has no field ${name}`);
  }
  const refused = schema.fields.filter((field) => !supported.has(keyOf(field)));
  return (message, path) => {
    for (const field of refused) {
      if (isFieldSet(message, field)) throw new ResourceError(join(path, field.name), 'not supported by this proxy');
    }
    const unknown = message.$unknown?.[0];
    if (unknown !== undefined) throw new ResourceError(path, `unknown field number ${unknown.no}`);
  };
}

/** Members of a oneof are named one by one: `match.prefix` may be honoured and `match.connect_matcher` not. */
function keyOf(field: DescField): string {
  return field.localName;
}

export function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

export function required<T>(value: T | undefined, path: string): T {
  if (value === undefined) throw new ResourceError(path, 'missing');
  return value;
}

/** The message in an Any field, which has to be of the given type. */
export function unpack<D extends DescMessage>(schema: D, any: Any | undefined, path: string): MessageShape<D> {
  const present = required(any, path);
  const type = present.typeUrl.slice(present.typeUrl.lastIndexOf('/') + 1);
  if (type !== schema.typeName) throw new ResourceError(path, `${type} is not supported here, only ${schema.typeName}`);
  return decodeMessage(schema, present.value, path);
}

export function decodeMessage<D extends DescMessage>(schema: D, bytes: Uint8Array, path: string): MessageShape<D> {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    throw unreadable(schema, path, error);
  }
}

export function unreadable(schema: DescMessage, path: string, cause: unknown): ResourceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ResourceError(path, `not a ${schema.typeName}: ${reason}`);
}
