// The form of a FaultInjection: what happens to which part of the calls, for how long, and what ends it sooner.
import { defaults } from '@malha/model/defaults';
import { formatDuration } from '@malha/model/duration';
import { choices, DURATION, type Field, number, percentOf, type Section } from './field.ts';
import { matchFields } from './limit-sections.ts';
import { CALLERS } from './lists.ts';

const { faultStop, faultExperiment } = defaults;
const REQUESTS = percentOf('requests');

function part(root: string, label: string, effect: string): Field {
  return { path: [root, 'percent'], label, kind: REQUESTS, fallback: 'none', effect };
}

export const FAULT_SECTIONS: readonly Section[] = [
  {
    ...{ id: 'effects', title: 'What happens', root: [], isOffByDefault: false },
    purpose: 'each for its own part of the calls',
    fields: [
      part('delay', 'Delayed', 'They wait at the caller’s proxy before they go on.'),
      {
        ...{ path: ['delay', 'duration'], label: 'Delay', kind: DURATION, fallback: '' },
        effect: 'How long each of them waits; at most 5m.',
      },
      part('abort', 'Answered with an error', 'The caller’s proxy answers; the service never sees them.'),
      {
        ...{
          path: ['abort', 'httpStatus'],
          label: 'HTTP status',
          kind: number('200 to 599', 200, 599),
          fallback: 'none',
        },
        effect: 'Either this or the status of gRPC.',
      },
      {
        ...{ path: ['abort', 'grpcStatus'], label: 'gRPC status', kind: number('1 to 16', 1, 16), fallback: 'none' },
        effect: '14 is UNAVAILABLE, 4 is DEADLINE_EXCEEDED.',
      },
      part('reset', 'Broken off', 'The connection ends without an answer.'),
      part('bandwidth', 'Slowed down', 'Bodies pass with so many bytes a second.'),
      {
        ...{ path: ['bandwidth', 'responseBytesPerSecond'], label: 'Answers', fallback: 'as fast as they come' },
        kind: number('bytes/s', 1024, 1_000_000_000),
        effect: 'Of each answer by itself.',
      },
      {
        ...{ path: ['bandwidth', 'requestBytesPerSecond'], label: 'Requests', fallback: 'as fast as they come' },
        kind: number('bytes/s', 1024, 1_000_000_000),
        effect: 'Of each request by itself.',
      },
    ],
  },
  {
    ...{ id: 'calls', title: 'Whose calls', root: ['match'], isOffByDefault: false },
    purpose: 'all calls of the target, where nothing is said',
    fields: [
      {
        ...{ path: ['callers'], label: 'Callers', kind: CALLERS, fallback: 'everybody' },
        effect: 'Only their calls are touched.',
      },
      ...matchFields(['match'], 'Acts'),
    ],
  },
  {
    ...{ id: 'end', title: 'Its end', root: ['stop'], isOffByDefault: false },
    purpose: 'by itself, also without the control plane',
    fields: [
      {
        ...{ path: ['expiresAfter'], label: 'Ends after', kind: DURATION, fallback: '' },
        effect: 'By the clock of each proxy; at most 24h.',
      },
      {
        ...{
          path: ['stop', 'errorPercent'],
          label: 'Stops at',
          kind: percentOf('failed requests'),
          fallback: 'no bound',
        },
        effect: 'Of the service, or of any one caller, within the window.',
      },
      {
        ...{ path: ['stop', 'window'], label: 'Window', kind: DURATION, fallback: formatDuration(faultStop.windowMs) },
        effect: 'What is older does not count.',
      },
      {
        ...{ path: ['stop', 'minRequests'], label: 'At least', kind: number('requests', 1, 1_000_000) },
        fallback: String(faultStop.minRequests),
        effect: 'Fewer within the window say nothing.',
      },
      {
        ...{
          path: ['stop', 'of'],
          label: 'Watched',
          kind: choices('Service', 'Callers'),
          fallback: 'Service, Callers',
        },
        effect: 'Callers: each service that calls it, by what it answers to its own callers.',
      },
    ],
  },
  {
    ...{ id: 'experiment', title: 'Experiment', root: ['experiment'], isOffByDefault: true },
    purpose: 'a hypothesis that is judged before, during and after',
    fields: [
      ...hypothesisFields(0),
      {
        ...{ path: ['experiment', 'before'], label: 'Measured before', kind: DURATION },
        fallback: formatDuration(faultExperiment.beforeMs),
        effect: 'It does not begin where the hypothesis does not hold already.',
      },
      {
        ...{ path: ['experiment', 'after'], label: 'Measured after', kind: DURATION },
        fallback: formatDuration(faultExperiment.afterMs),
        effect: 'Whether everything came back.',
      },
      {
        ...{ path: ['experiment', 'minRequests'], label: 'At least', kind: number('requests', 1, 1_000_000) },
        fallback: String(faultExperiment.minRequests),
        effect: 'Fewer in a phase decide nothing.',
      },
    ],
  },
];

/** Of one statement of the hypothesis. */
function hypothesisFields(index: number): readonly Field[] {
  const root = ['experiment', 'hypothesis', index];
  return [
    {
      ...{ path: [...root, 'of'], label: 'Holds for', fallback: '' },
      kind: { type: 'choice', options: ['Service', 'Callers'].map((value) => ({ value, label: value })) },
      effect: 'The service itself, or each of its callers. Further statements stand in the YAML.',
    },
    {
      ...{
        path: [...root, 'minSuccessPercent'],
        label: 'Success',
        kind: percentOf('requests'),
        fallback: 'not judged',
      },
      effect: 'At least so many have to succeed.',
    },
    {
      ...{ path: [...root, 'maxP99'], label: 'p99', kind: DURATION, fallback: 'not judged' },
      effect: 'No slower than this.',
    },
  ];
}
