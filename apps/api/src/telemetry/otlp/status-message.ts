// google.rpc.Status on the wire: what OTLP/HTTP answers with instead of a response.
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export function encodeStatus(code: number, message: string): Uint8Array {
  return new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(code)
    .tag(2, WireType.LengthDelimited)
    .string(message)
    .finish();
}
