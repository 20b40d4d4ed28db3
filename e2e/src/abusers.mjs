// Clients that mean harm, at a steady pace: each keeps its connections open, and opens them again when it is cut off.
// Arguments: port, kind. Prints how often it was cut off when it is asked on stdin.
import net from 'node:net';

const [port, kind] = [Number(process.argv[2]), process.argv[3]];
const TICK_MS = 20;
const SLOW_TICK_MS = 250;
const REOPEN_MS = 200;
const HOST = 'echo';

const frame = (type, flags, stream, payload = Buffer.alloc(0)) => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
const word = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const text = (value) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
/** :method GET, :scheme http, :path, :authority, none of them indexed. */
const head = (path = '/') =>
  Buffer.concat([Buffer.from([0x82, 0x86, 0x04]), text(path), Buffer.from([0x01]), text(HOST)]);
const [DATA, HEADERS, RESET, SETTINGS, PING, WINDOW, CONTINUATION] = [0, 1, 3, 4, 6, 8, 9];
const [END_STREAM, END_HEADERS] = [1, 4];
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const HELLO = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)]);
const NO_WINDOW = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0]))]);
const repeat = (count, make) => Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));
const odd = (tick, count, index) => 2 * (tick * count + index) + 1;
/** One entry of 500 bytes, and 1,000 references to it. */
const BOMB = Buffer.concat([
  head(),
  Buffer.from([0x40]),
  text('x-large'),
  Buffer.from([0x7f, 0xf5, 0x02]),
  Buffer.alloc(500, 'x'),
  Buffer.alloc(1_000, 0x80 | 62),
]);

/** connections; `open` is sent at first, `each` with each tick (counted from 0); `unread`: nothing is read. */
const KINDS = {
  'slow-head': { connections: 500, open: () => `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX: `, each: () => 'x' },
  'slow-body': {
    connections: 300,
    open: () => `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 1000000\r\n\r\n`,
    each: () => 'x',
  },
  'slow-chunks': {
    connections: 300,
    open: () => `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    each: () => '1;a=b\r\nx\r\n',
  },
  'slow-preface': { connections: 500, open: () => '', each: (tick) => PREFACE.subarray(tick, tick + 1) },
  'slow-headers': {
    connections: 500,
    open: () => Buffer.concat([HELLO, frame(HEADERS, 0, 1, head())]),
    each: (tick) => (tick < 10 ? frame(CONTINUATION, 0, 1) : ''),
  },
  'slow-window': {
    connections: 20,
    open: () =>
      Buffer.concat([
        NO_WINDOW,
        repeat(20, (index) => frame(HEADERS, END_HEADERS | END_STREAM, 2 * index + 1, head('/large'))),
      ]),
    each: (tick) => frame(WINDOW, 0, 2 * (tick % 20) + 1, word(1)),
  },
  'zero-window': {
    connections: 8,
    open: () =>
      Buffer.concat([
        NO_WINDOW,
        repeat(100, (index) => frame(HEADERS, END_HEADERS | END_STREAM, 2 * index + 1, head('/large'))),
      ]),
    each: () => '',
  },
  'rapid-reset': {
    connections: 4,
    open: () => HELLO,
    each: (tick) =>
      repeat(50, (index) => {
        const stream = odd(tick, 50, index);
        return Buffer.concat([
          frame(HEADERS, END_HEADERS | END_STREAM, stream, head()),
          frame(RESET, 0, stream, word(8)),
        ]);
      }),
  },
  continuation: {
    connections: 10,
    open: () => Buffer.concat([HELLO, frame(HEADERS, 0, 1, head())]),
    each: () => repeat(100, () => frame(CONTINUATION, 0, 1)),
  },
  'hpack-bomb': {
    connections: 4,
    open: () => HELLO,
    each: (tick) => repeat(10, (index) => frame(HEADERS, END_HEADERS | END_STREAM, odd(tick, 10, index), BOMB)),
  },
  settings: { connections: 10, open: () => HELLO, each: () => repeat(100, () => frame(SETTINGS, 0, 0)) },
  ping: { connections: 10, open: () => HELLO, each: () => repeat(100, () => frame(PING, 0, 0, Buffer.alloc(8))) },
  'empty-data': {
    connections: 10,
    open: () => Buffer.concat([HELLO, frame(HEADERS, END_HEADERS, 1, head())]),
    each: () => repeat(100, () => frame(DATA, 0, 1)),
  },
  unread: { connections: 50, unread: true, open: () => `GET /large HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, each: () => '' },
};

const { connections, open, each, unread } = KINDS[kind];
let cutOff = 0;

function abuse() {
  let tick = 0;
  let timer;
  const tickMs = kind.startsWith('slow') ? SLOW_TICK_MS : TICK_MS;
  const next = () => {
    socket.write(each(tick++));
    timer = setTimeout(next, tickMs);
  };
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true }, () => {
    socket.write(open());
    // Each at its own time: many clients that mean harm do not beat as one.
    timer = setTimeout(next, Math.random() * tickMs);
  });
  socket.on('error', () => undefined);
  if (unread === true) socket.pause();
  else socket.resume();
  socket.on('close', () => {
    clearTimeout(timer);
    cutOff++;
    setTimeout(abuse, REOPEN_MS);
  });
}

for (let index = 0; index < connections; index++) abuse();
console.log('begun');
process.stdin.on('data', () => console.log(String(cutOff)));
process.stdin.on('end', () => process.exit(0));
