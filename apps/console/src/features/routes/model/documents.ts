// One text of several YAML documents: the route, and after it the policies that are attached to it.
import { isMap, parseDocument } from 'yaml';

/** A line that begins a document. Inside a block scalar it would end it, so looking at lines is enough. */
const MARKER = /^---(?=\s|$)/;

export interface DocumentPart {
  readonly text: string;
  /** Lines of the whole text before this part. */
  readonly linesBefore: number;
}

/** The parts of a text; put together they are the text again, character by character. */
export function splitDocuments(text: string): readonly DocumentPart[] {
  const parts: DocumentPart[] = [];
  let current = '';
  let begun = 0;
  text.split(/(?<=\n)/).forEach((line, index) => {
    if (MARKER.test(line) && hasContent(current)) {
      parts.push({ text: current, linesBefore: begun });
      current = '';
      begun = index;
    }
    current += line;
  });
  parts.push({ text: current, linesBefore: begun });
  return parts;
}

function hasContent(text: string): boolean {
  return text.split('\n').some((line) => line.trim() !== '' && !line.startsWith('#') && !MARKER.test(line));
}

/** Adds a document at the end. */
export function appendDocument(text: string, document: string): string {
  return `${text.endsWith('\n') || text === '' ? text : `${text}\n`}---\n${document}`;
}

export interface DocumentIdentity {
  readonly kind: string;
  readonly key: string;
  /** The same for two texts that say the same, whatever their layout. */
  readonly content: string;
}

const ALIASES_MAX = 100;

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Kind and key of each document that says them. */
export function identitiesOf(text: string): readonly DocumentIdentity[] {
  return splitDocuments(text).flatMap((part) => {
    const document = parseDocument(part.text);
    const root = document.errors.length > 0 ? null : document.contents;
    if (!isMap(root)) return [];
    const [kind, name, namespace] = [
      root.get('kind'),
      document.getIn(['metadata', 'name']),
      document.getIn(['metadata', 'namespace']) ?? 'default',
    ];
    if (typeof kind !== 'string' || typeof name !== 'string' || typeof namespace !== 'string') return [];
    const content = JSON.stringify(document.toJS({ maxAliasCount: ALIASES_MAX }), sorted);
    return [{ kind, key: `${kind}/${namespace}/${name}`, content }];
  });
}

/** The text with one object as it stands elsewhere; null takes it away. */
export function replaceDocument(text: string, key: string, yaml: string | null): string {
  const parts = splitDocuments(text);
  const at = parts.findIndex((part) => identitiesOf(part.text).some((identity) => identity.key === key));
  if (at === -1) return yaml === null ? text : appendDocument(text, yaml);
  const replaced = yaml === null ? '' : at === 0 ? yaml : `---\n${yaml}`;
  return parts.map((part, index) => (index === at ? replaced : part.text)).join('');
}

/** Revisions of a text's objects once it is applied: what says the same as before has not become newer. */
export function revisionsAfter(
  base: { readonly yaml: string; readonly revisions: Readonly<Record<string, number>> },
  text: string,
  revision: number,
): Readonly<Record<string, number>> {
  const before = new Map(identitiesOf(base.yaml).map(({ key, content }) => [key, content]));
  const newer = ({ key, content }: DocumentIdentity): number =>
    before.get(key) === content ? (base.revisions[key] ?? revision) : revision;
  return Object.fromEntries(identitiesOf(text).map((identity) => [identity.key, newer(identity)]));
}
