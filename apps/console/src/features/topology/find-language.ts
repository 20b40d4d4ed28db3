// The language of Find and Hide: `rps > 10`, `errors > 1%`, `!healthy and ns = bookstore`, `reviews`.

export interface Facts {
  readonly kind: 'node' | 'edge';
  /** Names that a bare word is looked for in, lower case. */
  readonly names: readonly string[];
  readonly namespaces: readonly string[];
  readonly numbers: Readonly<Record<NumberField, number | null>>;
  readonly words: ReadonlySet<string>;
}

export type NumberField = 'rps' | 'errors' | 'p50' | 'p95' | 'p99' | 'retries';
type Operator = '>' | '>=' | '<' | '<=' | '=' | '!=';

export type Query =
  | { readonly type: 'all'; readonly parts: readonly Query[] }
  | { readonly type: 'any'; readonly parts: readonly Query[] }
  | { readonly type: 'not'; readonly part: Query }
  | { readonly type: 'number'; readonly field: NumberField; readonly operator: Operator; readonly value: number }
  | { readonly type: 'namespace'; readonly value: string; readonly isNot: boolean }
  | { readonly type: 'name'; readonly value: string; readonly isNot: boolean }
  | { readonly type: 'word'; readonly value: string };

export type Parsed =
  | { readonly ok: true; readonly query: Query | null }
  | { readonly ok: false; readonly message: string };

const NUMBER_FIELDS: Readonly<Record<string, NumberField>> = {
  rps: 'rps',
  rate: 'rps',
  errors: 'errors',
  error: 'errors',
  p50: 'p50',
  p95: 'p95',
  p99: 'p99',
  retries: 'retries',
};

/** Words that say something about a thing rather than name it. */
export const STATE_WORDS = [
  'healthy',
  'degraded',
  'failing',
  'idle',
  'mtls',
  'plaintext',
  'external',
  'route',
  'canary',
  'mirror',
  'fault',
  'breaker',
  'ejected',
  'limited',
];

const TOKEN = /\s*(?:(>=|<=|!=|[<>=!()]|&&|\|\|)|([^\s<>=!()&|]+))/y;

interface Tokens {
  readonly list: readonly string[];
  at: number;
}

function tokensOf(text: string): readonly string[] | null {
  const list: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const found = TOKEN.exec(text);
    if (found === null) return null;
    list.push((found[1] ?? found[2] ?? '').toLowerCase());
  }
  return list;
}

class Unreadable extends Error {}

const SHARE = /^(\d+(?:\.\d+)?)%?$/;
const TIME = /^(\d+(?:\.\d+)?)(ms|s)?$/;
const PLAIN = /^(\d+(?:\.\d+)?)(k)?(?:\/s)?$/;

function readValue(field: NumberField, text: string): number {
  if (field === 'errors') {
    const found = SHARE.exec(text);
    if (found !== null) return Number(found[1]) / 100;
    throw new Unreadable(`"${text}" is not a share: write 1%`);
  }
  if (field === 'rps' || field === 'retries') {
    const found = PLAIN.exec(text);
    if (found !== null) return Number(found[1]) * (found[2] === undefined ? 1 : 1000);
    throw new Unreadable(`"${text}" is not a number`);
  }
  const found = TIME.exec(text);
  if (found !== null) return Number(found[1]) * (found[2] === 's' ? 1000 : 1);
  throw new Unreadable(`"${text}" is not a time: write 200ms or 1.5s`);
}

function isOperator(text: string | undefined): text is Operator {
  return text !== undefined && ['>', '>=', '<', '<=', '=', '!='].includes(text);
}

function readTerm(tokens: Tokens): Query {
  const token = tokens.list[tokens.at];
  if (token === undefined) throw new Unreadable('something is missing at the end');
  tokens.at += 1;
  if (token === '!' || token === 'not') return { type: 'not', part: readTerm(tokens) };
  if (token === '(') {
    const inner = readAny(tokens);
    if (tokens.list[tokens.at] !== ')') throw new Unreadable('a bracket is not closed');
    tokens.at += 1;
    return inner;
  }
  if (isOperator(token) || token === ')' || token === '&&' || token === '||')
    throw new Unreadable(`"${token}" stands where a name should`);
  const operator = tokens.list[tokens.at];
  if (!isOperator(operator)) {
    return STATE_WORDS.includes(token) ? { type: 'word', value: token } : { type: 'name', value: token, isNot: false };
  }
  tokens.at += 1;
  const value = tokens.list[tokens.at];
  if (value === undefined) throw new Unreadable(`${token} ${operator} what?`);
  tokens.at += 1;
  const field = NUMBER_FIELDS[token];
  if (field !== undefined) return { type: 'number', field, operator, value: readValue(field, value) };
  if (operator !== '=' && operator !== '!=')
    throw new Unreadable(`"${token}" has no size; compare rps, errors, p50, p95, p99 or retries`);
  if (token === 'ns' || token === 'namespace') return { type: 'namespace', value, isNot: operator === '!=' };
  if (token === 'name' || token === 'service') return { type: 'name', value, isNot: operator === '!=' };
  throw new Unreadable(`"${token}" is not known; try rps, errors, p95, ns or name`);
}

function readAll(tokens: Tokens): Query {
  const parts = [readTerm(tokens)];
  for (;;) {
    const next = tokens.list[tokens.at];
    if (next === undefined || next === ')' || next === 'or' || next === '||') break;
    if (next === 'and' || next === '&&') tokens.at += 1;
    parts.push(readTerm(tokens));
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { type: 'all', parts };
}

function readAny(tokens: Tokens): Query {
  const parts = [readAll(tokens)];
  while (tokens.list[tokens.at] === 'or' || tokens.list[tokens.at] === '||') {
    tokens.at += 1;
    parts.push(readAll(tokens));
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { type: 'any', parts };
}

export function parseQuery(text: string): Parsed {
  if (text.trim() === '') return { ok: true, query: null };
  const list = tokensOf(text);
  if (list === null) return { ok: false, message: 'this cannot be read' };
  const tokens: Tokens = { list, at: 0 };
  try {
    const query = readAny(tokens);
    if (tokens.at < list.length) return { ok: false, message: `"${list[tokens.at]}" is one too many` };
    return { ok: true, query };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, message: error.message };
    throw error;
  }
}

function compare(actual: number | null, operator: Operator, value: number): boolean {
  if (actual === null) return false;
  switch (operator) {
    case '>':
      return actual > value;
    case '>=':
      return actual >= value;
    case '<':
      return actual < value;
    case '<=':
      return actual <= value;
    case '=':
      return actual === value;
    case '!=':
      return actual !== value;
  }
}

export function matches(query: Query, facts: Facts): boolean {
  switch (query.type) {
    case 'all':
      return query.parts.every((part) => matches(part, facts));
    case 'any':
      return query.parts.some((part) => matches(part, facts));
    case 'not':
      return !matches(query.part, facts);
    case 'number':
      return compare(facts.numbers[query.field], query.operator, query.value);
    case 'namespace':
      return facts.namespaces.includes(query.value) !== query.isNot;
    case 'name':
      return facts.names.some((name) => name.includes(query.value)) !== query.isNot;
    case 'word':
      return facts.words.has(query.value);
  }
}
