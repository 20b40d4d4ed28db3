// Framing of DeltaDiscoveryResponse by hand, so that a resource is encoded once and a finished response can be written to
// any number of streams.

/** Protobuf wire type of strings, bytes and messages. */
const LENGTH_DELIMITED = 2;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

export function field(number: number, body: Uint8Array): Buffer {
  const head = Buffer.from([...varint((number << 3) | LENGTH_DELIMITED), ...varint(body.length)]);
  return Buffer.concat([head, body]);
}

/** proto3: an empty string is not written. */
function text(number: number, value: string): Buffer {
  return value === '' ? Buffer.alloc(0) : field(number, Buffer.from(value, 'utf8'));
}

export interface Resource {
  readonly typeUrl: string;
  readonly name: string;
  readonly version: string;
  readonly any: Uint8Array;
}

/** DeltaDiscoveryResponse.resources (2) of Resource { version = 1, resource = 2 of Any { type_url = 1, value = 2 }, name = 3 } */
export function resourceChunk({ typeUrl, name, version, any }: Resource): Buffer {
  const packed = Buffer.concat([text(1, typeUrl), field(2, any)]);
  return field(2, Buffer.concat([text(1, version), field(2, packed), text(3, name)]));
}

export interface DeltaResponse {
  readonly systemVersion: string;
  readonly typeUrl: string;
  readonly nonce: string;
  /** Made by `resourceChunk`. */
  readonly chunks: readonly Buffer[];
  readonly removed: readonly string[];
}

/** DeltaDiscoveryResponse { system_version_info = 1, resources = 2, type_url = 4, nonce = 5, removed_resources = 6 } */
export function deltaResponse({ systemVersion, typeUrl, nonce, chunks, removed }: DeltaResponse): Buffer {
  return Buffer.concat([
    text(1, systemVersion),
    ...chunks,
    text(4, typeUrl),
    text(5, nonce),
    ...removed.map((name) => text(6, name)),
  ]);
}
