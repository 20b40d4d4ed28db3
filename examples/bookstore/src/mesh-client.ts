// Calls another service through the mesh: origin-form to MALHA_OUTBOUND with the callee as Host.
import http from 'node:http';

/** Headers that tie a call to the one that caused it; an application in a mesh has to carry these itself. */
const PROPAGATED = ['traceparent', 'tracestate', 'x-request-id', 'x-user', 'x-beta-reader'];

const CALL_TIMEOUT_MS = 20_000;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: http.IncomingHttpHeaders;
  readonly body?: unknown;
}

export class MeshClient {
  readonly #outbound: URL;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 256 });

  constructor(outbound: string) {
    this.#outbound = new URL(outbound);
  }

  /** Resolves with any HTTP answer; rejects only when there was none within the time limit. */
  call(host: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const payload = options.body === undefined ? undefined : JSON.stringify(options.body);
    const headers: http.OutgoingHttpHeaders = { host };
    for (const name of PROPAGATED) {
      const value = options.headers?.[name];
      if (value !== undefined) headers[name] = value;
    }
    if (payload !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(payload);
    }
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          host: this.#outbound.hostname,
          port: this.#outbound.port,
          method: options.method ?? 'GET',
          path,
          headers,
          agent: this.#agent,
          timeout: CALL_TIMEOUT_MS,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString('utf8')) }),
          );
        },
      );
      request.on('timeout', () => request.destroy(new Error(`no answer from ${host} in ${CALL_TIMEOUT_MS} ms`)));
      request.on('error', reject);
      request.end(payload);
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
