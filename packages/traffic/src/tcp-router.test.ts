import { describe, expect, it } from 'vitest';
import type { ClusterName, TcpRoute } from './config.ts';
import { compileTcpRoutes } from './tcp-router.ts';

const route = (name: string, serverNames: string[], weights: number[] = [1]): TcpRoute => ({
  name,
  serverNames,
  clusters: weights.map((weight, index) => ({ cluster: `${name}-${index}` as ClusterName, weight })),
});

describe('a route of connections', () => {
  const router = compileTcpRoutes({
    routes: [
      route('exact', ['db.shop.example']),
      route('wide', ['*.example']),
      route('narrow', ['*.shop.example']),
      route('late', ['db.shop.example']),
    ],
  });
  const chosen = (serverName: string) => router.route(serverName, () => 0)?.route.name;

  it.each([
    ['db.shop.example', 'exact'],
    ['cache.shop.example', 'narrow'],
    ['a.b.shop.example', 'narrow'],
    ['shop.example', 'wide'],
    ['example', undefined],
    ['', undefined],
    ['other', undefined],
  ])('of %j is %s: exact, then the longest suffix', (serverName, expected) => {
    expect(chosen(serverName)).toBe(expected);
  });

  it('named "*" takes what asks for no name, too', () => {
    const any = compileTcpRoutes({ routes: [route('any', ['*'])] });
    expect(any.route('', () => 0)?.route.name).toBe('any');
    expect(any.route('x', () => 0)?.route.name).toBe('any');
  });

  it('shares connections by weight, and has no backend where all weights are 0', () => {
    const weighted = compileTcpRoutes({ routes: [route('w', ['*'], [1, 0, 3])] });
    const pick = (draw: number) => weighted.route('', () => draw)?.backend?.cluster;
    expect([pick(0), pick(0.24), pick(0.26), pick(0.99)]).toEqual(['w-0', 'w-0', 'w-2', 'w-2']);
    const none = compileTcpRoutes({ routes: [route('none', ['*'], [0])] });
    expect(none.route('', () => 0)).toMatchObject({ backend: undefined });
  });
});
