// Every limit of docs/limits.md that no other test meets: what happens there, and what is counted.
import fs from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { createTestCa } from '@malha/testing/test-ca';
import { afterEach, describe, expect, it } from 'vitest';
import { HEAD_LIMITS } from '../src/http1/head-parser.ts';
import { ErrorCode, Flag, FrameType } from '../src/http2/protocol.ts';
import { CLIENT_FACING_SETTINGS, MESH_SETTINGS } from '../src/http2/settings.ts';
import { DEFAULT_LIMITS, type ProxyLimits } from '../src/proxy-limits.ts';
import { PROXY_EVENTS, REJECTION_REASONS } from '../src/telemetry/record.ts';
import { inboundConfig, simpleConfig, startProxy, type TestProxy } from './mesh-fixture.ts';
import { answerOk, exchangeBytes, type RawUpstream, rawUpstream } from './raw-http.ts';
import { frame, headersFrame, RawHttp2Client } from './raw-http2.ts';

const GET = 'GET / HTTP/1.1\r\nHost: app\r\n\r\n';
const LAST = 'GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n';
const FIELDS = [':method', 'GET', ':scheme', 'http', ':authority', 'app', ':path', '/'];
/** The start of a ClientHello, whose rest never comes. */
const HELLO_BEGUN = '\x16\x03\x01\x02\x00';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

async function setUp(
  limits: Partial<ProxyLimits> = {},
  answer: (socket: Socket, text: string) => void = answerOk,
): Promise<{ app: RawUpstream; proxy: TestProxy }> {
  const app = await rawUpstream(answer);
  const proxy = await startProxy(simpleConfig(app.port), { limits });
  cleanups.push(app.close, () => proxy.dataPlane.close());
  return { app, proxy };
}

async function inbound(limits: Partial<ProxyLimits>): Promise<TestProxy> {
  const secrets = createTestCa().issue('shop', 'app');
  const proxy = await startProxy(inboundConfig({ appPort: 1 }), { secrets, limits });
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

function http2Client(proxy: TestProxy): RawHttp2Client {
  const client = new RawHttp2Client(proxy.outboundPort);
  cleanups.push(() => client.socket.destroy());
  return client;
}

/** Resolves when the other side closes. */
function closing(port: number, bytes: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.resume();
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    cleanups.push(() => socket.destroy());
  });
}

describe('time', () => {
  it('a connection without a byte is closed', async () => {
    const proxy = await inbound({ idleTimeoutMs: 100 });
    await closing(proxy.inboundPort, '');
    expect(proxy.telemetry.count('first-byte-timeout')).toBe(1);
  });

  it('a handshake that does not go on is ended', async () => {
    const proxy = await inbound({ handshakeTimeoutMs: 100 });
    await closing(proxy.inboundPort, HELLO_BEGUN);
    expect(proxy.telemetry.count('handshake-failed')).toBe(1);
  });

  it('a head that does not end is answered 408', async () => {
    const { proxy } = await setUp({ headTimeoutMs: 100 });
    const { text, closed } = await exchangeBytes(proxy.outboundPort, 'GET / HTTP/1.1\r\nHos', { quietMs: 2_000 });
    expect(text).toContain('HTTP/1.1 408 Request Timeout\r\n');
    expect(closed).toBe(true);
    expect(proxy.telemetry.count('rejected-head-timeout')).toBe(1);
  });

  it('a header block of HTTP/2 that does not end closes the connection', async () => {
    const { proxy } = await setUp({ headTimeoutMs: 100 });
    const client = http2Client(proxy);
    client.send(frame(FrameType.Headers, 0, 1, Buffer.from([0x82])));
    await expect.poll(() => client.isClosed).toBe(true);
    expect(proxy.telemetry.count('rejected-head-timeout')).toBe(1);
  });

  it('a connection without a request is closed, whatever its protocol', async () => {
    const { proxy } = await setUp({ headTimeoutMs: 50, idleTimeoutMs: 150 });
    const client = http2Client(proxy);
    await closing(proxy.outboundPort, GET);
    await expect.poll(() => client.isClosed, { timeout: 5_000 }).toBe(true);
    expect(proxy.telemetry.count('idle-closed')).toBe(2);
  });

  it('a client that was refused and goes on sending is cut off', async () => {
    const { proxy } = await setUp({ lingerMs: 100 });
    const socket = connect({ port: proxy.outboundPort, host: '127.0.0.1', allowHalfOpen: true });
    cleanups.push(() => socket.destroy());
    const gone = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    socket.resume();
    socket.write('GET / HTTP/9.9\r\n\r\n');
    const sending = setInterval(() => socket.write('more'), 10);
    await gone;
    clearInterval(sending);
    expect(proxy.telemetry.count('rejected-version')).toBe(1);
  });

  it('what is left at the end of a drain is cut and counted', async () => {
    const { proxy } = await setUp({}, () => undefined);
    const gone = closing(proxy.outboundPort, GET);
    await expect.poll(() => proxy.dataPlane.stats().connections.outbound).toBe(1);
    await proxy.dataPlane.drain(50);
    await gone;
    expect(proxy.telemetry.count('drain-cut')).toBe(1);
  });
});

