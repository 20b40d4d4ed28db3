// Runs all checks in order of their cost and ends with one line of counts.
import fs from 'node:fs';
import path from 'node:path';
import { ensureChromium } from '../setup/chromium.ts';
import { type Counts, check, playwright, type Runner, sum, vitest } from './runners.ts';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const isLong = process.argv.includes('--long');
const reports = path.join(ROOT, 'test-results');
fs.rmSync(reports, { recursive: true, force: true });
fs.mkdirSync(reports, { recursive: true });

const bin = (name: string) => path.join(ROOT, 'node_modules', '.bin', name);
const runners: Runner[] = [
  check('format and lint', bin('biome'), ['check', '--error-on-warnings', '.'], ROOT),
  check('dependency rules', bin('depcruise'), ['--config', '.dependency-cruiser.mjs', 'apps', 'packages'], ROOT),
  check('types of scripts', bin('tsc'), ['-p', '.'], ROOT),
  check('types', bin('turbo'), ['run', 'typecheck', '--concurrency=2', '--output-logs=errors-only'], ROOT),
  vitest('unit', ['--config', 'vitest.all.config.ts'], ROOT, reports),
  check('build', bin('turbo'), ['run', 'build', '--concurrency=2', '--output-logs=errors-only'], ROOT),
];
runners.push(
  vitest('scenarios', ['--root', 'e2e', '--config', 'vitest.mesh.config.ts', '--project', 'scenarios'], ROOT, reports),
);
if (fs.existsSync(path.join(ROOT, 'e2e', 'playwright.config.ts'))) {
  ensureChromium();
  runners.push(playwright('browser', [], ROOT, reports));
}
if (isLong)
  runners.push(
    vitest('long', ['--root', 'e2e', '--config', 'vitest.mesh.config.ts', '--project', 'long'], ROOT, reports),
  );

const only = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const results: { name: string; counts: Counts; seconds: number }[] = [];
for (const runner of runners) {
  if (only.length > 0 && !only.includes(runner.name)) continue;
  console.log(`\n── ${runner.name} ${'─'.repeat(Math.max(0, 70 - runner.name.length))}`);
  const from = performance.now();
  const counts = runner.run();
  results.push({ name: runner.name, counts, seconds: (performance.now() - from) / 1_000 });
}

console.log('');
for (const { name, counts, seconds } of results) {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  console.log(`${name.padEnd(20)} ${counts.passed} ok, ${counts.failed} not ok${skipped} (${seconds.toFixed(1)} s)`);
}
const total = sum(results.map((result) => result.counts));
for (const test of total.unsteady) console.log(`passed only the second time: ${test}`);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
