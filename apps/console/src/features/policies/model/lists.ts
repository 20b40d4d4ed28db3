// Lists that are typed in one line: keys of a hash or a limit, callers, headers, weights of places. Text and back.
import type { Value } from '#features/routes/index.ts';
import { type FieldKind, type Parsed, wrong } from './field.ts';
import { recordOf, type Spec, textAt } from './policy.ts';

interface Codec {
  readonly unit: string;
  readonly format: (item: Spec) => string;
  /** Undefined where the text makes no sense. */
  readonly parse: (text: string) => Value | undefined;
  readonly problem: string;
}

function listOf({ unit, format, parse, problem }: Codec): FieldKind {
  return {
    type: 'list',
    unit,
    format: (list) => list.map((item) => format(recordOf(item))).join(', '),
    parse: (text): Parsed => {
      const parts = text.split(',').map((part) => part.trim());
      const values = parts.filter((part) => part !== '').map(parse);
      const known = values.filter((value): value is Value => value !== undefined);
      return known.length === values.length && known.length > 0 ? { ok: true, value: known } : wrong(problem);
    },
  };
}

const NAME = /^[^\s,=:]{1,256}$/;

export const HASH_KEYS = listOf({
  unit: 'header:x-user, cookie:id, query:q, ip',
  problem: 'is no list like header:x-user, cookie:id, query:q, ip',
  format: (key) => {
    const [type, name] = Object.entries(key)[0] ?? ['', ''];
    return type === 'source' ? 'ip' : `${type}:${String(name)}`;
  },
  parse: (text) => {
    if (text === 'ip') return { source: 'ip' };
    const [type = '', name = ''] = text.split(':');
    return ['header', 'cookie', 'query'].includes(type) && NAME.test(name) ? { [type]: name } : undefined;
  },
});

export const LIMIT_KEYS = listOf({
  unit: 'Identity, Address, Path or the name of a header',
  problem: 'is no list of Identity, Address, Path and names of headers',
  format: (key) => (key.type === 'Header' ? textAt(key, ['name']) : textAt(key, ['type'])),
  parse: (text) => {
    const known = ['Identity', 'Address', 'Path'].find((type) => type.toLowerCase() === text.toLowerCase());
    if (known !== undefined) return { type: known };
    return NAME.test(text) ? { type: 'Header', name: text } : undefined;
  },
});

export const CALLERS = listOf({
  unit: 'namespace, or namespace/service account',
  problem: 'is no list like shop, shop/web',
  format: (caller) => [textAt(caller, ['namespace']), textAt(caller, ['serviceAccount'])].filter(Boolean).join('/'),
  parse: (text) => {
    const [namespace = '', serviceAccount, ...more] = text.split('/');
    if (more.length > 0 || !NAME.test(namespace) || serviceAccount === '') return undefined;
    return serviceAccount === undefined ? { namespace } : { namespace, serviceAccount };
  },
});

export const HEADERS = listOf({
  unit: 'name=value|other, * = any value',
  problem: 'is no list like x-test-run=*, x-plan=free|trial',
  format: (header) => {
    const values = Array.isArray(header.values) ? header.values.map(String) : [];
    return `${textAt(header, ['name'])}=${values.join('|')}`;
  },
  parse: (text) => {
    const at = text.indexOf('=');
    const values = text.slice(at + 1).split('|');
    if (at < 1 || !NAME.test(text.slice(0, at)) || values.includes('')) return undefined;
    return { name: text.slice(0, at), values };
  },
});

export const LOCALITY_WEIGHTS = listOf({
  unit: 'region/zone=weight',
  problem: 'is no list like eu/a=80, eu/b=20',
  format: (place) => {
    const names = [textAt(place, ['region']), textAt(place, ['zone'])].filter(Boolean).join('/');
    return `${names}=${textAt(place, ['weight'])}`;
  },
  parse: (text) => {
    const [names = '', weight = '', ...more] = text.split('=');
    const [region = '', zone, ...rest] = names.split('/');
    if (more.length + rest.length > 0 || !/^[1-9]\d{0,3}$/.test(weight) || region === '') return undefined;
    return { region, ...(zone && { zone }), weight: Number(weight) };
  },
});

/** Words of one kind, such as methods or paths. */
export const WORDS: FieldKind = {
  type: 'list',
  unit: '',
  format: (list) => list.map(String).join(', '),
  parse: (text) => ({
    ok: true,
    value: text
      .split(/[\s,]+/)
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  }),
};
