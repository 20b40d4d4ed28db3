import { describe, expect, it } from 'vitest';
import type { CorsPolicy } from './config.ts';
import { Cors } from './cors.ts';

function cors(overrides: Partial<CorsPolicy> = {}): Cors {
  return new Cors({
    allowOrigins: ['https://shop.example'],
    allowMethods: [],
    allowHeaders: [],
    exposeHeaders: [],
    maxAgeSeconds: 5,
    allowCredentials: false,
    ...overrides,
  });
}

const ask = (overrides: object = {}) => ({
  method: 'OPTIONS',
  origin: 'https://shop.example',
  requestMethod: 'PUT',
  requestHeaders: undefined,
  ...overrides,
});
const asObject = (headers: readonly { name: string; value: string }[] | undefined) =>
  headers === undefined ? undefined : Object.fromEntries(headers.map(({ name, value }) => [name, value]));

describe('an origin', () => {
  it.each([
    ['https://shop.example', 'https://shop.example', true],
    ['https://shop.example', 'https://shop.example:443', true],
    ['https://shop.example', 'https://SHOP.example', true],
    ['https://shop.example', 'https://shop.example:8443', false],
    ['https://shop.example', 'http://shop.example', false],
    ['https://*.example', 'https://a.b.example', true],
    ['https://*.example', 'https://example', false],
    ['https://*.example', 'https://a.example.evil', false],
    ['https://*', 'https://anything', true],
    ['https://*', 'http://anything', false],
    ['http://a*b.example', 'http://ab.example', true],
    ['http://ab*ba.example', 'http://aba.example', false],
    ['*', 'null', true],
    ['https://shop.example', 'null', false],
  ])('%s allows %s: %s', (allowed, origin, expected) => {
    expect(cors({ allowOrigins: [allowed] }).allows(origin)).toBe(expected);
  });
});

describe('a preflight', () => {
  it('is OPTIONS with an origin and the method it asks for', () => {
    expect(cors().preflight(ask({ method: 'GET' }))).toBeUndefined();
    expect(cors().preflight(ask({ origin: undefined }))).toBeUndefined();
    expect(cors().preflight(ask({ requestMethod: undefined }))).toBeUndefined();
  });

  it('of a stranger gets no headers', () => {
    expect(cors().preflight(ask({ origin: 'https://evil.example' }))).toEqual([]);
  });

  it('lists what is allowed', () => {
    const policy = { allowMethods: ['GET', 'PUT'], allowHeaders: ['x-one', 'x-two'], maxAgeSeconds: 60 };
    expect(asObject(cors(policy).preflight(ask({ requestHeaders: 'x-one' })))).toEqual({
      'access-control-allow-origin': 'https://shop.example',
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'x-one, x-two',
      'access-control-max-age': '60',
      vary: 'Origin',
    });
  });

  it('with credentials echoes instead of a star', () => {
    const policy = { allowMethods: ['*'], allowHeaders: ['*'], allowCredentials: true };
    expect(asObject(cors(policy).preflight(ask({ requestHeaders: 'x-one' })))).toMatchObject({
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-one',
      'access-control-allow-credentials': 'true',
    });
    expect(asObject(cors({ allowMethods: ['*'] }).preflight(ask()))).toMatchObject({
      'access-control-allow-methods': '*',
    });
  });

  it('that asks for no headers is told of none', () => {
    expect(asObject(cors({ allowHeaders: ['x-one'] }).preflight(ask()))).not.toHaveProperty(
      'access-control-allow-headers',
    );
  });
});

describe('a response', () => {
  it('names the origin, and the headers that scripts may read', () => {
    expect(asObject(cors({ exposeHeaders: ['x-total'] }).response('https://shop.example'))).toEqual({
      'access-control-allow-origin': 'https://shop.example',
      'access-control-expose-headers': 'x-total',
      vary: 'Origin',
    });
  });

  it('to a stranger, or to no browser, stays as it is', () => {
    expect(cors().response('https://evil.example')).toEqual([]);
    expect(cors().response(undefined)).toEqual([]);
  });

  it('with credentials never exposes a star', () => {
    expect(
      asObject(cors({ exposeHeaders: ['*'], allowCredentials: true }).response('https://shop.example')),
    ).not.toHaveProperty('access-control-expose-headers');
  });
});
