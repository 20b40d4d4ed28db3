import { RequestFlags } from '@malha/traffic/flags';
import { expect, test } from 'vitest';
import type { SumsRow } from '../query/aggregate.ts';
import type { EdgeLabels } from '../report.ts';
import { edgeLabels, end } from '../testing.ts';
import { buildGraph } from './graph.ts';

const web = end('bookstore', 'web');
const reviews = end('bookstore', 'reviews');
const nowhere = end('', '', '', '');

function sums(edge: number, requests: number, failures = 0): SumsRow<'edge'> {
  return { edge, requests, failures, retries: 0, requestBytes: 0, responseBytes: 0, latency: new Float64Array(0) };
}

function graphOf(labels: readonly EdgeLabels[], rows: readonly SumsRow<'edge'>[], flags = 0) {
  return buildGraph({
    atMs: 0,
    view: 'service',
    mesh: { services: [], service: () => undefined },
    namespaces: undefined,
    seconds: 1,
    sums: rows,
    outcomes: flags === 0 ? [] : [{ edge: 0, outcome: flags * 1024 + 404, requests: 3 }],
    labels: new Map(labels.entries()),
  });
}

test('calls that no route matched lead nowhere, not outside of the mesh, and count in the totals', () => {
  const labels = edgeLabels(web, nowhere, { peerPrincipal: '', mtls: false, route: '' });
  const { nodes, edges, totals } = graphOf([labels], [sums(0, 3)], RequestFlags.NR);
  expect(nodes.map(({ id, service, kind }) => [id, service, kind])).toEqual([
    ['bookstore/web', 'web', 'external'],
    ['no-route', 'no route', 'external'],
  ]);
  expect(edges).toMatchObject([{ source: 'bookstore/web', target: 'no-route', flags: [{ flag: 'NR', share: 1 }] }]);
  expect(totals.requests).toBe(3);
});

test('callers without a proxy are outside', () => {
  const labels = edgeLabels(nowhere, web, { reporter: 'destination', peerPrincipal: '', mtls: false });
  const { nodes, edges } = graphOf([labels], [sums(0, 5)]);
  expect(nodes).toMatchObject([
    { id: 'bookstore/web' },
    { id: 'outside', kind: 'unmeshed', service: 'outside the mesh' },
  ]);
  expect(edges).toMatchObject([{ source: 'outside', target: 'bookstore/web', mtls: false }]);
});

test('an edge says every protocol that was spoken on it, most used first, and unsaid versions only alone', () => {
  const spoken = (protocol: EdgeLabels['protocol']) => edgeLabels(web, reviews, { protocol });
  const labels = [spoken('http1'), spoken('http2'), spoken('http')];
  expect(graphOf(labels, [sums(0, 1), sums(1, 3), sums(2, 9)]).edges).toMatchObject([
    {
      protocol: 'http2',
      protocols: [
        { protocol: 'http2', share: 0.75 },
        { protocol: 'http1', share: 0.25 },
      ],
    },
  ]);
  expect(graphOf([spoken('http')], [sums(0, 1)]).edges).toMatchObject([{ protocol: 'http' }]);
});

test('a call that reached no endpoint does not make an edge plaintext; one that was sent in plaintext does', () => {
  const sent = edgeLabels(web, reviews);
  const unsent = edgeLabels(web, { ...reviews, workload: '', version: '' }, { mtls: false, peerPrincipal: '' });
  const plain = edgeLabels(web, reviews, { mtls: false, peerPrincipal: '' });
  expect(graphOf([sent, unsent], [sums(0, 9), sums(1, 1, 1)]).edges).toMatchObject([{ mtls: true }]);
  expect(graphOf([sent, plain], [sums(0, 9), sums(1, 1)]).edges).toMatchObject([{ mtls: false }]);
});