describe('size', () => {
  it('a head of the largest size passes, one byte more is 431', async () => {
    const { app, proxy } = await setUp();
    const around = 'GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\nA: \r\n\r\n'.length;
    const head = (size: number) => LAST.replace('\r\n\r\n', `\r\nA: ${'b'.repeat(size - around)}\r\n\r\n`);
    const { text } = await exchangeBytes(proxy.outboundPort, head(HEAD_LIMITS.headBytesMax), { quietMs: 2_000 });
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    const before = app.received();
    const over = await exchangeBytes(proxy.outboundPort, head(HEAD_LIMITS.headBytesMax + 1), { quietMs: 2_000 });
    expect(over.text).toMatch(/^HTTP\/1\.1 431 /);
    expect(app.received()).toBe(before);
  });

  it('100 headers pass, 101 are 431', async () => {
    const { proxy } = await setUp();
    const head = (count: number) => LAST.replace('\r\n\r\n', `\r\n${'A: b\r\n'.repeat(count - 2)}\r\n`);
    const { headersMax } = HEAD_LIMITS;
    expect((await exchangeBytes(proxy.outboundPort, head(headersMax))).text).toMatch(/^HTTP\/1\.1 200 /);
    expect((await exchangeBytes(proxy.outboundPort, head(headersMax + 1))).text).toMatch(/^HTTP\/1\.1 431 /);
    expect(proxy.telemetry.count('rejected-head-too-large')).toBe(1);
  });

  it('a client that pipelines without end is not read: what waits is bounded', async () => {
    const { app, proxy } = await setUp({}, () => undefined);
    const socket = connect(proxy.outboundPort, '127.0.0.1');
    cleanups.push(() => socket.destroy());
    socket.on('error', () => undefined);
    const many = Buffer.from(GET.repeat(40_000));
    for (let count = 0; count < 32; count++) socket.write(many);
    await expect.poll(() => app.received()).not.toBe('');
    await new Promise((resolve) => setTimeout(resolve, 200));
    // The kernel's buffers hold some megabytes; the rest is still the client's.
    expect(socket.writableLength).toBeGreaterThan(many.length * 8);
    expect(app.received().match(/GET/g)).toHaveLength(1);
  });

  it('a client that reads nothing stops its upstream', async () => {
    const body = Buffer.alloc(32 * 1024 * 1024, 'x');
    let upstream: Socket | undefined;
    const { proxy } = await setUp({}, (socket) => {
      upstream = socket;
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
    const socket = connect(proxy.outboundPort, '127.0.0.1', () => socket.write(GET));
    socket.pause();
    cleanups.push(() => socket.destroy());
    await expect.poll(() => upstream?.bytesWritten ?? 0).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(upstream?.writableLength).toBeGreaterThan(0);
  });

  it('an upstream that reads nothing stops its client', async () => {
    const { proxy } = await setUp({}, (socket) => socket.pause());
    const socket = connect(proxy.outboundPort, '127.0.0.1');
    cleanups.push(() => socket.destroy());
    socket.on('error', () => undefined);
    const body = Buffer.alloc(32 * 1024 * 1024, 'x');
    socket.write(`POST / HTTP/1.1\r\nHost: app\r\nContent-Length: ${body.length}\r\n\r\n`);
    socket.write(body);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(socket.writableLength).toBeGreaterThan(0);
  });
});

describe('number', () => {
  it('streams beyond those of one connection are refused, the others served', async () => {
    const { maxConcurrentStreams } = CLIENT_FACING_SETTINGS;
    const held: Socket[] = [];
    const { proxy } = await setUp({}, (socket) => held.push(socket));
    const client = http2Client(proxy);
    const streams = Array.from({ length: maxConcurrentStreams + 1 }, (_, index) => 2 * index + 1);
    client.send(...streams.map((streamId) => headersFrame(streamId, FIELDS, true)));
    const refused = streams.at(-1) ?? 0;
    await expect.poll(() => client.frames(FrameType.ResetStream, refused)).toHaveLength(1);
    expect(client.frames(FrameType.ResetStream, refused)[0]?.payload.readUInt32BE()).toBe(ErrorCode.RefusedStream);
    expect(proxy.telemetry.count('stream-refused')).toBe(1);
    await expect.poll(() => held.length).toBe(maxConcurrentStreams);
    for (const socket of held) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    await expect.poll(() => client.frames(FrameType.Data, 1)).not.toEqual([]);
    await expect.poll(() => client.frames(FrameType.Data, refused - 2)).not.toEqual([]);
  });

  it('a header list beyond what we announced is answered 431, and the connection goes on', async () => {
    const { app, proxy } = await setUp();
    const client = http2Client(proxy);
    const piece = 'x'.repeat(7_000);
    const large = [...FIELDS, ...Array.from({ length: 10 }, (_, index) => [`x-${index}`, piece]).flat()];
    const [first = Buffer.alloc(0), ...rest] = pieces(headersFrame(1, large, true).subarray(9), 16_384);
    client.send(frame(FrameType.Headers, Flag.EndStream, 1, first));
    for (const [index, each] of rest.entries())
      client.send(frame(FrameType.Continuation, index === rest.length - 1 ? Flag.EndHeaders : 0, 1, each));
    await expect.poll(() => client.frames(FrameType.Headers, 1)).toHaveLength(1);
    client.send(headersFrame(3, FIELDS, true));
    await expect.poll(() => client.frames(FrameType.Data, 3)).not.toEqual([]);
    expect(app.received().match(/GET/g)).toHaveLength(1);
    expect(proxy.telemetry.count('rejected-head-too-large')).toBe(1);
  });
});

describe('docs/limits.md', () => {
  const page = fs.readFileSync(path.resolve(import.meta.dirname, '../../../docs/limits.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| '));

  it('names each reason of a refusal', () => {
    for (const reason of REJECTION_REASONS)
      expect(
        rows.some((row) => row.includes(`\`${reason}\``)),
        reason,
      ).toBe(true);
  });

  it('names counters that exist, and tests that exist', () => {
    const counted = rows.map((row) => row.split(' | ')[3] ?? '');
    const events: readonly string[] = PROXY_EVENTS;
    const reasons: readonly string[] = REJECTION_REASONS;
    for (const cell of counted) {
      for (const [, reason] of cell.matchAll(/reason: `([a-z0-9-]+)`/g)) expect(reasons).toContain(reason);
      for (const [, event] of cell.replaceAll(/reason: `[^`]+`/g, '').matchAll(/`([a-z-]+)`/g))
        expect(events).toContain(event);
    }
    for (const [, file] of page.matchAll(/`((?:src|test)\/[a-z0-9/.-]+\.ts)`/g))
      expect(fs.existsSync(path.resolve(import.meta.dirname, '..', file ?? '')), file).toBe(true);
    for (const [, file] of page.matchAll(/`([a-z0-9-]+\.test\.ts)`/g))
      expect(fs.existsSync(path.resolve(import.meta.dirname, '../../../e2e/long', file ?? '')), file).toBe(true);
  });

  it('states the defaults of the code', () => {
    expect(DEFAULT_LIMITS).toEqual({
      connectionsMax: 15_000,
      handshakeTimeoutMs: 10_000,
      headTimeoutMs: 10_000,
      idleTimeoutMs: 3_900_000,
      lingerMs: 1_000,
    });
    expect(HEAD_LIMITS).toEqual({ headBytesMax: 61_440, headersMax: 100, targetBytesMax: 16_384 });
    expect(CLIENT_FACING_SETTINGS).toMatchObject({ maxConcurrentStreams: 128, maxHeaderListSize: 61_440 });
    expect(MESH_SETTINGS).toMatchObject({ maxConcurrentStreams: 1_024, maxHeaderListSize: 61_440 });
  });
});

function pieces(block: Buffer, size: number): Buffer[] {
  const list: Buffer[] = [];
  for (let at = 0; at < block.length; at += size) list.push(block.subarray(at, at + size));
  return list;
}
