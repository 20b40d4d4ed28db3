// WorkerPort over a message port: calls as numbered messages in one direction, their results in the other.
import type { MessagePort, Worker as Thread } from 'node:worker_threads';
import type { MeshConfig } from '@malha/traffic';
import { type ConfigPatch, diffConfig, patchConfig } from './config-patch.ts';
import type { WorkerPort } from './worker-port.ts';

type Method = keyof WorkerPort;

interface Call {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

type Reply = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

/** Runs the calls that arrive at `port` on `worker`, one after another. */
export function serveWorker(port: MessagePort, worker: WorkerPort): void {
  let last: Promise<void> = Promise.resolve();
  let config: MeshConfig | undefined;
  const methods: { readonly [M in Method]: (args: readonly never[]) => Promise<unknown> } = {
    setUp: ([setup]: readonly Parameters<WorkerPort['setUp']>[0][]) => worker.setUp(argument(setup)),
    listen: () => worker.listen(),
    applyConfig: ([patch]: readonly ConfigPatch[]) => {
      config = patchConfig(config, argument(patch));
      return worker.applyConfig(config);
    },
    setCertificates: ([certificates]: readonly Parameters<WorkerPort['setCertificates']>[0][]) =>
      worker.setCertificates(argument(certificates)),
    setIdentity: ([secrets]: readonly Parameters<WorkerPort['setIdentity']>[0][]) => worker.setIdentity(secrets),
    config: () => worker.config(),
    stats: () => worker.stats(),
    metrics: () => worker.metrics(),
    takeSpans: () => worker.takeSpans(),
    drain: ([deadlineMs]: readonly number[]) => worker.drain(argument(deadlineMs)),
    close: () => worker.close(),
  };
  port.on('message', (call: Call) => {
    const turn = last.then(() => run(call));
    // A drain lasts; what is asked meanwhile must not wait for it.
    if (call.method !== 'drain') last = turn;
  });

  async function run({ id, method, args }: Call): Promise<void> {
    try {
      const value = await methods[method](args as readonly never[]);
      port.postMessage({ id, value } satisfies Reply);
    } catch (error) {
      port.postMessage({ id, error: error instanceof Error ? error.message : String(error) } satisfies Reply);
    }
  }
}

function argument<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('an argument is missing');
  return value;
}

/** The agent's end. When the thread dies, every open and later call fails, and `onDeath` is told once. */
export function workerOverThread(thread: Thread, onDeath: (cause: Error) => void): WorkerPort {
  const open = new Map<number, { resolve(value: unknown): void; reject(cause: Error): void }>();
  let nextId = 1;
  let death: Error | undefined;
  let sent: MeshConfig | undefined;

  thread.on('message', (reply: Reply) => {
    const waiting = open.get(reply.id);
    if (waiting === undefined) return;
    open.delete(reply.id);
    if ('error' in reply) waiting.reject(new Error(reply.error));
    else waiting.resolve(reply.value);
  });
  thread.on('error', (cause) => die(cause instanceof Error ? cause : new Error(String(cause))));
  thread.on('exit', (code) => die(new Error(`worker thread ended with code ${code}`)));

  function die(cause: Error): void {
    if (death !== undefined) return;
    death = cause;
    for (const waiting of open.values()) waiting.reject(cause);
    open.clear();
    onDeath(cause);
  }

  function call<T>(method: Method, ...args: readonly unknown[]): Promise<T> {
    return new Promise((resolve, reject) => {
      if (death !== undefined) return reject(death);
      const id = nextId++;
      open.set(id, { resolve: (value) => resolve(value as T), reject });
      thread.postMessage({ id, method, args } satisfies Call);
    });
  }

  return {
    setUp: (setup) => call('setUp', setup),
    listen: () => call('listen'),
    applyConfig(config) {
      const patch = diffConfig(sent, config);
      sent = config;
      return call('applyConfig', patch);
    },
    setCertificates: (certificates) => call('setCertificates', certificates),
    setIdentity: (secrets) => call('setIdentity', secrets),
    config: () => Promise.resolve(sent),
    stats: () => call('stats'),
    metrics: () => call('metrics'),
    takeSpans: () => call('takeSpans'),
    drain: (deadlineMs) => call('drain', deadlineMs),
    async close() {
      await call('close');
      await thread.terminate();
    },
  };
}
