// Serves the fixtures as the control plane would: tRPC over HTTP and WebSocket, the password check, health.
import { createServer } from 'node:http';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { WebSocketServer } from 'ws';
import { router } from './router.ts';

const port = Number(process.env.PORT ?? 4401);
const trpc = createHTTPHandler({ router, basePath: '/trpc/' });
const server = createServer((request, response) => {
  if (request.url === '/healthz') return void response.end('ok');
  if (request.url === '/internal/verify-password') {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const { password } = JSON.parse(body) as { password: string };
      response.statusCode = password === 'demo' ? 200 : 401;
      response.end(
        JSON.stringify({
          id: '1',
          email: 'ines@books.example',
          name: 'Inês Carvalho',
          role: 'admin',
          sessionVersion: 1,
        }),
      );
    });
    return undefined;
  }
  return trpc(request, response);
});
const sockets = new WebSocketServer({ server, path: '/trpc' });
applyWSSHandler({ wss: sockets, router, keepAlive: { enabled: true, pingMs: 15_000 } });
server.listen(port, '127.0.0.1', () => console.info(`fixtures on http://127.0.0.1:${port}`));
