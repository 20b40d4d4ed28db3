// `npm run bench [-- WHAT… --quick --only=TEXT --scenarios=… --connections=…]`: all comparisons of one run, as data and as a table.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensureEnvoy } from '../../scripts/setup/envoy.ts';
import { changes } from './changes.ts';
import { cost, SCENARIOS } from './cost.ts';
import { createEnvironment, type SharedEnvironment } from './environment.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { type Measured, write } from './report.ts';
import { study } from './resilience/study.ts';
import { writeStudy } from './resilience/study-report.ts';
import { SCALE_CASES, scale } from './scale.ts';
import { chosen } from './selection.ts';

const WHAT = {
  cost: 'what a request costs through each proxy, beside Envoy, nginx, HAProxy and nghttpx',
  latency: 'what a client waits for at 60 % of what our proxy, and what Envoy, can do, beside the others',
  scale: 'whether a thousand routes or policies, or all protections, make a request dearer',
  changes: 'how fast a change arrives at proxies and at a client',
  resilience: 'which protections help callers through slow and crashing replicas, overload and a retry storm',
  memory: 'what a joined sidecar holds in memory, idle and under load',
} as const;
type What = keyof typeof WHAT;

const CONNECTIONS: readonly number[] = [4, 32, 128];

const USAGE = `npm run bench [-- WHAT… --quick --only=TEXT --scenarios=NAME,… --connections=N,…]

${Object.entries(WHAT)
  .map(([name, what]) => `  ${name.padEnd(10)} ${what}`)
  .join('\n')}
  --quick        one short round of each
  --only         of scale, the rows whose name holds this text
  --scenarios    of cost, only these: ${SCENARIOS.join(', ')}
  --connections  of cost, only with so many: ${CONNECTIONS.join(', ')}

Without WHAT all are measured. Writes bench/results, bench/RESULTS.md and bench/RESILIENCE.md; what was not measured stays as it was.
`;

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const say = (line: string) => console.log(line);
const isQuick = process.argv.includes('--quick');
if (process.argv.includes('--help')) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = names.find((name) => !(name in WHAT));
if (unknown !== undefined) {
  process.stderr.write(`${unknown}: not something to measure\n\n${USAGE}`);
  process.exit(2);
}
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length) ?? '';
const cases = SCALE_CASES.filter(({ what }) => what.includes(only));
if (cases.length === 0) {
  process.stderr.write(`no row of scale holds "${only}": ${SCALE_CASES.map(({ what }) => what).join('; ')}\n`);
  process.exit(2);
}
const scenarios = chosen(process.argv, 'scenarios', SCENARIOS);
const connections = chosen(process.argv, 'connections', CONNECTIONS);
if (typeof scenarios === 'string' || typeof connections === 'string') {
  for (const problem of [scenarios, connections]) if (typeof problem === 'string') process.stderr.write(`${problem}\n`);
  process.exit(2);
}
const wants = (name: What) => names.length === 0 || names.includes(name);

const turbo = path.join(ROOT, 'node_modules/.bin/turbo');
const build = spawnSync(turbo, ['run', 'build', '--filter=!@malha/console', '--output-logs=errors-only'], {
  cwd: ROOT,
  stdio: 'inherit',
});
if (build.status !== 0) process.exit(1);

const measured: Measured = {};
if (wants('cost')) {
  ensureEnvoy();
  const options = { seconds: isQuick ? 2 : 4, rounds: isQuick ? 1 : 3, warmSeconds: 8, scenarios, connections, say };
  measured.cost = await among((environment) => cost(environment, options));
  for (const reason of measured.cost.missing) say(`missing: ${reason}`);
}
if (wants('latency')) measured.latency = await among((environment) => latency(environment, say));
if (wants('scale')) measured.scale = await among((environment) => scale(environment, say, cases));
if (wants('changes')) measured.changes = await changes(isQuick ? [10] : [10, 100], say);
if (wants('memory')) measured.memory = await memory(say);
if (Object.keys(measured).length > 0) {
  write(measured);
  say('written: bench/results/latest.json, bench/RESULTS.md');
}
if (wants('resilience')) {
  writeStudy(await study(isQuick ? { seconds: 4, rounds: 1, say } : { seconds: 10, rounds: 3, say }));
  say('written: bench/results/resilience.json, bench/RESILIENCE.md, docs/images/resilience-*.svg');
}

async function among<T>(work: (environment: SharedEnvironment) => Promise<T>): Promise<T> {
  const environment = await createEnvironment();
  try {
    return await work(environment);
  } finally {
    await environment.close();
  }
}
