import { expect, it } from 'vitest';
import { clusterWords } from './cluster-words.ts';
import type { Cluster, ClusterName } from './config.ts';

const CLUSTER: Cluster = {
  name: 'outbound|80||app.shop' as ClusterName,
  service: { namespace: 'shop', name: 'app' },
  port: 80,
  version: '',
  protocol: 'http',
  connectTimeoutMs: 1,
  idleTimeoutMs: 1,
  limits: { maxConnections: 10, maxPending: 5, maxRequests: 20 },
  loadBalancer: { type: 'Random' },
  tls: { serverName: 'app', spiffeIds: [] },
};

const LIMITS =
  'At most 20 requests are under way at once, over 10 connections; 5 may wait for one, others are answered with 503.';

it('says how an endpoint is picked, ejected and probed, and nothing of what is off', () => {
  expect(clusterWords(CLUSTER)).toEqual(['An endpoint is drawn, by weight.', LIMITS]);
  const words = clusterWords({
    ...CLUSTER,
    loadBalancer: {
      type: 'Maglev',
      hashKeys: [{ type: 'header', name: 'x-user' }, { type: 'query', name: 'user' }, { type: 'source' }],
      panicPercent: 50,
    },
    outlierDetection: {
      consecutive5xx: 5,
      consecutiveGatewayErrors: 0,
      consecutiveLocalErrors: 3,
      intervalMs: 10_000,
      baseEjectionMs: 30_000,
      maxEjectionMs: 300_000,
      maxEjectionPercent: 10,
      failurePercentage: { threshold: 85, minEndpoints: 5, minRequests: 50 },
    },
    healthCheck: {
      type: 'http',
      path: '/health',
      host: '',
      expectedStatuses: [],
      intervalMs: 2_500,
      timeoutMs: 500,
      jitterPercent: 10,
      unhealthyThreshold: 3,
      healthyThreshold: 2,
    },
    breaker: {
      successRate: 0.8,
      windowMs: 10_000,
      minRequests: 5,
      openMs: 5_000,
      openMaxMs: 60_000,
      halfOpenRequests: 3,
    },
  });
  expect(words).toEqual([
    'The same key goes to the same endpoint, by a table; the key is the header x-user, else the query parameter user, else the address of the caller, else it is drawn; with fewer than 50 % available, all are called.',
    LIMITS,
    'An endpoint is ejected for 30 s and longer after 5 answers from 500 on in a row, or 3 failures without an answer in a row, or 85 % failures in an interval; at most 10 % of the endpoints, but one.',
    'Endpoints are probed by GET /health each 2.5 s: 3 failures in a row take an endpoint out, 2 passes bring it back.',
    'When less than 80 % of at least 5 requests in 10 s succeed, requests are answered with 503 for 5 s and longer; then 3 decide.',
  ]);
});
