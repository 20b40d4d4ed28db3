// The part of a TrafficPolicy's form on what the service itself takes: how much work, how large, which protocols.
import { overloadDefaults } from '@malha/model/defaults';
import { formatDuration } from '@malha/model/duration';
import { choice, choices, DURATION, number, type Section, under } from './field.ts';

const CONCURRENCY_MAX = 100_000;

export const LOAD_SECTIONS: readonly Section[] = [
  {
    ...{ id: 'overload', title: 'Overload', root: ['overload'], isOffByDefault: true },
    purpose: 'what the service cannot do is shed at its own proxy',
    fields: under('overload', [
      {
        ...{ at: 'mode', label: 'Limit', kind: choice('Adaptive', 'Off'), fallback: 'Adaptive' },
        effect: 'Adaptive: learned from latency, as requests at work; what is shed gets 503 (OM) with Retry-After.',
      },
      {
        ...{ at: 'minConcurrency', label: 'Never fewer than', kind: number('requests at work', 1, CONCURRENCY_MAX) },
        fallback: String(overloadDefaults.minConcurrency),
        effect: 'For each worker of the proxy: as many are let in however slow they are.',
      },
      {
        ...{ at: 'maxConcurrency', label: 'Never more than', kind: number('requests at work', 1, CONCURRENCY_MAX) },
        fallback: String(overloadDefaults.maxConcurrency),
        effect: 'For each worker of the proxy: more are not let in however quick they are.',
      },
      {
        ...{ at: 'maxQueue', label: 'May wait', kind: number('requests, 0 = none', 0, 10_000) },
        fallback: String(overloadDefaults.maxQueue),
        effect: 'For their turn, critical ones first; sheddable ones never wait.',
      },
      {
        ...{ at: 'queueTimeout', label: 'At most for', kind: DURATION },
        fallback: formatDuration(overloadDefaults.queueTimeoutMs),
        effect: 'What has waited longer is shed: its caller has given it up, or soon will.',
      },
    ]),
  },
  {
    ...{ id: 'requests', title: 'Requests', root: ['requests'], isOffByDefault: false },
    purpose: 'how large one may be, and what it speaks',
    fields: under('requests', [
      {
        ...{ at: 'maxBytes', label: 'Largest body', kind: number('bytes', 1, 4_294_967_295), fallback: 'no bound' },
        effect: 'A larger one gets 413; where its length is not said before, as soon as it is too long.',
      },
      {
        ...{ at: 'allowedProtocols', label: 'Speaks', kind: choices('HTTP', 'gRPC', 'WebSocket'), fallback: 'all' },
        effect: 'A request of another protocol gets 403.',
      },
    ]),
  },
];
