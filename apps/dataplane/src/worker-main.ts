// Entry of a worker thread: serves WorkerPort calls of the agent.
import { parentPort } from 'node:worker_threads';
import { systemClock } from './worker/system-clock.ts';
import { serveWorker } from './worker/thread-protocol.ts';
import { Worker } from './worker/worker.ts';

if (parentPort === null) throw new Error('worker-main runs in a worker thread only');
serveWorker(parentPort, new Worker(systemClock, Math.random));
