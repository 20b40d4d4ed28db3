// Rules of HTTP/2 that a stranger's client or server relies on, by raw frames and by another implementation.
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ErrorCode, Flag, FrameType } from '../src/http2/protocol.ts';
import { cluster, simpleConfig, startProxy, type TestProxy } from './mesh-fixture.ts';
import { exchangeBytes, OK, rawUpstream } from './raw-http.ts';
import { type Frame, frame, headerBlock, headersFrame, RawHttp2Client, rawHttp2Upstream } from './raw-http2.ts';

const GET = [':method', 'GET', ':scheme', 'http', ':authority', 'app', ':path', '/'];
const POST = [':method', 'POST', ...GET.slice(2)];
const LAST = 'GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n';

/** The end of the connection tells that all has come. */
const PATIENT = { quietMs: 10_000 };

const WITHIN_MS = 20_000;
vi.setConfig({ testTimeout: 60_000 });
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: WITHIN_MS });

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

/** A proxy before an application of HTTP/1.1 that answers with a body once `isWhole` says that the request is there. */
async function before(body: string, isWhole = (text: string) => text.endsWith('\r\n\r\n')) {
  const app = await rawUpstream((socket, text) => {
    if (isWhole(text)) socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  });
  const proxy = await startProxy(simpleConfig(app.port));
  cleanups.push(app.close, () => proxy.dataPlane.close());
  return { app, proxy };
}

function clientOf(proxy: TestProxy): RawHttp2Client {
  const client = new RawHttp2Client(proxy.outboundPort);
  cleanups.push(() => client.socket.destroy());
  return client;
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function settingsFrame(identifier: number, value: number): Buffer {
  return frame(FrameType.Settings, 0, 0, Buffer.concat([Buffer.from([0, identifier]), word(value)]));
}

const INITIAL_WINDOW_SIZE = 4;
const windowUpdate = (streamId: number, increment: number) =>
  frame(FrameType.WindowUpdate, 0, streamId, word(increment));
const bytesOf = (frames: readonly Frame[]) => frames.reduce((sum, { payload }) => sum + payload.length, 0);

let pings = 0;
/** Everything that was sent before has been seen, and what came of it has arrived. */
async function settled(client: RawHttp2Client): Promise<void> {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(++pings);
  client.send(frame(FrameType.Ping, 0, 0, payload));
  const acks = () => client.frames(FrameType.Ping, 0).filter((ack) => ack.payload.equals(payload));
  await eventually(acks).toHaveLength(1);
}

describe('flow control', () => {
  it('a window that SETTINGS make negative is waited for', async () => {
    const { proxy } = await before('x'.repeat(300));
    const client = clientOf(proxy);
    const received = () => bytesOf(client.frames(FrameType.Data, 1));
    client.send(settingsFrame(INITIAL_WINDOW_SIZE, 100), headersFrame(1, GET, true));
    await eventually(received).toBe(100);
    client.send(settingsFrame(INITIAL_WINDOW_SIZE, 0), windowUpdate(1, 100));
    await settled(client);
    expect(received()).toBe(100);
    client.send(windowUpdate(1, 50));
    await eventually(received).toBe(150);
    client.send(settingsFrame(INITIAL_WINDOW_SIZE, 1_000));
    await eventually(received).toBe(300);
    expect(client.frames(FrameType.Data, 1).at(-1)?.flags).toBe(Flag.EndStream);
  });

  it.each([
    ['of a stream resets it', 1, FrameType.ResetStream],
    ['of the connection ends it', 0, FrameType.GoAway],
  ])('a window %s when it grows beyond 2^31-1', async (_what, streamId, type) => {
    const { proxy } = await before('x', () => false);
    const client = clientOf(proxy);
    client.send(headersFrame(1, GET, true), windowUpdate(streamId, 0x7fffffff));
    await eventually(() => client.frames(type, streamId)).toHaveLength(1);
    const at = type === FrameType.GoAway ? 4 : 0;
    expect(client.frames(type, streamId)[0]?.payload.readUInt32BE(at)).toBe(ErrorCode.FlowControlError);
  });

  it('padding is no body, and is given back to the window', async () => {
    const { app, proxy } = await before('ok', (text) => text.includes('\r\n0\r\n\r\n'));
    const client = clientOf(proxy);
    client.send(headersFrame(1, POST, false));
    // One byte of 200 each: far beyond the window of 64 KiB, if padding were lost.
    const padded = frame(
      FrameType.Data,
      Flag.Padded,
      1,
      Buffer.concat([Buffer.from([198]), Buffer.from('x'), Buffer.alloc(198)]),
    );
    let granted = 65_536;
    for (let sent = 0; sent < 600; sent++) {
      await eventually(() => bytesGranted(client) + granted).toBeGreaterThan(200);
      granted -= 200;
      client.send(padded);
    }
    client.send(frame(FrameType.Data, Flag.EndStream, 1));
    await eventually(() => client.frames(FrameType.Data, 1)).not.toEqual([]);
    const received = app.received();
    expect(received.slice(received.indexOf('\r\n\r\n') + 4).match(/x/g)).toHaveLength(600);
  });
});

function bytesGranted(client: RawHttp2Client): number {
  return client.frames(FrameType.WindowUpdate, 1).reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0);
}

