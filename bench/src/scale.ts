// Whether a thousand routes, or a thousand policies that match nobody, make a request dearer than one: pairs of runs in
// turns, so that what the machine does meanwhile hits both of a pair.
import type { Environment, Started } from './contestants/contestant.ts';
import { startMalha } from './contestants/malha.ts';
import { measure, wrk } from './load.ts';
import { which } from './processes.ts';

export interface ScaleRow {
  readonly what: string;
  readonly pairs: number;
  /** CPU of the larger by that of the smaller. */
  readonly medianRatio: number;
  /** 95 % interval of the median, from the order of the pairs. */
  readonly lowRatio: number;
  readonly highRatio: number;
}

const MANY = 1_000;
const PAIRS = 15;
const SECONDS = 1;
const WARM_SECONDS = 6;
const CONNECTIONS = 32;
/** Ranks of 15 that hold the median in 96 of 100 cases (binomial). */
const LOW_RANK = 3;
const HIGH_RANK = 11;

export async function scale(environment: Environment, say: (line: string) => void): Promise<ScaleRow[]> {
  if (which('wrk') === undefined) return [];
  const rows: ScaleRow[] = [];
  const cases = [
    { what: `${MANY} routes of one service`, side: 'outbound', one: routes(1), many: routes(MANY) },
    { what: `${MANY} policies that match nobody`, side: 'inbound', one: policies(1), many: policies(MANY) },
  ] as const;
  for (const { what, side, one, many } of cases) {
    const small = await startMalha(environment, { name: `${side}-one`, side, resources: one });
    const large = await startMalha(environment, { name: `${side}-many`, side, resources: many });
    try {
      const row = { what, pairs: PAIRS, ...(await compare(small, large)) };
      rows.push(row);
      say(`${what}: ${row.medianRatio.toFixed(3)} (${row.lowRatio.toFixed(3)} to ${row.highRatio.toFixed(3)}) of one`);
    } finally {
      for (const { proxies } of [small, large]) for (const proxy of proxies) await proxy.stop();
    }
  }
  return rows;
}

async function compare(small: Started, large: Started) {
  for (const started of [small, large]) await cpuOf(started, WARM_SECONDS);
  const ratios: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    // A pair is A B B A, and the next one B A A B: what the machine does meanwhile, a trend above all, hits both alike.
    const [outer, inner] = pair % 2 === 0 ? [small, large] : [large, small];
    const first = await cpuOf(outer, SECONDS);
    const second = (await cpuOf(inner, SECONDS)) + (await cpuOf(inner, SECONDS));
    const both = [first + (await cpuOf(outer, SECONDS)), second] as const;
    const [a, b] = pair % 2 === 0 ? both : [both[1], both[0]];
    ratios.push(b / a);
  }
  ratios.sort((a, b) => a - b);
  const at = (rank: number) => ratios[rank] ?? Number.NaN;
  return { medianRatio: at(Math.floor(PAIRS / 2)), lowRatio: at(LOW_RANK), highRatio: at(HIGH_RANK) };
}

async function cpuOf({ proxies, port, headers }: Started, seconds: number): Promise<number> {
  const measured = await measure(proxies, { generator: wrk, port, headers, connections: CONNECTIONS, seconds });
  if (measured.errors > 0) throw new Error(`${measured.errors} requests failed`);
  return measured.cpuMicrosPerRequest;
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
