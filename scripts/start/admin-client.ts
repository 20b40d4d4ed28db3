// Talks to the control plane over its local admin socket, as an operator on this machine may.
import http from 'node:http';

const TIMEOUT_MS = 10_000;

export class AdminClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  get<T>(path: string): Promise<T> {
    return this.#request('GET', path, undefined, 'application/json');
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#request('POST', path, JSON.stringify(body), 'application/json');
  }

  postYaml<T>(path: string, yaml: string): Promise<T> {
    return this.#request('POST', path, yaml, 'application/yaml');
  }

  #request<T>(method: string, path: string, body: string | undefined, contentType: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const headers =
        body === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
      const options = { socketPath: this.#socketPath, method, path, headers, timeout: TIMEOUT_MS };
      const request = http.request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text) as T);
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
        });
      });
      request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer in ${TIMEOUT_MS} ms`)));
      request.on('error', reject);
      request.end(body);
    });
  }
}
