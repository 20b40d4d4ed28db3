// The form of a RateLimit: each limit of requests as a card, then connections and the service that counts for all.
import { defaults } from '@malha/model/defaults';
import { formatDuration } from '@malha/model/duration';
import { choice, DURATION, type Field, number, type Section } from './field.ts';
import { CALLERS, HEADERS, LIMIT_KEYS, WORDS } from './lists.ts';

const COUNT_MAX = 10_000_000;
const INTERVAL = formatDuration(defaults.rateLimit.intervalMs);

/** Of the limit at `index`. */
export function fieldsOfLimit(index: number): readonly Field[] {
  const root = ['limits', index];
  return [
    {
      ...{ path: [...root, 'requests'], label: 'Lets pass', kind: number('requests', 1, COUNT_MAX), fallback: '' },
      effect: 'In each interval; one more gets 429 with Retry-After.',
    },
    {
      ...{ path: [...root, 'interval'], label: 'In each', kind: DURATION, fallback: INTERVAL },
      effect: 'Filled up all the time, not at its end: 60 a minute is one a second.',
    },
    {
      ...{ path: [...root, 'burst'], label: 'At once', kind: number('requests', 1, COUNT_MAX) },
      ...{ fallback: 'as many as pass', effect: 'May come together after silence.' },
    },
    {
      ...{ path: [...root, 'by'], label: 'For each', kind: LIMIT_KEYS, fallback: 'all together' },
      effect:
        'What gives a request a count of its own: the proven identity of its caller, its address, path, a header.',
    },
    {
      ...{ path: [...root, 'scope'], label: 'Counted', kind: choice('Local', 'Global'), fallback: 'Local' },
      effect: 'Local: by each proxy for itself. Global: by one service for all of them.',
    },
    ...matchFields([...root, 'match'], 'Counts'),
    {
      ...{ path: [...root, 'match', 'callers'], label: 'Callers', kind: CALLERS, fallback: 'everybody' },
      effect: 'Only their calls count.',
    },
  ];
}

/** Which requests a limit or a fault is for. */
export function matchFields(root: Field['path'], verb: string): readonly Field[] {
  return [
    {
      ...{ path: [...root, 'methods'], label: 'Methods', kind: WORDS, fallback: 'all' },
      effect: `${verb} for these, like GET and POST.`,
    },
    {
      ...{ path: [...root, 'paths'], label: 'Paths', kind: WORDS, fallback: 'all' },
      effect: 'Exact, or with one * at the begin or the end: /api/*.',
    },
    {
      ...{ path: [...root, 'headers'], label: 'Headers', kind: HEADERS, fallback: 'any' },
      effect: 'All of them must be there, each with one of its values.',
    },
  ];
}

export const LIMIT_SECTIONS: readonly Section[] = [
  {
    ...{ id: 'connections', title: 'Connections', root: ['connections'], isOffByDefault: true },
    purpose: 'new connections to ports of bytes',
    fields: [
      {
        ...{
          path: ['connections', 'limit'],
          label: 'Lets in',
          kind: number('connections', 1, COUNT_MAX),
          fallback: '',
        },
        effect: 'In each interval; one more is closed at once.',
      },
      {
        ...{ path: ['connections', 'interval'], label: 'In each', kind: DURATION, fallback: INTERVAL },
        effect: 'Filled up all the time.',
      },
      {
        ...{ path: ['connections', 'burst'], label: 'At once', kind: number('connections', 1, COUNT_MAX) },
        ...{ fallback: 'as many as pass', effect: 'May come together after silence.' },
      },
    ],
  },
  {
    ...{ id: 'answers', title: 'Answers and counting', root: [], isOffByDefault: false },
    purpose: 'what callers learn, and who counts for all',
    fields: [
      {
        ...{
          path: ['quotaHeaders'],
          label: 'RateLimit headers',
          kind: choice('OnLimit', 'Always'),
          fallback: 'OnLimit',
        },
        effect: 'Always: requests that pass learn what is left, too.',
      },
      {
        ...{ path: ['global', 'service', 'name'], label: 'Global counter', kind: { type: 'text', unit: 'service' } },
        fallback: defaults.rateLimit.globalService,
        effect: 'Any service that speaks Envoy’s rate limit contract; malha ratelimit is one.',
      },
      {
        ...{ path: ['global', 'timeout'], label: 'Answer within', kind: DURATION },
        fallback: formatDuration(defaults.rateLimit.globalTimeoutMs),
        effect: 'The request waits for the counter no longer than this.',
      },
      {
        ...{ path: ['global', 'onFailure'], label: 'Counter away', kind: choice('Allow', 'Deny') },
        fallback: defaults.rateLimit.failsOpen ? 'Allow' : 'Deny',
        effect: 'Allow: requests pass uncounted, and say so. Deny: they get 429.',
      },
    ],
  },
];
