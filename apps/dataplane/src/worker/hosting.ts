// Decides where a worker runs: in the agent's own thread (the default: least memory) or in a thread of its own.
import type { Clock } from '@malha/traffic/clock';
import type { WorkerPort } from './worker-port.ts';

/** As limitYoungGeneration holds the main thread to. */
const YOUNG_SIZE_MB = 8;

export interface Hosting {
  readonly threads: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** The worker's thread died; the process cannot carry traffic any more. */
  readonly onDeath: (cause: Error) => void;
}

export async function hostWorker(hosting: Hosting): Promise<WorkerPort> {
  if (hosting.threads === 0) {
    const { Worker } = await import('./worker.ts');
    return new Worker(hosting.clock, hosting.random);
  }
  const [{ Worker: Thread }, { workerOverThread }] = await Promise.all([
    import('node:worker_threads'),
    import('./thread-protocol.ts'),
  ]);
  // Beside this program: worker-main.mjs in a bundle, worker-main.ts under a loader.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'mjs';
  const entry = new URL(extension === 'ts' ? '../worker-main.ts' : './worker-main.mjs', import.meta.url);
  return workerOverThread(
    new Thread(entry, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_SIZE_MB } }),
    hosting.onDeath,
  );
}
