// Many connections that do nothing: opened in batches over several loopback addresses, kept until this process is ended.
// Arguments: port, number, what each does first (silent, http1 = one request, http2 = preface and SETTINGS).
import net from 'node:net';

const [port, number, kind] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const BATCH = 200;
const SOURCES = 8;
const REQUEST = 'GET / HTTP/1.1\r\nHost: echo\r\n\r\n';
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
  Buffer.from([0, 0, 0, 4, 1, 0, 0, 0, 0]),
]);

let ended = 0;

function open(index) {
  return new Promise((resolve, reject) => {
    const localAddress = `127.0.0.${2 + (index % SOURCES)}`;
    const socket = net.connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', reject);
    socket.on('close', () => ended++);
    socket.on('connect', () => {
      if (kind === 'silent') resolve();
      else socket.write(kind === 'http1' ? REQUEST : PREFACE);
    });
    socket.once('data', () => resolve());
    socket.resume();
  });
}

for (let from = 0; from < number; from += BATCH)
  await Promise.all(Array.from({ length: Math.min(BATCH, number - from) }, (_, index) => open(from + index)));
console.log('open');

process.stdin.on('data', () => console.log(`ended ${ended}`));
process.stdin.on('end', () => process.exit(0));
