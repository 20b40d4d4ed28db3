import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { BucketTable } from '../src/rate-limit/bucket-table.ts';

test('threads that take from one bucket at once get together exactly what is in it', { timeout: 60_000 }, async () => {
  const table = BucketTable.create(() => 0.5);
  const shape = { requests: 1, intervalMs: 1_000_000, burst: 30_000 };
  const workerData = { memory: table.memory, tries: 20_000, shape, nowMs: 1000 };
  const entry = new URL('./take-tokens.worker.mjs', import.meta.url);
  const taken = await Promise.all(
    [1, 2, 3].map(() => {
      const worker = new Worker(entry, { workerData });
      return new Promise<number>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    }),
  );
  expect(taken.reduce((sum, each) => sum + each, 0)).toBe(30_000);
});
