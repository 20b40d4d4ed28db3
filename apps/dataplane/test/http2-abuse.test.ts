// Clients that mean harm, by raw frames: what they cost is bounded, and others are served meanwhile.
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HpackEncoder } from '../src/http2/hpack/encoder.ts';
import { ErrorCode, Flag, FrameType, PREFACE } from '../src/http2/protocol.ts';
import type { ProxyLimits } from '../src/proxy-limits.ts';
import { simpleConfig, startProxy, type TestProxy } from './mesh-fixture.ts';
import { answerOk, exchangeBytes, OK, type RawUpstream, rawUpstream } from './raw-http.ts';
import { frame, headerBlock, SETTINGS } from './raw-http2.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

const GET = 'GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n';

async function proxyOf(
  limits: Partial<ProxyLimits> = {},
  answer = answerOk,
): Promise<{ proxy: TestProxy; app: RawUpstream }> {
  const app = await rawUpstream(answer);
  const proxy = await startProxy(simpleConfig(app.port), { limits });
  cleanups.push(app.close, () => proxy.dataPlane.close());
  return { proxy, app };
}

const NO_WINDOW = frame(FrameType.Settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0]));

/** A request head of a client that indexes nothing. */
function requestHead(path = '/'): Buffer {
  return headerBlock([':method', 'GET', ':scheme', 'http', ':path', path, ':authority', 'app']);
}

class RawClient {
  readonly closed: Promise<void>;
  isClosed = false;
  private readonly socket: Socket;
  private bytes = Buffer.alloc(0);

  constructor(port: number, settings = SETTINGS) {
    this.socket = connect(port, '127.0.0.1');
    this.closed = new Promise((resolve) => this.socket.on('close', resolve));
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
    });
    this.send(PREFACE, settings);
    cleanups.push(() => this.socket.destroy());
  }

  send(...frames: Buffer[]): void {
    if (!this.isClosed) this.socket.write(Buffer.concat(frames));
  }

  stopReading(): void {
    this.socket.pause();
  }

  /** Error code of the GOAWAY that ended the connection, undefined without one. */
  goAway(): number | undefined {
    for (let at = 0; at + 9 <= this.bytes.length; at += 9 + this.bytes.readUIntBE(at, 3))
      if (this.bytes[at + 3] === FrameType.GoAway) return this.bytes.readUInt32BE(at + 9 + 4);
    return undefined;
  }

  /** Frames of a type on a stream so far. */
  count(type: number): number {
    let count = 0;
    for (let at = 0; at + 9 <= this.bytes.length; at += 9 + this.bytes.readUIntBE(at, 3))
      if (this.bytes[at + 3] === type) count++;
    return count;
  }
}

async function isServed(proxy: TestProxy): Promise<boolean> {
  const { text } = await exchangeBytes(proxy.outboundPort, GET, { quietMs: 10_000 });
  return text.startsWith('HTTP/1.1 200');
}

const silent: typeof answerOk = (socket, text) => {
  if (!text.includes('/silent')) answerOk(socket, text);
};

/** A request whose body does not end. */
const OPENED = frame(
  FrameType.Headers,
  Flag.EndHeaders,
  1,
  headerBlock([':method', 'POST', ':scheme', 'http', ':path', '/silent', ':authority', 'app']),
);

const PING = frame(FrameType.Ping, 0, 0, Buffer.alloc(8));

