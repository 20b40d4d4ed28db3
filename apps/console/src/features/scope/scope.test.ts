import { describe, expect, it } from 'vitest';
import { parseScope, scopedHref, withScope } from './scope.ts';

const params = (text: string) => new URLSearchParams(text);

describe('parseScope', () => {
  it('is all namespaces, live, where the URL says nothing', () => {
    expect(parseScope(params(''))).toMatchObject({ namespaces: [], range: { liveSeconds: 300 } });
  });

  it('reads namespaces once each and drops what cannot be a name', () => {
    expect(parseScope(params('ns=bookstore,payments,bookstore,Bad%20One,')).namespaces).toEqual([
      'bookstore',
      'payments',
    ]);
  });

  it('reads a fixed window', () => {
    expect(parseScope(params('from=1000&to=2000'))).toMatchObject({
      window: null,
      range: { fromMs: 1000, toMs: 2000 },
    });
  });

  it.each(['from=2000&to=1000', 'from=x&to=2000', 'from=1', 'from=1&to=99999999999', 'range=forever'])(
    'falls back to live for %s',
    (text) => {
      expect(parseScope(params(text)).range).toEqual({ liveSeconds: 300 });
    },
  );
});

describe('withScope', () => {
  it('keeps what else the URL says and leaves defaults out', () => {
    const next = withScope(params('find=errors&range=1h&ns=a'), { windowId: '5m', namespaces: [] });
    expect(next.toString()).toBe('find=errors');
  });

  it('replaces a live window by a fixed one and back', () => {
    const fixed = withScope(params('range=1h'), { fixed: { fromMs: 1, toMs: 2 } });
    expect(fixed.toString()).toBe('from=1&to=2');
    expect(withScope(fixed, { windowId: '30m' }).toString()).toBe('range=30m');
  });
});

describe('scopedHref', () => {
  it('carries the scope, not the selection, to another page', () => {
    expect(scopedHref(params('ns=a,b&find=x&range=1h'), '/services')).toBe('/services?ns=a,b&range=1h');
  });

  it('lets the link say otherwise', () => {
    expect(scopedHref(params('ns=a'), '/traces?ns=b')).toBe('/traces?ns=b');
  });
});
