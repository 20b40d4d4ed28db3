// Reading OTLP's protobuf without building its messages: fields of a nested message, numbers, attributes.
import { BinaryReader, type WireType } from '@bufbuild/protobuf/wire';

const TWO_32 = 2 ** 32;
const NANOS_PER_MS = 1_000_000;
const LENGTH_DELIMITED: WireType = 2;

export class MalformedOtlp extends Error {
  override readonly name = 'MalformedOtlp';
}

/** The wire library's reader, with its bytes at hand. */
export class OtlpReader extends BinaryReader {
  constructor(readonly source: Uint8Array) {
    super(source);
  }
}

export type AttributeValue = string | number | boolean;
export type Attributes = Map<string, AttributeValue>;

/** Calls `field` for each field up to `end`; it must read the field and return true, or return false to have it skipped. */
export function readFields(
  reader: BinaryReader,
  end: number,
  field: (number: number, wireType: WireType) => boolean,
): void {
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    if (!field(number, wireType)) reader.skip(wireType, number);
  }
  if (reader.pos !== end) throw new MalformedOtlp('a nested message is longer than its parent');
}

/** End of the length-delimited field that begins here. */
export function nestedEnd(reader: BinaryReader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new MalformedOtlp('a nested message is longer than the request');
  return end;
}

/** A fixed64 as a number; NaN when it is beyond what a double holds exactly (or negative, for sfixed64). */
export function readFixed64(reader: BinaryReader): number {
  const low = reader.fixed32();
  const high = reader.fixed32();
  const value = high * TWO_32 + low;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** Unix nanoseconds as milliseconds with fractions (microseconds survive). */
export function readTimeMs(reader: BinaryReader): number {
  const low = reader.fixed32();
  const high = reader.fixed32();
  return nanosToMs((BigInt(high) << 32n) | BigInt(low));
}

export function nanosToMs(nanos: bigint): number {
  const ms = nanos / BigInt(NANOS_PER_MS);
  return Number(ms) + Number(nanos - ms * BigInt(NANOS_PER_MS)) / NANOS_PER_MS;
}

/** One KeyValue; arrays, maps and bytes are left out. */
export function readAttribute(reader: BinaryReader, into: Attributes): void {
  let key = '';
  let value: AttributeValue | undefined;
  readFields(reader, nestedEnd(reader), (field) => {
    if (field === 1) key = reader.string();
    else if (field === 2) value = readAnyValue(reader);
    else return false;
    return true;
  });
  if (key !== '' && value !== undefined) into.set(key, value);
}

function readAnyValue(reader: BinaryReader): AttributeValue | undefined {
  let value: AttributeValue | undefined;
  readFields(reader, nestedEnd(reader), (field) => {
    if (field === 1) value = reader.string();
    else if (field === 2) value = reader.bool();
    else if (field === 3) value = Number(reader.int64());
    else if (field === 4) value = reader.double();
    else return false;
    return true;
  });
  return value;
}

/** Attributes of a Resource message. */
export function readResource(reader: BinaryReader): Attributes {
  const attributes: Attributes = new Map();
  readFields(reader, nestedEnd(reader), (field, wireType) => {
    if (field !== 1 || wireType !== LENGTH_DELIMITED) return false;
    readAttribute(reader, attributes);
    return true;
  });
  return attributes;
}

export function text(attributes: Attributes, key: string): string {
  const value = attributes.get(key);
  return typeof value === 'string' ? value : '';
}

export function whole(attributes: Attributes, key: string): number {
  const value = attributes.get(key);
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
}

/** Reads a whole request; the wire library's errors become this module's. */
export function reading<T>(bytes: Uint8Array, read: (reader: OtlpReader) => T): T {
  try {
    return read(new OtlpReader(bytes));
  } catch (error) {
    if (error instanceof MalformedOtlp) throw error;
    throw new MalformedOtlp(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