describe('frames', () => {
  it('HEADERS with padding and a priority are a request like any other', async () => {
    const { app, proxy } = await before('ok');
    const client = clientOf(proxy);
    const payload = Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 15]), headerBlock(GET), Buffer.alloc(3)]);
    client.send(frame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream | Flag.Padded | Flag.Priority, 1, payload));
    await eventually(() => client.frames(FrameType.Data, 1)).not.toEqual([]);
    expect(app.received()).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
  });

  it.each([
    ['DATA', FrameType.Data],
    ['HEADERS', FrameType.Headers],
  ])('%s with as much padding as payload end the connection', async (_what, type) => {
    const { proxy } = await before('ok', () => false);
    const client = clientOf(proxy);
    client.send(headersFrame(1, POST, false));
    client.send(frame(type, Flag.Padded | Flag.EndHeaders, type === FrameType.Data ? 1 : 3, Buffer.from([4, 0, 0, 0])));
    await eventually(() => client.frames(FrameType.GoAway, 0)).toHaveLength(1);
    expect(client.frames(FrameType.GoAway, 0)[0]?.payload.readUInt32BE(4)).toBe(ErrorCode.ProtocolError);
  });

  it('a client that says GOAWAY still gets its answers, and then the end', async () => {
    let upstream: Socket | undefined;
    const app = await rawUpstream((socket) => {
      upstream = socket;
    });
    const proxy = await startProxy(simpleConfig(app.port));
    cleanups.push(app.close, () => proxy.dataPlane.close());
    const client = clientOf(proxy);
    client.send(headersFrame(1, GET, true), frame(FrameType.GoAway, 0, 0, Buffer.alloc(8)));
    await eventually(() => app.received()).not.toBe('');
    await settled(client);
    expect(client.isClosed).toBe(false);
    upstream?.write(OK);
    await eventually(() => bytesOf(client.frames(FrameType.Data, 1))).toBe(2);
    await eventually(() => client.isClosed).toBe(true);
  });
});

describe('another implementation', () => {
  it('changes the size of its table of headers as it likes', async () => {
    const { proxy } = await before('ok');
    const client = http2.connect(`http://127.0.0.1:${proxy.outboundPort}`);
    cleanups.push(() => client.destroy());
    for (const headerTableSize of [4_096, 0, 100, 65_536, 0, 4_096]) {
      await new Promise<void>((resolve) => client.settings({ headerTableSize }, () => resolve()));
      for (let count = 0; count < 3; count++) expect(await statusOf(client)).toBe(200);
    }
  });

  it('expects 100-continue of an application of HTTP/1.1', async () => {
    const app = await rawUpstream((socket, text) => {
      if (text.endsWith('body')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      else if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    });
    const proxy = await startProxy(simpleConfig(app.port));
    cleanups.push(app.close, () => proxy.dataPlane.close());
    const client = http2.connect(`http://127.0.0.1:${proxy.outboundPort}`);
    cleanups.push(() => client.destroy());
    const request = client.request({
      ':method': 'POST',
      ':authority': 'app',
      expect: '100-continue',
      'content-length': 4,
    });
    await new Promise<void>((resolve) => request.once('continue', resolve));
    expect(app.received().toLowerCase()).toContain('expect: 100-continue\r\n');
    const answered = new Promise<unknown>((resolve) => request.once('response', (head) => resolve(head[':status'])));
    request.end('body');
    expect(await answered).toBe(200);
  });
});

function statusOf(client: http2.ClientHttp2Session): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = client.request({ ':authority': 'app' });
    request.once('response', (head) => resolve(head[':status']));
    request.once('error', reject);
    request.resume();
    request.end();
  });
}

describe('an upstream of HTTP/2', () => {
  async function to(answer: (streamId: number) => readonly Buffer[]): Promise<TestProxy> {
    const app = await rawHttp2Upstream(answer);
    const proxy = await startProxy({
      ...simpleConfig(app.port),
      clusters: [cluster('app', { protocol: 'http2', tls: { serverName: '', spiffeIds: [] } })],
    });
    cleanups.push(app.close, () => proxy.dataPlane.close());
    return proxy;
  }

  it.each([
    ['an answer to HEAD', LAST.replace('GET', 'HEAD'), '200', '9'],
    ['a 304', LAST, '304', '9'],
  ])('may say the length that %s does not have', async (_what, request, status, length) => {
    const proxy = await to((streamId) => [headersFrame(streamId, [':status', status, 'content-length', length], true)]);
    const { text } = await exchangeBytes(proxy.outboundPort, request, PATIENT);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).toContain(`content-length: ${length}\r\n`);
    expect(text.endsWith('\r\n\r\n')).toBe(true);
  });

  it('that answers HEAD with a body adds nothing to the head', async () => {
    const proxy = await to((streamId) => [
      headersFrame(streamId, [':status', '200', 'content-length', '4'], false),
      frame(FrameType.Data, Flag.EndStream, streamId, Buffer.from('evil')),
    ]);
    const { text } = await exchangeBytes(proxy.outboundPort, LAST.replace('GET', 'HEAD'), PATIENT);
    expect(text).not.toContain('evil');
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it('that asks us to take pushes is refused', async () => {
    const ENABLE_PUSH = 2;
    const proxy = await to((streamId) => [
      settingsFrame(ENABLE_PUSH, 1),
      headersFrame(streamId, [':status', '200'], true),
    ]);
    const { text } = await exchangeBytes(proxy.outboundPort, LAST, PATIENT);
    expect(text).toMatch(/^HTTP\/1\.1 50[23] /);
  });

  it('may send interim answers first', async () => {
    const proxy = await to((streamId) => [
      headersFrame(streamId, [':status', '103', 'link', '</a.css>'], false),
      headersFrame(streamId, [':status', '204'], true),
    ]);
    const { text } = await exchangeBytes(proxy.outboundPort, LAST, PATIENT);
    expect(text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>\r\n\r\nHTTP\/1\.1 204 No Content\r\n/);
    expect(text).not.toContain('content-length');
  });
});
