// What a request costs with much configured by what it costs with little: a thousand routes or policies by one, and all
// protections armed by none.
import type { Environment } from './contestants/contestant.ts';
import { type Side, startMalha } from './contestants/malha.ts';
import { comparePairs, type Ratio } from './pairs.ts';
import { which } from './processes.ts';
import { ARMED_CALLEE, ARMED_CALLER, ARMED_PAIR, BARE_CALLER, idlePolicies } from './protections.ts';

export interface ScaleRow extends Ratio {
  readonly what: string;
}

export interface ScaleCase {
  readonly what: string;
  readonly side: Side;
  /** Resources of the cheaper. */
  readonly few: string;
  readonly many: string;
}

const MANY = 1_000;

export const SCALE_CASES: readonly ScaleCase[] = [
  { what: 'control: no protections by none', side: 'outbound', few: BARE_CALLER, many: BARE_CALLER },
  { what: `${MANY} routes of one service by one`, side: 'outbound', few: routes(1), many: routes(MANY) },
  { what: `${MANY} policies that match nobody by one`, side: 'inbound', few: policies(1), many: policies(MANY) },
  { what: 'all protections of a caller, idle, by none', side: 'outbound', few: BARE_CALLER, many: ARMED_CALLER },
  { what: 'limits of a service, idle, by none', side: 'inbound', few: '', many: ARMED_CALLEE },
  {
    what: 'all of both, idle, by none, over mutual TLS',
    side: 'pair',
    few: BARE_CALLER,
    many: ARMED_PAIR,
  },
  {
    what: `${MANY} protections of other requests by one`,
    side: 'outbound',
    few: idlePolicies(1),
    many: idlePolicies(MANY),
  },
];

export async function scale(
  environment: Environment,
  say: (line: string) => void,
  cases: readonly ScaleCase[] = SCALE_CASES,
): Promise<ScaleRow[]> {
  if (which('wrk') === undefined) return [];
  const rows: ScaleRow[] = [];
  for (const { what, side, few, many } of cases) {
    const start = (name: string, resources: string) => () => startMalha(environment, { name, side, resources });
    const row = { what, ...(await comparePairs(start(`${side}-few`, few), start(`${side}-many`, many))) };
    rows.push(row);
    say(
      `${what}: ${row.medianRatio.toFixed(3)} (quartiles ${row.lowRatio.toFixed(3)} and ${row.highRatio.toFixed(3)})`,
    );
  }
  return rows;
}

/** The request takes the last of them. */
function routes(count: number): string {
  const rules = Array.from(
    { length: count },
    (_, index) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r${index}, namespace: bench}
spec:
  parentRefs: [{group: malha.dev, kind: Service, name: app, port: 80}]
  rules:
    - matches: [{path: {type: PathPrefix, value: ${index === count - 1 ? '/' : `/p${index}`}}}]
      backendRefs: [{group: malha.dev, kind: Service, name: app, port: 80}]
`,
  );
  return rules.join('');
}

function policies(count: number): string {
  const all = Array.from(
    { length: count },
    (_, index) => `---
apiVersion: malha.dev/v1
kind: AuthorizationPolicy
metadata: {name: p${index}, namespace: bench}
spec:
  targetRef: {kind: Service, name: app}
  action: DENY
  rules: [${index % 2 === 0 ? `{from: {principals: ["spiffe://mesh.local/ns/bench/sa/other-${index}"]}}` : `{to: {paths: ["/forbidden-${index}"]}}`}]
`,
  );
  return all.join('');
}
