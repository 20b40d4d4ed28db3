// A synthetic bookstore for tests: its resources and workloads, and traffic with known counts.
import type { Resource, WorkloadResource } from '@malha/model';
import type { World } from '@malha/policies';
import { RequestFlags } from '@malha/traffic/flags';
import type { Ingest } from './ingest/ingest.ts';
import { edgeLabels, end, TestProxy } from './testing.ts';

const MALHA = 'malha.dev/v1';

function service(namespace: string, name: string, versions: string[]): Resource {
  return {
    apiVersion: MALHA,
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      selector: { app: name },
      ports: [{ port: 9080, appProtocol: 'http' }],
      versions: versions.map((version) => ({ name: version, labels: { version } })),
    },
  };
}

function workload(namespace: string, app: string, version: string, healthy = true): WorkloadResource {
  const name = `${app}-${version}-1`;
  return {
    apiVersion: MALHA,
    kind: 'Workload',
    metadata: { name, namespace, labels: { app, version } },
    spec: { address: '127.64.0.2', ports: [{ port: 9080 }], serviceAccount: app },
    status: { healthy },
  };
}

export function bookstoreWorld(): World {
  return {
    trustDomain: 'mesh.local',
    resources: [
      service('bookstore', 'web', ['v1']),
      service('bookstore', 'reviews', ['v1', 'v2']),
      service('payments', 'ledger', ['v1']),
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: { name: 'reviews', namespace: 'bookstore' },
        spec: {
          parentRefs: [{ group: '', kind: 'Service', name: 'reviews' }],
          rules: [
            {
              name: 'split',
              backendRefs: [
                { group: MALHA.split('/')[0], kind: 'ServiceVersion', name: 'reviews-v1', port: 9080, weight: 70 },
                { group: MALHA.split('/')[0], kind: 'ServiceVersion', name: 'reviews-v2', port: 9080, weight: 30 },
              ],
            },
          ],
        },
      },
      {
        apiVersion: MALHA,
        kind: 'PeerAuthentication',
        metadata: { name: 'ledger', namespace: 'payments' },
        spec: { targetRef: { kind: 'Service', name: 'ledger' }, mode: 'PERMISSIVE' },
      },
    ],
    workloads: [
      workload('bookstore', 'web', 'v1'),
      workload('bookstore', 'reviews', 'v1'),
      workload('bookstore', 'reviews', 'v2'),
      workload('payments', 'ledger', 'v1', false),
    ],
  };
}

const web = end('bookstore', 'web', 'v1', 'web-v1-1');
const reviews1 = end('bookstore', 'reviews', 'v1', 'reviews-v1-1');
const reviews2 = end('bookstore', 'reviews', 'v2', 'reviews-v2-1');
const ledger = end('payments', 'ledger', 'v1', 'ledger-v1-1');
const outside = end('', '', '', '');
const split = { route: 'bookstore/reviews/split' };

/** What one second of the bookstore counts. */
export const PER_SECOND = { toWeb: 20, toReviews1: 14, toReviews2: 6, toLedger: 10, ledgerFailures: 1, retries: 2 };

/** Proxies of the bookstore that count the same each second, reports at half seconds. */
export class Bookstore {
  readonly web: TestProxy;
  readonly reviews: TestProxy;
  readonly ledger: TestProxy;

  constructor(startMs: number, instance = 'a') {
    this.web = new TestProxy(web, `web-${instance}`, startMs);
    this.reviews = new TestProxy(reviews1, `reviews-${instance}`, startMs);
    this.ledger = new TestProxy(ledger, `ledger-${instance}`, startMs);
  }

  /** Counts one second of traffic and reports it at `timeMs`. */
  async second(ingest: Ingest, timeMs: number): Promise<void> {
    const n = PER_SECOND;
    const times = (count: number, work: (i: number) => void) => {
      for (let i = 0; i < count; i++) work(i);
    };
    const plain = { reporter: 'destination', peerPrincipal: '', mtls: false } as const;
    times(n.toWeb, () => this.web.count(edgeLabels(outside, web, plain), { durationMs: 8 }));
    times(n.toReviews1, () => this.web.count(edgeLabels(web, reviews1, split), { durationMs: 3 }));
    times(n.toReviews2, () => this.web.count(edgeLabels(web, reviews2, split), { durationMs: 6 }));
    times(n.toLedger, (i) => {
      const isFailure = i < n.ledgerFailures;
      const outcome = isFailure ? { status: 503, flags: RequestFlags.UF, retries: n.retries } : {};
      this.web.count(edgeLabels(web, ledger), { durationMs: 20, ...outcome });
    });
    // The callee's side of meshed calls: kept, and not counted in edges.
    times(n.toReviews1, () => {
      const principal = 'spiffe://mesh.local/ns/bookstore/sa/web';
      this.reviews.count(edgeLabels(web, reviews1, { reporter: 'destination', peerPrincipal: principal }));
    });
    await ingest.store([this.web.report(timeMs), this.reviews.report(timeMs), this.ledger.report(timeMs)]);
  }
}
