// The headers of one message: read lazily from the bytes they came in, changed by splices, re-emitted otherwise untouched.
import { knownHeader } from './known-headers.ts';

/** Numbers per field in `fields`: line start, colon, value start, value end (value without surrounding whitespace). */
export const FIELD_STRIDE = 4;

export interface FieldVisitor {
  field(name: string, value: string): void;
}

/** Value start of a field that has been removed. */
const REMOVED = -1;

/**
 * Names are looked up in lower case. A block from HTTP/1.1 keeps its text (latin1, one char per byte) and only
 * offsets into it; a block from a list of names and values (HTTP/2, our own responses) has no text at all.
 */
export class HeaderBlock {
  /** Bits of `known-headers.ts` that are (or have been) present; 0 is a sure "none of them". */
  known: number;
  private readonly text: string;
  private readonly fields: number[];
  private readonly linesStart: number;
  private readonly linesEnd: number;
  private removedCount = 0;
  /** name, value, name, value …, after the lines of the text. */
  private added: string[] | undefined;

  private constructor(text: string, fields: number[], linesStart: number, linesEnd: number, known: number) {
    this.text = text;
    this.fields = fields;
    this.linesStart = linesStart;
    this.linesEnd = linesEnd;
    this.known = known;
  }

  /** Over validated header lines: `text` from `linesStart` to `linesEnd`, each line ended by CRLF. */
  static overText(text: string, fields: number[], linesStart: number, linesEnd: number, known: number): HeaderBlock {
    return new HeaderBlock(text, fields, linesStart, linesEnd, known);
  }

  /** From name, value, name, value …; the names in lower case. */
  static fromList(list: readonly string[]): HeaderBlock {
    const block = new HeaderBlock('', [], 0, 0, 0);
    for (let index = 0; index + 1 < list.length; index += 2) block.add(list[index] ?? '', list[index + 1] ?? '');
    return block;
  }

  /** Over name, value, name, value …, checked before (see `field-list.ts`); the block owns the list from now on. */
  static overList(list: string[], known: number): HeaderBlock {
    const block = new HeaderBlock('', [], 0, 0, known);
    block.added = list;
    return block;
  }

  /** A copy that changes by itself. */
  clone(): HeaderBlock {
    const copy = new HeaderBlock(this.text, [...this.fields], this.linesStart, this.linesEnd, this.known);
    copy.removedCount = this.removedCount;
    copy.added = this.added === undefined ? undefined : [...this.added];
    return copy;
  }

  /** The value, several joined by `, `; undefined when absent. */
  get(name: string): string | undefined {
    const bit = knownHeader(name);
    if (bit !== 0 && (this.known & bit) === 0) return undefined;
    let value: string | undefined;
    const { fields } = this;
    for (let at = 0; at < fields.length; at += FIELD_STRIDE) {
      if (!this.isField(at, name)) continue;
      const next = this.text.slice(fields[at + 2], fields[at + 3]);
      value = value === undefined ? next : `${value}, ${next}`;
    }
    const { added } = this;
    if (added === undefined) return value;
    for (let index = 0; index < added.length; index += 2) {
      if (added[index] !== name) continue;
      const next = added[index + 1] ?? '';
      value = value === undefined ? next : `${value}, ${next}`;
    }
    return value;
  }

  has(name: string): boolean {
    const bit = knownHeader(name);
    if (bit !== 0 && (this.known & bit) === 0) return false;
    for (let at = 0; at < this.fields.length; at += FIELD_STRIDE) if (this.isField(at, name)) return true;
    const { added } = this;
    if (added === undefined) return false;
    for (let index = 0; index < added.length; index += 2) if (added[index] === name) return true;
    return false;
  }

  /** How many lines carry this name; a repeated header is not the same as a list. */
  count(name: string): number {
    let lines = 0;
    for (let at = 0; at < this.fields.length; at += FIELD_STRIDE) if (this.isField(at, name)) lines++;
    const { added } = this;
    if (added !== undefined) for (let index = 0; index < added.length; index += 2) if (added[index] === name) lines++;
    return lines;
  }

