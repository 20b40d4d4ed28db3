// Incremental decoder of the chunked transfer coding (RFC 9112 §7.1): strict sizes, checked and dropped extensions, trailers.

import { CR, HEX_VALUE, IS_FIELD_VALUE, IS_TOKEN, LF } from '../exchange/grammar.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { NOT_IN_TRAILERS } from '../exchange/known-headers.ts';
import { type HeadLimits, HeadParser } from './head-parser.ts';
import { badFraming, ProtocolError } from './protocol-error.ts';

/** 2^52: far above any body, far below where doubles lose exactness. */
const SIZE_DIGITS_MAX = 13;

/** Bytes of extensions on one chunk, and on all chunks of a message: they carry nothing for us, only work. */
const EXTENSION_BYTES_MAX = 256;
const EXTENSION_BYTES_TOTAL_MAX = 16 * 1024;

const State = {
  SizeFirst: 0,
  Size: 1,
  ExtensionName: 2,
  ExtensionNameRest: 3,
  ExtensionValue: 4,
  ExtensionToken: 5,
  ExtensionQuoted: 6,
  ExtensionEscape: 7,
  ExtensionAfterQuote: 8,
  SizeLf: 9,
  Data: 10,
  DataCr: 11,
  DataLf: 12,
  Trailers: 13,
  Done: 14,
} as const;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Takes what `decode` finds; no object per chunk. */
export interface ChunkedSink {
  chunkedData(data: Buffer): void;
}

export class ChunkedDecoder {
  /** Set when `isDone`; undefined when the message has none. */
  trailers: HeaderBlock | undefined;
  private state: number = State.SizeFirst;
  private remaining = 0;
  private sizeDigits = 0;
  private extensionBytes = 0;
  private extensionBytesTotal = 0;
  private readonly trailerParser: HeadParser;

  constructor(limits: HeadLimits) {
    this.trailerParser = new HeadParser('trailers', limits);
  }

  get isDone(): boolean {
    return this.state === State.Done;
  }

  /** Decodes from `start`; returns the position after the last byte that belongs to the body. Throws a ProtocolError. */
  decode(chunk: Buffer, start: number, sink: ChunkedSink): number {
    let at = start;
    const end = chunk.length;
    while (at < end) {
      switch (this.state) {
        case State.Data: {
          const dataEnd = Math.min(end, at + this.remaining);
          this.remaining -= dataEnd - at;
          if (this.remaining === 0) this.state = State.DataCr;
          sink.chunkedData(at === 0 && dataEnd === end ? chunk : chunk.subarray(at, dataEnd));
          at = dataEnd;
          break;
        }
        case State.Trailers: {
          const length = this.trailerParser.feed(chunk, at);
          if (length === -1) return end;
          const headers = this.trailerParser.takeHeaders();
          if ((headers.known & NOT_IN_TRAILERS) !== 0)
            throw new ProtocolError(400, 'a trailer that belongs into the head');
          this.trailers = headers.toLines() === '' ? undefined : headers;
          this.state = State.Done;
          return at + length;
        }
        case State.Done:
          return at;
        default:
          this.step(chunk[at++] ?? 0);
      }
    }
    return at;
  }

  private step(byte: number): void {
    switch (this.state) {
      case State.SizeFirst:
      case State.Size:
        this.stepSize(byte);
        return;
      case State.SizeLf:
        if (byte !== LF) throw badFraming('CR without LF after a chunk size');
        this.state = this.remaining === 0 ? State.Trailers : State.Data;
        return;
      case State.DataCr:
        if (byte !== CR) throw badFraming('chunk data that is longer than its size');
        this.state = State.DataLf;
        return;
      case State.DataLf:
        if (byte !== LF) throw badFraming('CR without LF after chunk data');
        this.state = State.SizeFirst;
        return;
      default:
        this.stepExtension(byte);
    }
  }

  private stepSize(byte: number): void {
    const value = HEX_VALUE[byte] ?? 255;
    if (value !== 255) {
      if (this.state === State.SizeFirst) {
        this.remaining = 0;
        this.sizeDigits = 0;
        this.extensionBytes = 0;
        this.state = State.Size;
      }
      if (++this.sizeDigits > SIZE_DIGITS_MAX) throw badFraming('a chunk size that is too large');
      this.remaining = this.remaining * 16 + value;
      return;
    }
    if (this.state === State.SizeFirst) throw badFraming('a chunk without a size');
    if (byte === CR) this.state = State.SizeLf;
    else if (byte === SEMICOLON) this.startExtension();
    else throw badFraming('a malformed chunk size');
  }

  private stepExtension(byte: number): void {
    this.extensionBytes++;
    this.extensionBytesTotal++;
    if (this.extensionBytes > EXTENSION_BYTES_MAX || this.extensionBytesTotal > EXTENSION_BYTES_TOTAL_MAX)
      throw badFraming('chunk extensions that are too large');
    const isToken = IS_TOKEN[byte] === 1;
    switch (this.state) {
      case State.ExtensionName:
        if (!isToken) throw badFraming('a chunk extension without a name');
        this.state = State.ExtensionNameRest;
        return;
      case State.ExtensionNameRest:
        if (isToken) return;
        if (byte === EQUALS) this.state = State.ExtensionValue;
        else this.endExtension(byte);
        return;
      case State.ExtensionValue:
        if (byte === QUOTE) this.state = State.ExtensionQuoted;
        else if (isToken) this.state = State.ExtensionToken;
        else throw badFraming('a chunk extension without a value');
        return;
      case State.ExtensionToken:
        if (!isToken) this.endExtension(byte);
        return;
      case State.ExtensionQuoted:
        if (byte === QUOTE) this.state = State.ExtensionAfterQuote;
        else if (byte === BACKSLASH) this.state = State.ExtensionEscape;
        else if (IS_FIELD_VALUE[byte] !== 1) throw badFraming('a control byte in a chunk extension');
        return;
      case State.ExtensionEscape:
        if (IS_FIELD_VALUE[byte] !== 1) throw badFraming('a control byte in a chunk extension');
        this.state = State.ExtensionQuoted;
        return;
      case State.ExtensionAfterQuote:
        this.endExtension(byte);
        return;
      default:
        throw new Error('unreachable state of the chunked decoder');
    }
  }

  private endExtension(byte: number): void {
    if (byte === CR) this.state = State.SizeLf;
    else if (byte === SEMICOLON) this.startExtension();
    else throw badFraming('a malformed chunk extension');
  }

  private startExtension(): void {
    this.state = State.ExtensionName;
  }
}
