// Incremental, strict parser of HTTP/1.1 message heads and trailer sections (RFC 9112 §2–§5): each byte is looked at once.

import { COLON, CR, IS_DIGIT, IS_FIELD_VALUE, IS_TARGET, IS_TOKEN, LF, SP, TAB } from '../exchange/grammar.ts';
import { FIELD_STRIDE, HeaderBlock } from '../exchange/header-block.ts';
import { CONTENT_LENGTH, DISGUISED, knownHeaderInBytes, TRANSFER_ENCODING } from '../exchange/known-headers.ts';
import { badFraming, ProtocolError } from './protocol-error.ts';

export interface HeadLimits {
  /** Bytes of a whole head, with its empty line. */
  readonly headBytesMax: number;
  readonly headersMax: number;
  readonly targetBytesMax: number;
}

export const HEAD_LIMITS: HeadLimits = { headBytesMax: 60 * 1024, headersMax: 100, targetBytesMax: 16 * 1024 };

/** Longest registered method is 17 bytes; anything near this bound is not a method. */
const METHOD_BYTES_MAX = 64;

/** Empty lines that a client may send before a request line (RFC 9112 §2.2). */
const LEADING_EMPTY_LINES_MAX = 4;

const State = {
  Start: 0,
  StartCr: 1,
  Method: 2,
  Target: 3,
  RequestVersion: 4,
  ResponseVersion: 5,
  StatusCode: 6,
  Reason: 7,
  StartLineLf: 8,
  LineStart: 9,
  Name: 10,
  BeforeValue: 11,
  Value: 12,
  ValueLf: 13,
  EndLf: 14,
} as const;

const FRAMING = CONTENT_LENGTH | TRANSFER_ENCODING;

const VERSION_PREFIX = Buffer.from('HTTP/');
const VERSION_LENGTH = 8;

export type HeadKind = 'request' | 'response' | 'trailers';

/** After `feed` returned a length, the fields describe the head; `takeHeaders` hands its block out. */
export class HeadParser {
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  versionMinor = 1;
  status = 0;
  statusStart = 0;
  /** End of the start line, before its CRLF. */
  startLineEnd = 0;
  /** First byte of the message proper, after tolerated empty lines. */
  messageStart = 0;
  /** Known headers that came on more than one line. */
  repeated = 0;
  /** The head as text (latin1), set when complete; offsets above are into it. */
  text = '';

  private readonly kind: HeadKind;
  private readonly limits: HeadLimits;
  private state: number = State.Start;
  private position = 0;
  private partial: Buffer | undefined;
  private partialLength = 0;
  private headersStart = 0;
  private headersEnd = 0;
  private nameStart = 0;
  private valueStart = 0;
  private nameBit = 0;
  private emptyLines = 0;
  private known = 0;
  private fields: number[] = [];

  constructor(kind: HeadKind, limits: HeadLimits) {
    this.kind = kind;
    this.limits = limits;
    this.reset();
  }

  /** Whether some bytes of a head have come, but not all. */
  get isPartial(): boolean {
    return this.position > 0;
  }

  reset(): void {
    this.state = this.kind === 'trailers' ? State.LineStart : State.Start;
    this.position = 0;
    this.partial = undefined;
    this.partialLength = 0;
    this.messageStart = 0;
    this.headersStart = 0;
    this.emptyLines = 0;
    this.known = 0;
    this.repeated = 0;
    this.fields = [];
    this.text = '';
  }

  /**
   * Takes bytes of `chunk` from `start`. Returns how many of them belong to the head once it is complete, or -1 when
   * all were taken and more must come. Throws a ProtocolError.
   */
  feed(chunk: Buffer, start: number): number {
    if (this.partial === undefined) {
      const headEnd = this.scan(chunk, start, chunk.length);
      if (headEnd === -1) {
        this.keepPartial(chunk, start);
        return -1;
      }
      this.text = chunk.toString('latin1', start, start + headEnd);
      return headEnd;
    }
    const before = this.partialLength;
    this.keepPartial(chunk, start);
    const partial = this.partial;
    const headEnd = this.scan(partial, 0, this.partialLength);
    if (headEnd === -1) return -1;
    this.text = partial.toString('latin1', 0, headEnd);
    return headEnd - before;
  }

