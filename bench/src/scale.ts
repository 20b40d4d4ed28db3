// What a request costs with much configured by what it costs with little: a thousand routes or policies by one, and all
// protections armed by none.
import type { Environment } from './contestants/contestant.ts';
import { startMalha } from './contestants/malha.ts';
import { comparePairs, type Ratio } from './pairs.ts';
import { which } from './processes.ts';
import { ARMED_CALLEE, ARMED_CALLER, BARE_CALLER, idlePolicies } from './protections.ts';

export interface ScaleRow extends Ratio {
  readonly what: string;
}

export interface ScaleCase {
  readonly what: string;
  readonly side: 'outbound' | 'inbound';
  /** Resources of the cheaper. */
  readonly few: string;
  readonly many: string;
}

const MANY = 1_000;

export const SCALE_CASES: readonly ScaleCase[] = [
  { what: `${MANY} routes of one service by one`, side: 'outbound', few: routes(1), many: routes(MANY) },
  { what: `${MANY} policies that match nobody by one`, side: 'inbound', few: policies(1), many: policies(MANY) },
  { what: 'all protections of a caller, idle, by none', side: 'outbound', few: BARE_CALLER, many: ARMED_CALLER },
  { what: 'limits of a service, idle, by none', side: 'inbound', few: '', many: ARMED_CALLEE },
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
    const small = await startMalha(environment, { name: `${side}-few`, side, resources: few });
    const large = await startMalha(environment, { name: `${side}-many`, side, resources: many });
    try {
      const row = { what, ...(await comparePairs(small, large)) };
      rows.push(row);
      say(`${what}: ${row.medianRatio.toFixed(3)} (${row.lowRatio.toFixed(3)} to ${row.highRatio.toFixed(3)})`);
    } finally {
      for (const { proxies } of [small, large]) for (const proxy of proxies) await proxy.stop();
    }
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
