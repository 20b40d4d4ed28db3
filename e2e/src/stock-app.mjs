// The application behind the proxy of the abuse tests, a process of its own: short answers, and one of a mebibyte at /large.
import http from 'node:http';

const LARGE = Buffer.alloc(1024 * 1024, 'x');

const server = http.createServer((request, response) => {
  request.on('error', () => undefined);
  request.resume().on('end', () => response.end(request.url === '/large' ? LARGE : 'hello'));
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit(0));