  takeHeaders(): HeaderBlock {
    return HeaderBlock.overText(this.text, this.fields, this.headersStart, this.headersEnd, this.known);
  }

  private keepPartial(chunk: Buffer, start: number): void {
    const { headBytesMax } = this.limits;
    const wanted = Math.min(this.partialLength + chunk.length - start, headBytesMax + 1);
    if (this.partial === undefined || this.partial.length < wanted) {
      const grown = Buffer.allocUnsafeSlow(Math.min(headBytesMax + 1, Math.max(1024, wanted * 2)));
      this.partial?.copy(grown, 0, 0, this.partialLength);
      this.partial = grown;
    }
    chunk.copy(this.partial, this.partialLength, start, start + wanted - this.partialLength);
    this.partialLength = wanted;
  }

  /** Runs the state machine from where it stopped; positions are relative to `base`, the start of the head. */
  private scan(buffer: Buffer, base: number, available: number): number {
    const limit = this.limits.headBytesMax;
    const end = Math.min(available - base, limit);
    let at = this.position;
    for (;;) {
      if (at >= end) {
        this.position = at;
        if (at >= limit) throw this.tooLarge();
        return -1;
      }
      switch (this.state) {
        case State.Start:
          at = this.scanStart(buffer, base, at);
          break;
        case State.StartCr:
          if (buffer[base + at] !== LF) throw bad('CR without LF before the start line');
          at++;
          this.messageStart = at;
          this.state = State.Start;
          break;
        case State.Method:
          at = this.scanMethod(buffer, base, at, end);
          break;
        case State.Target:
          at = this.scanTarget(buffer, base, at, end);
          break;
        case State.RequestVersion:
          if (end - at < VERSION_LENGTH + 1) {
            at = this.waitForVersion(buffer, base, at, end);
            if (at === -1) return -1;
          } else at = this.scanRequestVersion(buffer, base, at);
          break;
        case State.ResponseVersion:
          if (end - at < VERSION_LENGTH + 1) {
            at = this.waitForVersion(buffer, base, at, end);
            if (at === -1) return -1;
          } else at = this.scanResponseVersion(buffer, base, at);
          break;
        case State.StatusCode:
          at = this.scanStatus(buffer, base, at, end);
          break;
        case State.Reason:
          while (at < end && IS_FIELD_VALUE[buffer[base + at] ?? 0] === 1) at++;
          if (at >= end) break;
          if (buffer[base + at] !== CR) throw bad('a control byte in the reason phrase');
          this.startLineEnd = at++;
          this.state = State.StartLineLf;
          break;
        case State.StartLineLf:
          if (buffer[base + at] !== LF) throw bad('CR without LF at the end of the start line');
          at++;
          this.headersStart = at;
          this.state = State.LineStart;
          break;
        case State.LineStart: {
          const byte = buffer[base + at] ?? 0;
          if (byte === CR) {
            this.headersEnd = at++;
            this.state = State.EndLf;
          } else if (IS_TOKEN[byte] === 1) {
            if (this.fields.length >= this.limits.headersMax * FIELD_STRIDE)
              throw new ProtocolError(431, 'too many headers');
            this.nameStart = at++;
            this.state = State.Name;
          } else throw bad(byte === SP || byte === TAB ? 'a folded header line' : 'a header line without a name');
          break;
        }
        case State.Name:
          while (at < end && IS_TOKEN[buffer[base + at] ?? 0] === 1) at++;
          if (at >= end) break;
          if (buffer[base + at] !== COLON) throw bad('a header name that is not a token');
          this.endName(buffer, base, at++);
          break;
        case State.BeforeValue: {
          const byte = buffer[base + at] ?? 0;
          if (byte === SP || byte === TAB) {
            at++;
            break;
          }
          this.valueStart = at;
          this.state = State.Value;
          break;
        }
        case State.Value:
          while (at < end && IS_FIELD_VALUE[buffer[base + at] ?? 0] === 1) at++;
          if (at >= end) break;
          if (buffer[base + at] !== CR) throw bad('a control byte in a header value');
          this.endValue(buffer, base, at++);
          break;
        case State.ValueLf:
          if (buffer[base + at] !== LF) throw bad('CR without LF in a header');
          at++;
          this.state = State.LineStart;
          break;
        case State.EndLf:
          if (buffer[base + at] !== LF) throw bad('CR without LF at the end of the head');
          this.position = 0;
          return at + 1;
        default:
          throw new Error('unreachable state of the head parser');
      }
    }
  }

