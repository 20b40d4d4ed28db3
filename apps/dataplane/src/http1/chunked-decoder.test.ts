import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkedDecoder } from './chunked-decoder.ts';
import { HEAD_LIMITS } from './head-parser.ts';

function encode(chunks: readonly Uint8Array[], trailers: string): Buffer {
  const parts: Uint8Array[] = [];
  for (const chunk of chunks)
    if (chunk.length > 0) parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailers}\r\n`)]);
}

function decodeInPieces(bytes: Buffer, pieceLength: number): { body: Buffer; decoder: ChunkedDecoder; left: number } {
  const decoder = new ChunkedDecoder(HEAD_LIMITS);
  const parts: Buffer[] = [];
  const sink = { chunkedData: (data: Buffer) => void parts.push(Buffer.from(data)) };
  for (let start = 0; start < bytes.length; start += pieceLength) {
    const piece = bytes.subarray(start, start + pieceLength);
    const end = decoder.decode(piece, 0, sink);
    if (decoder.isDone) return { body: Buffer.concat(parts), decoder, left: bytes.length - start - end };
  }
  return { body: Buffer.concat(parts), decoder, left: 0 };
}

describe('ChunkedDecoder', () => {
  it('gives back what was encoded, wherever the bytes are cut, and leaves what follows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 400 }),
        (chunks, pieceLength) => {
          const bytes = Buffer.concat([encode(chunks, 'a: b\r\n'), Buffer.from('next')]);
          const { body, decoder, left } = decodeInPieces(bytes, pieceLength);
          expect(body.equals(Buffer.concat(chunks))).toBe(true);
          expect(decoder.isDone).toBe(true);
          expect(decoder.trailers?.get('a')).toBe('b');
          expect(left).toBe(4);
        },
      ),
    );
  });

  it('has no trailers when none came', () => {
    expect(decodeInPieces(encode([], ''), 1).decoder.trailers).toBeUndefined();
  });

  it('bounds the extensions of a whole message', () => {
    const chunk = Buffer.from(`1;a=${'b'.repeat(200)}\r\nx\r\n`);
    const decoder = new ChunkedDecoder(HEAD_LIMITS);
    expect(() => {
      for (let count = 0; count < 1000; count++) decoder.decode(chunk, 0, { chunkedData: () => undefined });
    }).toThrow('chunk extensions');
  });
});
