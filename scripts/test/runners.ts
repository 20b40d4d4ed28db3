// The runners behind `npm test`: each gives its counts, so that one line can sum them up.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Runner {
  readonly name: string;
  run(): Counts;
}

const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };

export function sum(counts: readonly Counts[]): Counts {
  return counts.reduce(
    (total, each) => ({
      passed: total.passed + each.passed,
      failed: total.failed + each.failed,
      skipped: total.skipped + each.skipped,
    }),
    NONE,
  );
}

/** A command that passes or fails as a whole: one test. */
export function check(name: string, command: string, args: readonly string[], cwd: string): Runner {
  return {
    name,
    run: () => {
      const { status } = spawnSync(command, [...args], { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
      return status === 0 ? { ...NONE, passed: 1 } : { ...NONE, failed: 1 };
    },
  };
}

/** Vitest with its JSON report beside the readable one. */
export function vitest(name: string, args: readonly string[], root: string, reports: string): Runner {
  return {
    name,
    run: () => {
      const report = path.join(reports, `${name.replaceAll(' ', '-')}.json`);
      const bin = path.join(root, 'node_modules/vitest/vitest.mjs');
      const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
      const { status } = spawnSync(process.execPath, [bin, 'run', ...args, ...reporters], {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      const result = readJson<{ numPassedTests: number; numFailedTests: number; numPendingTests: number }>(report);
      if (result === undefined) return { ...NONE, failed: 1 };
      const failed = result.numFailedTests;
      // A runner that ends badly without a failed test (an unhandled rejection, a broken file) is one failure.
      return {
        passed: result.numPassedTests,
        failed: status !== 0 && failed === 0 ? 1 : failed,
        skipped: result.numPendingTests,
      };
    },
  };
}

export function playwright(name: string, args: readonly string[], root: string, reports: string): Runner {
  return {
    name,
    run: () => {
      const report = path.join(reports, `${name.replaceAll(' ', '-')}.json`);
      const cli = path.join(root, 'node_modules/@playwright/test/cli.js');
      const { status } = spawnSync(process.execPath, [cli, 'test', ...args, '--reporter=list,json'], {
        cwd: path.join(root, 'e2e'),
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: report },
      });
      const stats = readJson<{ stats: { expected: number; unexpected: number; flaky: number; skipped: number } }>(
        report,
      )?.stats;
      if (stats === undefined) return { ...NONE, failed: 1 };
      const failed = stats.unexpected + stats.flaky;
      return {
        passed: stats.expected,
        failed: status !== 0 && failed === 0 ? 1 : failed,
        skipped: stats.skipped,
      };
    },
  };
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