  private scanStart(buffer: Buffer, base: number, at: number): number {
    const byte = buffer[base + at] ?? 0;
    if (this.kind === 'response') {
      this.state = State.ResponseVersion;
      return at;
    }
    if (byte === CR) {
      if (++this.emptyLines > LEADING_EMPTY_LINES_MAX) throw bad('too many empty lines before the request line');
      this.state = State.StartCr;
      return at + 1;
    }
    if (IS_TOKEN[byte] !== 1) throw bad('a request line that does not start with a method');
    this.state = State.Method;
    return at + 1;
  }

  private scanMethod(buffer: Buffer, base: number, at: number, end: number): number {
    while (at < end && IS_TOKEN[buffer[base + at] ?? 0] === 1) at++;
    if (at - this.messageStart > METHOD_BYTES_MAX) throw bad('a method that is too long');
    if (at >= end) return at;
    if (buffer[base + at] !== SP) throw bad('a method that is not a token');
    this.methodEnd = at;
    this.targetStart = at + 1;
    this.state = State.Target;
    return at + 1;
  }

  private scanTarget(buffer: Buffer, base: number, at: number, end: number): number {
    while (at < end && IS_TARGET[buffer[base + at] ?? 0] === 1) at++;
    if (at - this.targetStart > this.limits.targetBytesMax)
      throw new ProtocolError(414, 'a request target that is too long');
    if (at >= end) return at;
    if (buffer[base + at] !== SP || at === this.targetStart) throw bad('a malformed request target');
    this.targetEnd = at;
    this.state = State.RequestVersion;
    return at + 1;
  }

  /** Versions are short: they are looked at whole, but a byte that can never become one is refused at once. */
  private waitForVersion(buffer: Buffer, base: number, at: number, end: number): number {
    for (let index = 0; at + index < end && index < VERSION_PREFIX.length; index++)
      if (buffer[base + at + index] !== VERSION_PREFIX[index]) throw this.withoutVersion(buffer, base);
    for (let index = VERSION_PREFIX.length; at + index < end; index++) {
      const byte = buffer[base + at + index] ?? 0;
      if (byte <= SP || byte >= 0x7f) throw bad('a malformed HTTP version');
    }
    this.position = at;
    return -1;
  }

  private scanRequestVersion(buffer: Buffer, base: number, at: number): number {
    if (!startsWithHttp(buffer, base + at)) throw this.withoutVersion(buffer, base);
    this.versionMinor = parseVersion(buffer, base + at);
    at += VERSION_LENGTH;
    if (buffer[base + at] !== CR) throw bad('bytes after the HTTP version');
    this.startLineEnd = at;
    this.state = State.StartLineLf;
    return at + 1;
  }

  private scanResponseVersion(buffer: Buffer, base: number, at: number): number {
    this.versionMinor = parseVersion(buffer, base + at);
    at += VERSION_LENGTH;
    if (buffer[base + at] !== SP) throw bad('a status line without a status');
    this.statusStart = at + 1;
    this.status = 0;
    this.state = State.StatusCode;
    return at + 1;
  }

