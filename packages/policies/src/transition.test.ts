import { describe, expect, it } from 'vitest';
import { compile } from './compile.ts';
import { policy, service, workload, worldOf } from './testing.ts';
import { changesModes } from './transition.ts';
import { buildIndex } from './world-index.ts';

const base = workload('web-1', 'web') + service('reviews') + workload('r-1', 'reviews');
const mode = (value: string) =>
  buildIndex(
    worldOf(base + policy('PeerAuthentication', 'p', `{targetRef: {kind: Service, name: reviews}, mode: ${value}}`)),
  );

describe('a change of mTLS mode', () => {
  it.each([
    ['STRICT', 'DISABLE', true, false],
    ['DISABLE', 'STRICT', false, true],
  ])('from %s to %s first widens, then switches the callers, then narrows', (before, after, tlsBefore, tlsAfter) => {
    const from = mode(before);
    const to = mode(after);
    expect(changesModes(from, to)).toBe(true);
    const caller = { namespace: 'shop', workload: 'web-1' };
    const callee = { namespace: 'shop', workload: 'r-1' };
    const seen = (['accept', 'switch', undefined] as const).map((step) => {
      const options = step === undefined ? {} : { transition: { from, step } };
      return [
        compile(to, callee, options).config.inbound.ports[0]?.mode,
        compile(to, caller, options).config.endpoints[0]?.endpoints[0]?.tls,
      ];
    });
    expect(seen).toEqual([
      ['PERMISSIVE', tlsBefore],
      ['PERMISSIVE', tlsAfter],
      [after, tlsAfter],
    ]);
  });

  it('is told from a change of anything else, and from a workload that comes', () => {
    const to = buildIndex(worldOf(base + workload('r-2', 'reviews')));
    expect(changesModes(buildIndex(worldOf(base)), to)).toBe(false);
    expect(changesModes(mode('STRICT'), buildIndex(worldOf(base)))).toBe(false);
  });
});
