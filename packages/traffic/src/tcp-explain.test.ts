import { describe, expect, it } from 'vitest';
import type { ClusterName, TcpRoute } from './config.ts';
import { explainConnection } from './tcp-explain.ts';

const route = (name: string, serverNames: string[], ...weights: number[]): TcpRoute => ({
  name,
  serverNames,
  clusters: weights.map((weight, index) => ({ cluster: `${name}-${index}` as ClusterName, weight })),
});

const explain = (routes: TcpRoute[], serverName: string) =>
  explainConnection({ place: 'Gateway shop/edge, port 9443', protocol: 'tls', routes, isDetected: false }, serverName);

const WIDE = route('shop/wide/0', ['*.example.com'], 1);
const MAIL = route('shop/mail/0', ['mail.example.com'], 3, 1);

describe('explanation of a connection', () => {
  it('names the winner, and why each other route is none', () => {
    const { winner, rules, backends } = explain(
      [WIDE, MAIL, route('shop/org/0', ['a.example.org'], 1)],
      'MAIL.example.com',
    );
    expect(winner).toBe('shop/mail/0');
    expect(rules.map(({ verdict, words }) => [verdict, words])).toEqual([
      ['also-matches', 'Would match by *.example.com, but shop/mail/0 has the name first.'],
      ['winner', 'Yes: the server name is within mail.example.com.'],
      ['no-match', 'No: "mail.example.com" is not within a.example.org.'],
    ]);
    expect(backends.map(({ share }) => share)).toEqual([0.75, 0.25]);
  });

  it('of two routes with one name the first has it', () => {
    const { winner } = explain([MAIL, route('shop/late/0', ['mail.example.com'], 1)], 'mail.example.com');
    expect(winner).toBe('shop/mail/0');
  });

  it.each([
    ['a name that nobody has', [MAIL], 'other.example.com', 'Closed (NR): no route has the server name.'],
    ['no server name', [MAIL], '', 'Closed (NR): no route has the server name.'],
    [
      'a listener without a route',
      [route('', ['*.example.com'])],
      'a.example.com',
      'Closed (NR): no route is attached to the listener for it.',
    ],
    ['weights of 0', [route('shop/none/0', ['*'], 0, 0)], 'a.example.com', 'Closed (UH): all weights are 0.'],
  ])('%s', (_, routes, serverName, expected) => {
    expect(explain(routes, serverName).actionWords).toBe(expected);
  });

  it('of bytes that are no TLS the only route has them all', () => {
    const plain = {
      place: 'Upstream at port 5432',
      protocol: 'tcp' as const,
      routes: [route('shop/db/0', ['*'], 1)],
      isDetected: false,
    };
    const { winner, actionWords, authority } = explainConnection(plain, 'ignored.example.com');
    expect([winner, actionWords, authority]).toEqual(['shop/db/0', 'Taken to one backend.', '']);
  });

  it('says that nothing declares the protocol, and what becomes of HTTP', () => {
    const found = {
      place: 'Upstream at port 3306',
      protocol: 'tcp' as const,
      routes: [route('default', ['*'], 1)],
      isDetected: true,
    };
    expect(explainConnection(found, '').hostWords).toBe(
      'Upstream at port 3306 takes connections whose protocol nobody declares (no appProtocol): one that begins as HTTP goes by the ' +
        'HTTP routes of the service; any other, also where the server speaks first, as follows.',
    );
  });
});
