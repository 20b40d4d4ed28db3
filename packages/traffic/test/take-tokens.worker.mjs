// A worker of the test of bucket tables: takes what it can get of one key, and says how much that was.
import { parentPort, workerData } from 'node:worker_threads';
import { tsImport } from 'tsx/esm/api';

const { BucketTable, mix } = await tsImport('../src/rate-limit/bucket-table.ts', import.meta.url);
const { memory, tries, shape, nowMs } = workerData;
const table = BucketTable.share(memory);
const hash = { high: 0, low: 0 };
table.begin(hash);
mix(hash, 'shared');
let taken = 0;
for (let count = 0; count < tries; count += 1) if (table.take(hash, nowMs, shape).isTaken) taken += 1;
parentPort.postMessage(taken);
