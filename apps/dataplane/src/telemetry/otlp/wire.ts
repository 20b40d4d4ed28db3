// Small pieces of OTLP's protobuf encoding, on the wire library's writer: attributes, fixed numbers, times.
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

const TWO_32 = 2 ** 32;
const NANOS_PER_MICRO = 1000n;

export type AttributeValue = string | number | boolean;

/** A length-delimited field that `body` fills. */
export function message(writer: BinaryWriter, field: number, body: (writer: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  body(writer);
  writer.join();
}

export function stringField(writer: BinaryWriter, field: number, value: string): void {
  if (value !== '') writer.tag(field, WireType.LengthDelimited).string(value);
}

/** fixed64 or sfixed64 of a whole number that is not negative. */
export function fixed64Field(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Bit64);
  fixed64(writer, value);
}

export function fixed64(writer: BinaryWriter, value: number): void {
  writer.fixed32(value % TWO_32).fixed32(Math.floor(value / TWO_32));
}

/** Unix nanoseconds of a time in milliseconds, to the microsecond. */
export function timeField(writer: BinaryWriter, field: number, timeMs: number): void {
  writer.tag(field, WireType.Bit64).fixed64(BigInt(Math.round(timeMs * 1000)) * NANOS_PER_MICRO);
}

/** A KeyValue; empty strings are left out, as absent and empty mean the same to the receiver. */
export function attribute(writer: BinaryWriter, field: number, key: string, value: AttributeValue): void {
  if (value === '') return;
  message(writer, field, (pair) => {
    pair.tag(1, WireType.LengthDelimited).string(key);
    message(pair, 2, (any) => anyValue(any, value));
  });
}

function anyValue(writer: BinaryWriter, value: AttributeValue): void {
  if (typeof value === 'string') writer.tag(1, WireType.LengthDelimited).string(value);
  else if (typeof value === 'boolean') writer.tag(2, WireType.Varint).bool(value);
  else if (Number.isSafeInteger(value)) writer.tag(3, WireType.Varint).int64(value);
  else writer.tag(4, WireType.Bit64).double(value);
}

export function encode(body: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  body(writer);
  return writer.finish();
}