  /** Replaces every line of this name by one. Throws on a value that could end the line. */
  set(name: string, value: string): void {
    this.remove(name);
    this.add(name, value);
  }

  add(name: string, value: string): void {
    assertFieldValue(name, value);
    this.known |= knownHeader(name);
    if (this.added === undefined) this.added = [name, value];
    else this.added.push(name, value);
  }

  remove(name: string): void {
    const bit = knownHeader(name);
    if (bit !== 0) {
      if ((this.known & bit) === 0) return;
      this.known &= ~bit;
    }
    const { fields } = this;
    for (let at = 0; at < fields.length; at += FIELD_STRIDE) {
      if (!this.isField(at, name)) continue;
      fields[at + 2] = REMOVED;
      this.removedCount++;
    }
    const { added } = this;
    if (added === undefined) return;
    for (let index = added.length - 2; index >= 0; index -= 2) if (added[index] === name) added.splice(index, 2);
  }

  /** All fields in order, names in lower case, without those called `except`. */
  visit(visitor: FieldVisitor, except: string): void {
    const { fields, text, added } = this;
    for (let at = 0; at < fields.length; at += FIELD_STRIDE) {
      if (fields[at + 2] === REMOVED) continue;
      const name = text.slice(fields[at], fields[at + 1]).toLowerCase();
      if (name !== except) visitor.field(name, text.slice(fields[at + 2], fields[at + 3]));
    }
    if (added === undefined) return;
    for (let index = 0; index < added.length; index += 2) {
      const name = added[index] ?? '';
      if (name !== except) visitor.field(name, added[index + 1] ?? '');
    }
  }

  /** All fields in order; names in lower case. Slow: for dumps and tests. */
  *entries(): IterableIterator<[name: string, value: string]> {
    const { fields, text } = this;
    for (let at = 0; at < fields.length; at += FIELD_STRIDE) {
      if (fields[at + 2] === REMOVED) continue;
      yield [text.slice(fields[at], fields[at + 1]).toLowerCase(), text.slice(fields[at + 2], fields[at + 3])];
    }
    const { added } = this;
    if (added === undefined) return;
    for (let index = 0; index < added.length; index += 2) yield [added[index] ?? '', added[index + 1] ?? ''];
  }

  /** Header lines as HTTP/1.1 sends them, without the empty line at the end. */
  toLines(): string {
    let lines = this.removedCount === 0 ? this.text.slice(this.linesStart, this.linesEnd) : this.keptLines();
    const { added } = this;
    if (added !== undefined)
      for (let index = 0; index < added.length; index += 2) lines += `${added[index]}: ${added[index + 1]}\r\n`;
    return lines;
  }

  /** Runs of neighbouring kept lines, each copied as one slice. */
  private keptLines(): string {
    const { fields, text } = this;
    let lines = '';
    let runStart = -1;
    for (let at = 0; at < fields.length; at += FIELD_STRIDE) {
      const start = fields[at] ?? 0;
      if (fields[at + 2] !== REMOVED) {
        if (runStart === -1) runStart = start;
      } else if (runStart !== -1) {
        lines += text.slice(runStart, start);
        runStart = -1;
      }
    }
    return runStart === -1 ? lines : lines + text.slice(runStart, this.linesEnd);
  }

  private isField(at: number, name: string): boolean {
    const { fields, text } = this;
    const start = fields[at] ?? 0;
    if ((fields[at + 1] ?? 0) - start !== name.length || fields[at + 2] === REMOVED) return false;
    for (let index = 0; index < name.length; index++) {
      let code = text.charCodeAt(start + index);
      if (code >= 65 && code <= 90) code |= 32;
      if (code !== name.charCodeAt(index)) return false;
    }
    return true;
  }
}

/** A field that would let its value end the line must never be emitted, whoever made it. */
function assertFieldValue(name: string, value: string): void {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if ((code < 32 && code !== 9) || code === 127 || code > 255)
      throw new TypeError(`the value of header ${name} holds a byte that a header cannot carry`);
  }
}
