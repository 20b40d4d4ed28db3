// A policy in plain words: what it is attached to, what it does, what a change to it is called.
import { plural } from '#format/number.ts';
import { listAt, type PolicyView, recordOf, type Spec, type TargetRef, targetOf, textAt } from './policy.ts';

export function targetInWords({ kind, name, rule }: TargetRef): string {
  switch (kind) {
    case '':
      return 'attached to nothing';
    case 'Mesh':
      return 'the whole mesh';
    case 'Namespace':
      return `namespace ${name}`;
    case 'ServiceVersion':
      return `version ${name}`;
    case 'HTTPRoute':
    case 'GRPCRoute':
      return rule === '' ? `route ${name}` : `rule ${rule} of route ${name}`;
    default:
      return `${kind === 'Workload' ? 'workload' : 'service'} ${name}`;
  }
}

/** What it does, in a line of a list. */
export function doesInWords({ kind, spec }: PolicyView): string {
  const words = { TrafficPolicy: trafficWords, RateLimit: limitWords, FaultInjection: faultWords }[kind](spec);
  if (words.length === 0) return 'says nothing yet';
  // What has ended stays in the list, as its report is asked for later.
  return kind === 'FaultInjection' && textAt(spec, ['ended', 'at']) !== ''
    ? `ended: ${words.join(', ')}`
    : words.join(', ');
}

function trafficWords(spec: Spec): string[] {
  const request = textAt(spec, ['timeouts', 'request']);
  const attempts = textAt(spec, ['retries', 'attempts']);
  const type = textAt(spec, ['loadBalancer', 'type']);
  const rest = [
    { field: 'connection', words: 'limits of connections' },
    { field: 'circuitBreaker', words: 'a circuit breaker' },
    { field: 'outlierDetection', words: 'ejection' },
    { field: 'healthCheck', words: 'health checks' },
    { field: 'overload', words: 'shedding of overload' },
    { field: 'requests', words: 'bounds of requests' },
  ];
  return [
    ...(request === '' ? [] : [`request within ${request}`]),
    ...(attempts === '' ? [] : [plural(Number(attempts), 'retry', 'retries')]),
    ...(type === '' ? [] : [`balanced by ${type}`]),
    ...rest.flatMap(({ field, words }) => (spec[field] === undefined ? [] : [words])),
  ];
}

function limitWords(spec: Spec): string[] {
  const limits = listAt(spec, ['limits']).map((limit) => {
    const interval = textAt(limit, ['interval']) || '1s';
    const by = listAt(limit, ['by']).map((key) => textAt(key, ['name']) || textAt(key, ['type']));
    return `${textAt(limit, ['requests'])} in ${interval}${by.length === 0 ? '' : ` for each ${by.join(' and ')}`}`;
  });
  const connections = textAt(spec, ['connections', 'limit']);
  return [...limits, ...(connections === '' ? [] : [`${connections} new connections`])];
}

function faultWords(spec: Spec): string[] {
  const percent = (part: string) => textAt(spec, [part, 'percent']);
  const status = textAt(spec, ['abort', 'httpStatus']) || `gRPC ${textAt(spec, ['abort', 'grpcStatus'])}`;
  return [
    ...(percent('delay') === '' ? [] : [`${percent('delay')} % delayed by ${textAt(spec, ['delay', 'duration'])}`]),
    ...(percent('abort') === '' ? [] : [`${percent('abort')} % answered with ${status}`]),
    ...(percent('reset') === '' ? [] : [`${percent('reset')} % broken off`]),
    ...(percent('bandwidth') === '' ? [] : [`${percent('bandwidth')} % slowed down`]),
  ];
}

/** The message of a revision, where its author gives none. */
export function proposeMessage(before: PolicyView | null, after: PolicyView): string {
  const target = targetInWords(targetOf(after.spec));
  if (before === null) return `New ${after.kind} ${after.name} for ${target}`;
  const fields = new Set([...Object.keys(before.spec), ...Object.keys(after.spec)]);
  const changed = [...fields].filter(
    (field) => JSON.stringify(before.spec[field]) !== JSON.stringify(after.spec[field]),
  );
  const words = changed.slice(0, 3).map((field) => {
    const now = recordOf(after.spec[field]);
    const was = recordOf(before.spec[field]);
    const inner = [...new Set([...Object.keys(was), ...Object.keys(now)])].filter(
      (name) => JSON.stringify(was[name]) !== JSON.stringify(now[name]),
    );
    const [only] = inner;
    if (only === undefined || inner.length > 1) return field;
    const value = textAt(after.spec, [field, only]);
    return `${field}.${only}${value === '' ? '' : ` ${value}`}`;
  });
  return words.length === 0 ? `Change ${after.kind} ${after.name}` : `${after.name}: ${words.join(', ')}`;
}
