// The runners behind `npm test`: each gives its counts, so that one line can sum them up.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { UNSTEADY_FILE } from './unsteady-reporter.ts';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Passed, but only the second time; by name, with what went wrong the first time. */
  readonly unsteady: readonly string[];
}

export interface Runner {
  readonly name: string;
  run(): Counts;
}

const NONE: Counts = { passed: 0, failed: 0, skipped: 0, unsteady: [] };

export function sum(counts: readonly Counts[]): Counts {
  return counts.reduce(
    (total, each) => ({
      passed: total.passed + each.passed,
      failed: total.failed + each.failed,
      skipped: total.skipped + each.skipped,
      unsteady: [...total.unsteady, ...each.unsteady],
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
      const unsteady = `${report}.unsteady`;
      const own = path.join(import.meta.dirname, 'unsteady-reporter.ts');
      const reporters = ['--reporter=default', '--reporter=json', `--reporter=${own}`, `--outputFile.json=${report}`];
      const { status } = spawnSync(process.execPath, [bin, 'run', ...args, ...reporters], {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, [UNSTEADY_FILE]: unsteady },
      });
      const result = readJson<{ numPassedTests: number; numFailedTests: number; numPendingTests: number }>(report);
      if (result === undefined) return { ...NONE, failed: 1 };
      const failed = result.numFailedTests;
      // A runner that ends badly without a failed test (an unhandled rejection, a broken file) is one failure.
      return {
        passed: result.numPassedTests,
        failed: status !== 0 && failed === 0 ? 1 : failed,
        skipped: result.numPendingTests,
        unsteady: linesOf(unsteady),
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
      const result = readJson<PlaywrightReport>(report);
      if (result === undefined) return { ...NONE, failed: 1 };
      const { expected, unexpected, flaky, skipped } = result.stats;
      return {
        passed: expected + flaky,
        failed: status !== 0 && unexpected === 0 ? 1 : unexpected,
        skipped,
        unsteady: result.suites.flatMap(unsteadyOf),
      };
    },
  };
}

interface PlaywrightSuite {
  readonly specs?: readonly {
    readonly title: string;
    readonly file: string;
    readonly tests: readonly {
      readonly status: string;
      readonly results: readonly { readonly error?: { readonly message?: string } }[];
    }[];
  }[];
  readonly suites?: readonly PlaywrightSuite[];
}

interface PlaywrightReport {
  readonly stats: {
    readonly expected: number;
    readonly unexpected: number;
    readonly flaky: number;
    readonly skipped: number;
  };
  readonly suites: readonly PlaywrightSuite[];
}

function unsteadyOf({ specs = [], suites = [] }: PlaywrightSuite): string[] {
  const own = specs.flatMap(({ title, file, tests }) =>
    tests
      .filter(({ status }) => status === 'flaky')
      .map(({ results }) => `${file} › ${title}: ${results[0]?.error?.message?.split('\n')[0] ?? 'no reason given'}`),
  );
  return [...own, ...suites.flatMap(unsteadyOf)];
}

function linesOf(file: string): string[] {
  if (!fs.existsSync(file)) return [];
  const lines = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as string);
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
