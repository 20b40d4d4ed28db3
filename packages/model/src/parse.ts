// Resources from YAML or JSON text: one or many documents, every error with its line.
import { type Document, LineCounter, parseAllDocuments, type YAMLError } from 'yaml';
import { catalogue, type FindingCode } from './catalogue.ts';
import type { Finding } from './finding.ts';
import { keyOf, type Resource } from './resource.ts';
import { validateLocated } from './validate.ts';
import { aliasProblem, isSameKey, offsetOf } from './yaml-nodes.ts';

/** Characters of one input. */
export const INPUT_LENGTH_MAX = 16 * 1024 * 1024;
/** Documents of one input. */
export const DOCUMENTS_MAX = 50_000;
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
  try {
    parser.parse(text);
  } catch (error) {
    // The parser recurses: only absurd nesting gets here.
    if (!(error instanceof RangeError)) throw error;
    parser.add('MALHA1009', 1, 'The input is nested too deeply.');
  }
  return parser.result;
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
    const documents = parseAllDocuments(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      uniqueKeys: isSameKey,
      logLevel: 'silent',
    });
    if (documents.length > DOCUMENTS_MAX) {
      this.add('MALHA1009', 1, `The input has ${documents.length} documents; at most ${DOCUMENTS_MAX} are allowed.`);
      return;
    }
    for (const document of documents) this.#document(document);
  }

  #document(document: Document.Parsed): void {
    if (document.errors.length > 0) {
      for (const error of document.errors) this.#syntaxError(error);
      return;
    }
    if (document.contents === null) return; // an empty document, as after a trailing "---"
    const value = this.#toValue(document);
    if (value === undefined || value === null) return;
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

  #toValue(document: Document.Parsed): unknown {
    const problem = aliasProblem(document);
    if (problem === undefined) return document.toJS({ maxAliasCount: -1 });
    this.add('MALHA1003', this.#line(problem.offset), problem.message);
    return undefined;
  }

  #syntaxError(error: YAMLError): void {
    const line = this.#line(error.pos[0]);
    if (error.code === 'DUPLICATE_KEY') this.add('MALHA1002', line, 'The same key appears twice in one mapping.');
    else if (error.code === 'RESOURCE_EXHAUSTION') this.add('MALHA1009', line, error.message);
    else if (error.code === 'BAD_ALIAS') this.add('MALHA1003', line, error.message);
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
