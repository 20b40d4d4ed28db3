import type { ClusterName, MeshConfig, Route } from '@malha/traffic';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../options.ts';
import { type ExplainedCall, explainGateway, explainOutbound, type Scheme } from './explained-listener.ts';

const tracing = { samplePercent: 0 };
const clusters = [{ cluster: 'outbound|5432||db.shop' as ClusterName, weight: 1 }];

const OFFICE: Route = {
  name: 'shop/office/0',
  match: {
    path: { type: 'prefix', value: '/' },
    headers: [{ name: 'x-forwarded-for', type: 'exact', value: '198.51.100.7' }],
    queryParams: [],
  },
  action: { type: 'direct', status: 200, body: '', responseHeaders: { set: [], add: [], remove: [] } },
};

const CONFIG: MeshConfig = {
  outbound: { routeTable: 'outbound', tracing },
  inbound: { ports: [], tracing },
  tcp: [
    {
      port: 15_432,
      protocol: 'tcp',
      service: { namespace: 'shop', name: 'db' },
      servicePort: 5432,
      routes: [{ name: 'default', serverNames: ['*'], clusters }],
    },
  ],
  gateways: [
    { port: 8080, protocol: 'HTTP', routeTable: 'gateway|8080', servers: [], trustedHops: 0, tracing },
    {
      port: 9443,
      protocol: 'TLS',
      routes: [{ name: 'shop/mail/0', listener: 'shop/edge/mail', serverNames: ['mail.example.com'], clusters }],
    },
  ],
  routeTables: [
    { name: 'outbound', virtualHosts: [] },
    { name: 'gateway|8080', virtualHosts: [{ name: 'all', domains: ['*'], routes: [OFFICE] }] },
  ],
  clusters: [],
  endpoints: [],
};

const CLIENT = { address: '198.51.100.7' };

const call = (scheme: Scheme, authority: string): ExplainedCall => ({
  scheme,
  authority,
  method: 'GET',
  path: '/',
  header: () => undefined,
});

describe('the listener that a URL means', () => {
  it('an upstream by its port', () => {
    expect(explainOutbound(CONFIG, call('tcp', ':15432'))).toMatchObject({ winner: 'default' });
  });

  it('a port of a gateway, and the server name', () => {
    expect(explainGateway(CONFIG, call('tls', 'mail.example.com:9443'), CLIENT).winner).toBe('shop/mail/0');
    expect(explainGateway(CONFIG, call('tls', 'other.example.com:9443'), CLIENT).winner).toBeUndefined();
  });

  it('a client of a gateway is at the address that it connects from', () => {
    const from = (address: string) => explainGateway(CONFIG, call('http', 'www.example.com:8080'), { address });
    expect(from('198.51.100.7').winner).toBe('shop/office/0');
    expect(from('198.51.100.8').winner).toBeUndefined();
  });

  it('requests go by the route table of the port', () => {
    expect(explainGateway(CONFIG, call('http', 'www.example.com:8080'), CLIENT).hostWords).toContain('www.example.com');
    expect(explainOutbound(CONFIG, call('http', 'reviews')).hostWords).toContain('reviews');
  });

  it.each([
    [
      'another protocol than the port has',
      'tls',
      'a.org:8080',
      'port 8080 of the Gateway is of protocol HTTP: write http://',
    ],
    ['a port that is not served', 'http', 'a.org:1', 'the Gateway serves no port 1; it has 8080, 9443'],
    ['no port', 'tcp', 'a.org', '"tcp://a.org" names no port'],
  ] as const)('names %s', (_, scheme, authority, expected) => {
    expect(() => explainGateway(CONFIG, call(scheme, authority), CLIENT)).toThrow(new UsageError([expected]));
  });

  it('names an upstream that the workload does not have', () => {
    const expected = 'the workload listens for no upstream at port 1; it has 15432';
    expect(() => explainOutbound(CONFIG, call('tcp', ':1'))).toThrow(new UsageError([expected]));
  });
});