describe('a flood', () => {
  const floods: readonly (readonly [string, (round: number) => Buffer])[] = [
    [
      'of requests that are reset at once',
      (round) =>
        Buffer.concat([
          frame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, 2 * round + 1, requestHead('/silent')),
          frame(FrameType.ResetStream, 0, 2 * round + 1, Buffer.from([0, 0, 0, ErrorCode.Cancel])),
        ]),
    ],
    ['of PINGs', () => PING],
    ['of SETTINGS', () => SETTINGS],
    ['of frames of unknown types', () => frame(0x42, 0, 0, Buffer.alloc(0))],
    ['of WINDOW_UPDATE', () => frame(FrameType.WindowUpdate, 0, 0, Buffer.from([0, 0, 0, 1]))],
    ['of empty DATA', (round) => (round === 0 ? OPENED : frame(FrameType.Data, 0, 1))],
    ['of PRIORITY', () => frame(FrameType.Priority, 0, 1, Buffer.from([0, 0, 0, 3, 1]))],
  ];

  it.each(floods)('%s is cut off, and others are served', async (_what, make) => {
    const { proxy } = await proxyOf({}, silent);
    const client = new RawClient(proxy.outboundPort);
    const served = isServed(proxy);
    for (let round = 0; round < 30_000 && !client.isClosed; round += 100) {
      client.send(...Array.from({ length: 100 }, (_, index) => make(round + index)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.closed;
    expect(client.goAway()).toBe(ErrorCode.EnhanceYourCalm);
    expect(await served).toBe(true);
  });

  it('of CONTINUATION without end is cut off', async () => {
    const { proxy, app } = await proxyOf();
    const client = new RawClient(proxy.outboundPort);
    client.send(frame(FrameType.Headers, 0, 1, requestHead()));
    for (let count = 0; count < 100; count++) client.send(frame(FrameType.Continuation, 0, 1, Buffer.alloc(0)));
    await client.closed;
    expect(client.goAway()).toBe(ErrorCode.EnhanceYourCalm);
    expect(app.received()).toBe('');
  });

  it('of questions by a client that reads no answer is cut off', async () => {
    const { proxy } = await proxyOf();
    const client = new RawClient(proxy.outboundPort);
    client.stopReading();
    // Each DATA frame earns the right to a PING, so only the unread answers can end this.
    const post = requestHead('/silent');
    client.send(frame(FrameType.Headers, Flag.EndHeaders, 1, post));
    const round = Buffer.concat(
      Array.from({ length: 1_000 }, () => Buffer.concat([frame(FrameType.Data, 0, 1, Buffer.from('x')), PING])),
    );
    // Who does not read learns of the end by writing only.
    for (let count = 0; !client.isClosed; count++) {
      client.send(count < 2_000 ? round : PING);
      await new Promise((resolve) => setTimeout(resolve, count < 2_000 ? 0 : 50));
    }
    expect(await isServed(proxy)).toBe(true);
  }, 20_000);
});

describe('a client that is', () => {
  it('slow with its preface is closed', async () => {
    const { proxy } = await proxyOf({ headTimeoutMs: 200, idleTimeoutMs: 400 });
    const socket = connect(proxy.outboundPort, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(PREFACE.subarray(0, 10));
    await new Promise((resolve) => socket.on('close', resolve));
  });

  it('slow with its SETTINGS or a header block is closed', async () => {
    const { proxy } = await proxyOf({ headTimeoutMs: 200 });
    const withoutSettings = new RawClient(proxy.outboundPort, Buffer.alloc(0));
    const withoutEnd = new RawClient(proxy.outboundPort);
    withoutEnd.send(frame(FrameType.Headers, 0, 1, requestHead()));
    await Promise.all([withoutSettings.closed, withoutEnd.closed]);
  });

  it('idle for too long is told to go', async () => {
    const { proxy } = await proxyOf({ headTimeoutMs: 100, idleTimeoutMs: 200 });
    const client = new RawClient(proxy.outboundPort);
    await expect.poll(() => client.goAway()).toBe(ErrorCode.NoError);
  });

  it('asking much with a large table of headers is refused, and the connection goes on', async () => {
    const { proxy, app } = await proxyOf();
    const client = new RawClient(proxy.outboundPort);
    const encoder = new HpackEncoder(4_096);
    encoder.begin();
    encoder.field('x-large', 'x'.repeat(500));
    const indexed = Buffer.from(encoder.end());
    // One entry of 500 bytes, then a thousand references to it: half a megabyte in a kilobyte.
    const bomb = Buffer.concat([requestHead(), indexed, Buffer.alloc(1_000, 0x80 | 62)]);
    client.send(frame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, 1, bomb));
    await expect.poll(() => client.count(FrameType.Headers)).toBe(1);
    expect(app.received()).toBe('');
    expect(proxy.telemetry.count('head-rejected')).toBe(1);
    client.send(frame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, 3, requestHead()));
    await expect.poll(() => client.count(FrameType.Headers)).toBe(2);
  });

  it('giving no window gets nothing, and holds no more than a bounded part of its answers', async () => {
    const body = Buffer.alloc(32 * 1024 * 1024, 'x');
    const sent: Socket[] = [];
    const { proxy } = await proxyOf({}, (socket, text) => {
      if (!text.includes('/large')) {
        answerOk(socket, text);
        return;
      }
      sent.push(socket);
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
    const client = new RawClient(proxy.outboundPort, NO_WINDOW);
    for (let stream = 1; stream < 60; stream += 2)
      client.send(frame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, stream, requestHead('/large')));
    await expect.poll(() => client.count(FrameType.Headers)).toBe(30);
    expect(client.count(FrameType.Data)).toBe(0);
    // What the kernel does not hold the upstream still has: the proxy stopped reading.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent.every((socket) => socket.writableLength > 0)).toBe(true);
    expect(await isServed(proxy)).toBe(true);
  });
});

it('a client that works hard is not taken for one that floods', async () => {
  const { proxy } = await proxyOf({}, (socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write(OK);
  });
  const client = new RawClient(proxy.outboundPort);
  const window = frame(FrameType.WindowUpdate, 0, 0, Buffer.from([0, 0, 0, 2]));
  for (let round = 0; round < 60; round++) {
    for (let index = 0; index < 50; index++) {
      const stream = 2 * (round * 50 + index) + 1;
      client.send(frame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, stream, requestHead()), window, PING);
    }
    await expect.poll(() => client.count(FrameType.Data), { timeout: 10_000, interval: 5 }).toBe((round + 1) * 50);
  }
  expect(client.goAway()).toBeUndefined();
}, 30_000);

it('requests that are given up before they left cost no connection to the upstream', async () => {
  const { proxy, app } = await proxyOf();
  expect(await isServed(proxy)).toBe(true);
  const before = app.connections();
  const client = new RawClient(proxy.outboundPort);
  for (let round = 0; round < 5; round++) {
    client.send(
      ...Array.from({ length: 50 }, (_, index) => {
        const stream = 2 * (round * 50 + index) + 1;
        return Buffer.concat([
          frame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, stream, requestHead('/given-up')),
          frame(FrameType.ResetStream, 0, stream, Buffer.from([0, 0, 0, ErrorCode.Cancel])),
        ]);
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  client.send(frame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, 1_001, requestHead('/last')));
  await expect.poll(() => client.count(FrameType.Data)).toBe(1);
  expect(app.received()).not.toContain('/given-up');
  expect(app.received()).toContain('/last');
  // The one that is there, and those that were on their way when it was busy.
  expect(app.connections() - before).toBeLessThan(5);
});
