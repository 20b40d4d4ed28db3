// Resources from YAML or JSON text: one or many documents, every error with its line.
import { Composer, type CST, type Document, Lexer, LineCounter, Parser, type YAMLError } from 'yaml';
import { catalogue, type FindingCode } from './catalogue.ts';
import type { Finding } from './finding.ts';
import { keyOf, type Resource } from './resource.ts';
import { validateLocated } from './validate.ts';
import { expansionProblem, offsetOf, repeatedKeys } from './yaml-nodes.ts';

/** Characters of one input. */
export const INPUT_LENGTH_MAX = 4 * 1024 * 1024;
/** Documents of one input. */
export const DOCUMENTS_MAX = 50_000;
/** Open mappings and lists at one place of the text; no resource has a third of it. */
const NESTING_MAX = 100;
/** Findings of one input. */
const FINDINGS_MAX = 1000;

export interface ParsedDocument {
  readonly resource: Resource;
  /** 1-based line where the document's mapping begins. */
  readonly line: number;
}

export interface ParseResult {
  /** The valid ones, in the order of the text. */
  readonly resources: Resource[];
  readonly documents: ParsedDocument[];
  readonly errors: Finding[];
}

/** Never throws: whatever is wrong with the text is in `errors`. `source` names the file in findings. */
export function parseResources(text: string, source?: string): ParseResult {
  const parser = new ResourceParser(source);
  if (text.length > INPUT_LENGTH_MAX) {
    parser.add('MALHA1009', 1, `The input has ${text.length} characters; at most ${INPUT_LENGTH_MAX} are allowed.`);
    return parser.result;
  }
  parser.parse(text);
  return parser.result;
}

/** Composing recurses, and deep recursion can end the process (not only throw): so nesting is bounded before. */
class NestingError extends Error {
  constructor(readonly offset: number) {
    super(`The input is nested more than ${NESTING_MAX} deep.`);
  }
}

function* tokensOf(text: string, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > NESTING_MAX) throw new NestingError(parser.offset);
  }
  yield* parser.end();
}

class ResourceParser {
  readonly result: ParseResult = { resources: [], documents: [], errors: [] };
  readonly #source: string | undefined;
  readonly #lines = new LineCounter();
  readonly #lineOfKey = new Map<string, number>();

  constructor(source: string | undefined) {
    this.#source = source;
  }

  parse(text: string): void {
    try {
      // Keys are compared by our own check: the library's compares each with each.
      const composer = new Composer({ uniqueKeys: false, logLevel: 'silent' });
      let count = 0;
      for (const document of composer.compose(tokensOf(text, this.#lines))) {
        this.#document(document);
        if (++count < DOCUMENTS_MAX) continue;
        this.add('MALHA1009', this.#line(document.range[0]), `The input has more than ${DOCUMENTS_MAX} documents.`);
        return;
      }
    } catch (error) {
      if (!(error instanceof NestingError)) throw error;
      this.add('MALHA1009', this.#line(error.offset), error.message);
    }
  }

  #document(document: Document.Parsed): void {
    if (document.errors.length > 0) {
      for (const error of document.errors) this.#syntaxError(error);
      return;
    }
    if (document.contents === null) return; // an empty document, as after a trailing "---"
    if (!this.#isExpandable(document)) return;
    const value: unknown = document.toJS({ maxAliasCount: -1 });
    if (value === null) return;
    const result = validateLocated(value);
    if (!result.ok) {
      for (const { finding, at } of result.findings) this.#push(finding, this.#line(offsetOf(document, at)));
      return;
    }
    this.#accept(result.resource, this.#line(document.contents.range[0]));
  }

  #accept(resource: Resource, line: number): void {
    const key = keyOf(resource);
    const earlier = this.#lineOfKey.get(key);
    if (earlier !== undefined) {
      this.add('MALHA1010', line, `${key} is in the input already, at line ${earlier}.`);
      return;
    }
    this.#lineOfKey.set(key, line);
    this.result.resources.push(resource);
    this.result.documents.push({ resource, line });
  }

  #isExpandable(document: Document.Parsed): boolean {
    const problem = expansionProblem(document);
    if (problem !== undefined) this.add('MALHA1003', this.#line(problem.offset), problem.message);
    const repeated = repeatedKeys(document);
    for (const { offset, message } of repeated) this.add('MALHA1002', this.#line(offset), message);
    return problem === undefined && repeated.length === 0;
  }

  #syntaxError(error: YAMLError): void {
    const line = this.#line(error.pos[0]);
    if (error.code === 'BAD_ALIAS') this.add('MALHA1003', line, error.message);
    else this.add('MALHA1001', line, error.message);
  }

  #line(offset: number): number {
    return Math.max(1, this.#lines.linePos(offset).line);
  }

  add(code: FindingCode, line: number, message: string): void {
    const { severity, remedy } = catalogue[code];
    this.#push({ code, severity, path: '', message, remedy }, line);
  }

  #push(finding: Finding, line: number): void {
    if (this.result.errors.length >= FINDINGS_MAX) return;
    const withLine = { ...finding, line };
    this.result.errors.push(this.#source === undefined ? withLine : { ...withLine, source: this.#source });
  }
}
