// The scraper's port: GET /metrics and nothing else.
import http from 'node:http';
import { listen, type OpenPort } from '../rest/open-port.ts';
import type { ControlPlaneMetrics } from './control-plane-metrics.ts';

const HEAD_TIMEOUT_MS = 5_000;
const CONNECTIONS_MAX = 64;

export interface MetricsServerOptions {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly metrics: Pick<ControlPlaneMetrics, 'text' | 'contentType'>;
}

export function startMetricsServer({ host, port, metrics }: MetricsServerOptions): Promise<OpenPort> {
  const timeouts = { headersTimeout: HEAD_TIMEOUT_MS, requestTimeout: HEAD_TIMEOUT_MS };
  const server = http.createServer(timeouts, (request, response) => {
    request.resume();
    const [path] = (request.url ?? '').split('?', 1);
    if (path !== '/metrics') return answer(response, 404, 'text/plain', 'only /metrics is here\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return answer(response, 405, 'text/plain', 'use GET\n');
    }
    metrics.text().then(
      (text) => answer(response, 200, metrics.contentType, request.method === 'HEAD' ? '' : text),
      (error: unknown) => answer(response, 500, 'text/plain', `${String(error)}\n`),
    );
  });
  server.maxConnections = CONNECTIONS_MAX;
  return listen(server, host, port);
}

function answer(response: http.ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
  response.end(body);
}
