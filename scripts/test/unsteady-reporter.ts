// Names the tests that passed only the second time: a line of JSON each, for the summary.
import fs from 'node:fs';
import type { TestCase } from 'vitest/node';
import type { Reporter } from 'vitest/reporters';

/** Where `vitest` of runners.ts wants them. */
export const UNSTEADY_FILE = 'MALHA_UNSTEADY_FILE';

export default class UnsteadyReporter implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const file = process.env[UNSTEADY_FILE];
    if (file === undefined || test.diagnostic()?.flaky !== true) return;
    const reason = test.result().errors?.[0]?.message.split('\n')[0] ?? 'no reason given';
    fs.appendFileSync(file, `${JSON.stringify(`${test.module.relativeModuleId} › ${test.fullName}: ${reason}`)}\n`);
  }
}
