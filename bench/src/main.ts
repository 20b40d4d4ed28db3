// `npm run bench [-- cost changes --quick]`: all comparisons of one run, as data and as a table.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensureEnvoy } from '../../scripts/setup/envoy.ts';
import { type ChangeRow, changes } from './changes.ts';
import { type CostResult, cost } from './cost.ts';
import { createEnvironment } from './environment.ts';
import { type MemoryRow, memory } from './memory.ts';
import { write } from './report.ts';

const USAGE = `npm run bench [-- WHAT… --quick]

  cost      what a request costs through each proxy, beside Envoy, nginx and HAProxy
  changes   how fast a change arrives at proxies and at a client
  memory    what a joined sidecar holds in memory, idle and under load
  --quick   one short round of each

Writes bench/results/latest.json and bench/RESULTS.md; what was not measured stays as it was.
`;

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const say = (line: string) => console.log(line);
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const isQuick = process.argv.includes('--quick');
if (process.argv.includes('--help')) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const wants = (name: string) => wanted.length === 0 || wanted.includes(name);

const turbo = path.join(ROOT, 'node_modules/.bin/turbo');
const build = spawnSync(turbo, ['run', 'build', '--filter=!@malha/console', '--output-logs=errors-only'], {
  cwd: ROOT,
  stdio: 'inherit',
});
if (build.status !== 0) process.exit(1);

let costs: CostResult | undefined;
if (wants('cost')) {
  ensureEnvoy();
  const environment = await createEnvironment();
  try {
    costs = await cost(environment, {
      seconds: isQuick ? 2 : 4,
      rounds: isQuick ? 1 : 3,
      warmSeconds: 8,
      connections: [4, 32, 128],
      say,
    });
  } finally {
    await environment.close();
  }
  for (const reason of costs.missing) say(`missing: ${reason}`);
}
let changeRows: ChangeRow[] = [];
if (wants('changes')) changeRows = await changes(isQuick ? [10] : [10, 100], say);
let memoryRows: MemoryRow[] = [];
if (wants('memory')) memoryRows = await memory(say);
write({ at: new Date().toISOString(), cost: costs, changes: changeRows, memory: memoryRows });
say('written: bench/results/latest.json, bench/RESULTS.md');
