// A tiny application for scenarios: answers every request, says who it is, counts what it got. It fails when it is asked
// to, `x-fail: always` or `x-fail: once`, and says how often it has got the call that `x-call` names.
import http from 'node:http';

const name = process.env.ECHO_NAME ?? 'echo';
const attempts = new Map();
let served = 0;

function countAttempt(call) {
  if (call === undefined) return 1;
  const count = (attempts.get(call) ?? 0) + 1;
  attempts.set(call, count);
  return count;
}

const server = http.createServer((request, response) => {
  let size = 0;
  request.on('data', (chunk) => {
    size += chunk.length;
  });
  request.on('end', () => {
    served += 1;
    const attempt = countAttempt(request.headers['x-call']);
    const fail = request.headers['x-fail'];
    const isFailing = fail === 'always' || (fail === 'once' && attempt === 1);
    const body = JSON.stringify({ name, served, size, path: request.url, headers: request.headers });
    response.writeHead(isFailing ? 503 : 200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-served-by': name,
      'x-attempts': attempt,
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
