import type { ClusterName, ForwardAction, Route } from '@malha/traffic';
import { forward, makeRoute, weighted } from '@malha/traffic/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byBackend } from './backend-routes.ts';

const MILLION = 1_000_000;
const toHost = (name: string, weight: number) => ({ ...weighted(name, weight), rewrite: { host: name } });
const copyOf = (perMillion: number) => [{ cluster: 'copy' as ClusterName, perMillion }];

/** As Envoy: the first route whose fraction the drawn number is below. */
function routeAt(routes: readonly Route[], drawn: number): Route | undefined {
  return routes.find(({ match }) => match.share === undefined || drawn < match.share.perMillion);
}

function actionAt(routes: readonly Route[], drawn: number): ForwardAction | undefined {
  const action = routeAt(routes, drawn)?.action;
  return action?.type === 'forward' ? action : undefined;
}

describe('a rule whose backends have filters, as routes for Envoy', () => {
  it('gives each backend the numbers of its weight, within the share of the rule', () => {
    const parts = fc.record({
      weights: fc
        .array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 5 })
        .filter((all) => all.some(Boolean)),
      share: fc.option(fc.integer({ min: 0, max: MILLION }), { nil: undefined }),
    });
    fc.assert(
      fc.property(parts, ({ weights, share }) => {
        const action = forward(...weights.map((weight, index) => toHost(`b${index}`, weight)));
        const match = share === undefined ? {} : { share: { perMillion: share } };
        const routes = byBackend(makeRoute('r', match, action));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        let low = 0;
        weights.forEach((weight, index) => {
          const route = routes.find(
            ({ action: each }) => each.type === 'forward' && each.rewrite?.host === `b${index}`,
          );
          if (weight === 0) expect(route).toBeUndefined();
          else {
            const high = route?.match.share?.perMillion ?? MILLION;
            expect(Math.abs(high - low - ((share ?? MILLION) * weight) / total)).toBeLessThanOrEqual(1);
            low = high;
          }
        });
        expect(low).toBe(share ?? MILLION);
      }),
    );
  });

  it('copies the part of the requests of a backend, wherever its numbers begin', () => {
    const percent = fc.integer({ min: 0, max: 100 }).map((each) => each * 10_000);
    fc.assert(
      fc.property(percent, fc.integer({ min: 1, max: 9 }), (part, weight) => {
        const second = { ...weighted('two', 10 - weight), mirrors: copyOf(part) };
        const routes = byBackend(makeRoute('r', {}, forward(weighted('one', weight), second)));
        const first = (MILLION * weight) / 10;
        const copied = [0, 0.25, 0.5, 0.75].filter((at) => {
          const drawn = first + at * (MILLION - first);
          return (actionAt(routes, drawn)?.mirrors ?? []).some((mirror) => drawn < mirror.perMillion);
        });
        expect(copied).toEqual([0, 0.25, 0.5, 0.75].filter((at) => at * MILLION < part));
        expect(actionAt(routes, 0)?.mirrors).toBeUndefined();
      }),
    );
  });

  it('leaves a rule alone whose backends have none, but for mirrors within a share', () => {
    const plain = makeRoute('r', {}, { ...forward(weighted('one'), weighted('two')), mirrors: copyOf(MILLION / 2) });
    expect(byBackend(plain)).toEqual([plain]);
    const shared = byBackend({ ...plain, match: { ...plain.match, share: { perMillion: MILLION / 5 } } });
    expect(actionAt(shared, 0)?.mirrors).toEqual(copyOf(MILLION / 10));
  });
});
