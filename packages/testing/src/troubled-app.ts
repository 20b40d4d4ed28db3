// An application that a test can trouble from outside while it runs: slow, failing, gone; and the count of what reached it.
import http from 'node:http';
import path from 'node:path';
import { freePort } from './free-port.ts';

const PRELOADED = path.join(import.meta.dirname, 'trouble.mjs');
const DEADLINE_MS = 5_000;

export interface Trouble {
  /** Requests that are worked on at once, and for how long each; the others wait. */
  readonly workers?: number;
  readonly workMs?: number;
  /** Answers 503 at once. */
  readonly isFailing?: boolean;
  /** Listens no more, as if its process were gone. */
  readonly isDown?: boolean;
  /** Forgets what waits. */
  readonly isReset?: boolean;
}

export interface TroubledApp {
  /** Arguments of `node` before the program, and what its environment needs. */
  readonly preload: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  change(trouble: Trouble): Promise<void>;
  /** That have reached the application so far. */
  requests(): Promise<number>;
}

/** Of an application that the caller starts. */
export async function troubledApp(): Promise<TroubledApp> {
  const port = await freePort();
  return {
    preload: ['--import', PRELOADED],
    env: { TROUBLE_PORT: String(port) },
    change: async (trouble) => {
      await control(port, trouble);
    },
    requests: async () => (await control(port)).requests,
  };
}

function control(port: number, trouble?: Trouble): Promise<{ readonly requests: number }> {
  const method = trouble === undefined ? 'GET' : 'PUT';
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, agent: false, timeout: DEADLINE_MS };
    const request = http.request(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('error', reject);
      response.on('end', () => resolve(JSON.parse(text)));
    });
    request.on('timeout', () => request.destroy(new Error('an application does not answer its control port')));
    request.on('error', reject);
    request.end(trouble === undefined ? undefined : JSON.stringify(trouble));
  });
}
