// An open-loop load with the time that each caller waited, counted from when its request was due: a request that the
// generator could not send in time has waited as well (no coordinated omission).
import http from 'node:http';

export interface TimedLoadOptions {
  /** Of the caller's sidecar, e.g. http://127.70.0.2:15001. */
  readonly outbound: string;
  readonly host: string;
  readonly path: string;
  readonly ratePerSecond: number;
  readonly seconds: number;
  /** After which a caller has gone. */
  readonly patienceMs: number;
}

export interface Sample {
  /** Since the start of the load. */
  readonly dueMs: number;
  /** 0 = no answer. */
  readonly status: number;
  readonly waitedMs: number;
}

const TICK_MS = 4;

/** Resolves when the last request is answered or given up. */
export function timedLoad(options: TimedLoadOptions): Promise<Sample[]> {
  const { ratePerSecond, seconds } = options;
  const agent = new http.Agent({ keepAlive: true });
  const count = Math.floor(ratePerSecond * seconds);
  const samples: Sample[] = [];
  const startMs = performance.now();
  let sent = 0;
  return new Promise((resolve) => {
    const record = (sample: Sample) => {
      if (samples.push(sample) < count) return;
      agent.destroy();
      resolve(samples);
    };
    const timer = setInterval(() => {
      const due = Math.min(count, Math.floor(((performance.now() - startMs) / 1_000) * ratePerSecond));
      for (; sent < due; sent++) send(options, agent, startMs, ((sent + 1) / ratePerSecond) * 1_000, record);
      if (sent === count) clearInterval(timer);
    }, TICK_MS);
  });
}

function send(
  { outbound, host, path, patienceMs }: TimedLoadOptions,
  agent: http.Agent,
  startMs: number,
  dueMs: number,
  record: (sample: Sample) => void,
): void {
  const { hostname, port } = new URL(outbound);
  let isOver = false;
  const end = (status: number) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(giveUp);
    record({ dueMs, status, waitedMs: Math.min(patienceMs, performance.now() - startMs - dueMs) });
  };
  const request = http.get({ host: hostname, port, path, agent, headers: { host } }, (response) => {
    response.resume();
    response.on('end', () => end(response.statusCode ?? 0));
    response.on('error', () => end(0));
  });
  request.on('error', () => end(0));
  const giveUp = setTimeout(
    () => request.destroy(new Error('gave up')),
    startMs + dueMs + patienceMs - performance.now(),
  );
}
