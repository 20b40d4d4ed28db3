// A tiny application for scenarios: answers every request, says who it is, counts what it got.
import http from 'node:http';

const name = process.env.ECHO_NAME ?? 'echo';
let served = 0;
const server = http.createServer((request, response) => {
  let size = 0;
  request.on('data', (chunk) => {
    size += chunk.length;
  });
  request.on('end', () => {
    served += 1;
    const body = JSON.stringify({ name, served, size, path: request.url, headers: request.headers });
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-served-by': name,
    });
    response.end(body);
  });
});
server.keepAliveTimeout = 600_000;
server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