  private scanStatus(buffer: Buffer, base: number, at: number, end: number): number {
    while (at < end && at - this.statusStart < 3) {
      const byte = buffer[base + at] ?? 0;
      if (IS_DIGIT[byte] !== 1) throw bad('a status that is not three digits');
      this.status = this.status * 10 + byte - 0x30;
      at++;
    }
    if (at >= end) return at;
    if (this.status < 100 || this.status > 599) throw bad('a status outside 100 to 599');
    const byte = buffer[base + at];
    if (byte === CR) {
      this.startLineEnd = at;
      this.state = State.StartLineLf;
    } else if (byte === SP) this.state = State.Reason;
    else throw bad('a status that is not three digits');
    return at + 1;
  }

  private endName(buffer: Buffer, base: number, at: number): void {
    const bit = knownHeaderInBytes(buffer, base + this.nameStart, base + at);
    if (bit === DISGUISED) throw badFraming('a header name that could be taken for another');
    this.repeated |= this.known & bit;
    this.nameBit = bit;
    this.known |= bit;
    this.fields.push(this.nameStart, at);
    this.state = State.BeforeValue;
  }

  private endValue(buffer: Buffer, base: number, at: number): void {
    let valueEnd = at;
    while (valueEnd > this.valueStart) {
      const byte = buffer[base + valueEnd - 1];
      if (byte !== SP && byte !== TAB) break;
      valueEnd--;
    }
    // Whitespace other than spaces around what frames the message is legal, and read differently by common parsers.
    if ((this.nameBit & FRAMING) !== 0 && this.hasTab(buffer, base, valueEnd, at))
      throw badFraming('a tab in a framing header');
    this.fields.push(this.valueStart, valueEnd);
    this.state = State.ValueLf;
  }

  private hasTab(buffer: Buffer, base: number, valueEnd: number, lineEnd: number): boolean {
    const colon = this.fields[this.fields.length - 1] ?? 0;
    for (let at = colon; at < this.valueStart; at++) if (buffer[base + at] === TAB) return true;
    for (let at = valueEnd; at < lineEnd; at++) if (buffer[base + at] === TAB) return true;
    return false;
  }

  /** With a target that no form of HTTP/1.1 knows either, it is another protocol, as a broken preface of HTTP/2. */
  private withoutVersion(buffer: Buffer, base: number): ProtocolError {
    const first = (buffer[base + this.targetStart] ?? 0) | 0x20;
    const isTarget = first === 0x2f || first === 0x2a || first === 0x68;
    return new ProtocolError(400, 'a start line without an HTTP version', isTarget ? 'malformed' : 'not-http');
  }

  private tooLarge(): ProtocolError {
    if (this.kind === 'request' && this.headersStart === 0)
      return new ProtocolError(414, 'a request line that is too long');
    return new ProtocolError(431, 'a head that is too large');
  }
}

function startsWithHttp(buffer: Buffer, at: number): boolean {
  for (let index = 0; index < VERSION_PREFIX.length; index++)
    if (buffer[at + index] !== VERSION_PREFIX[index]) return false;
  return true;
}

/** 0 or 1: the minor version of HTTP/1. */
function parseVersion(buffer: Buffer, at: number): number {
  if (!startsWithHttp(buffer, at)) throw bad('a start line without an HTTP version');
  const major = buffer[at + 5] ?? 0;
  const minor = buffer[at + 7] ?? 0;
  if (IS_DIGIT[major] !== 1 || buffer[at + 6] !== 0x2e || IS_DIGIT[minor] !== 1) throw bad('a malformed HTTP version');
  if (major !== 0x31 || minor > 0x31) throw new ProtocolError(505, 'an HTTP version other than 1.0 and 1.1');
  return minor - 0x30;
}

function bad(reason: string): ProtocolError {
  return new ProtocolError(400, reason);
}
