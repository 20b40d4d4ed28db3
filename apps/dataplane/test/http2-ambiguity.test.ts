// Between HTTP/2 and HTTP/1.1 nothing is smuggled: what means something else on the other side is refused on this one.
import { RequestFlags } from '@malha/traffic/flags';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ErrorCode, Flag, FrameType } from '../src/http2/protocol.ts';
import {
  FORBIDDEN_TRAILERS,
  MALFORMED_REQUESTS,
  MALFORMED_RESPONSES,
  WRONG_LENGTHS,
} from './ambiguity/http2-corpus.ts';
import { cluster, simpleConfig, startProxy, type TestProxy } from './mesh-fixture.ts';
import { exchangeBytes, OK, rawUpstream } from './raw-http.ts';
import { frame, headersFrame, RawHttp2Client, rawHttp2Upstream } from './raw-http2.ts';

const GOOD = [':method', 'GET', ':scheme', 'http', ':authority', 'app', ':path', '/good'];
const LAST = 'GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n';

vi.setConfig({ testTimeout: 60_000 });
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

function clientOf(proxy: TestProxy): RawHttp2Client {
  const client = new RawHttp2Client(proxy.outboundPort);
  cleanups.push(() => client.socket.destroy());
  return client;
}

async function downgrading() {
  const app = await rawUpstream((socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write(OK);
  });
  const proxy = await startProxy(simpleConfig(app.port));
  cleanups.push(app.close, () => proxy.dataPlane.close());
  return { app, proxy };
}

describe('a request of HTTP/2 that is malformed is reset, and nothing of it reaches the upstream', () => {
  it.each(MALFORMED_REQUESTS)('%s', async (_what, fields) => {
    const { app, proxy } = await downgrading();
    const client = clientOf(proxy);
    client.send(headersFrame(1, fields, true), headersFrame(3, GOOD, true));
    await eventually(() => client.frames(FrameType.Data, 3)).not.toEqual([]);
    const [reset] = client.frames(FrameType.ResetStream, 1);
    expect(reset?.payload.readUInt32BE()).toBe(ErrorCode.ProtocolError);
    expect(client.frames(FrameType.Headers, 1)).toEqual([]);
    // Only the good request is there, and whole.
    const received = app.received();
    expect(received.match(/HTTP\/1\.1\r\n/g)).toHaveLength(1);
    expect(received).toMatch(/^GET \/good HTTP\/1\.1\r\n/);
    expect(received).not.toContain('evil');
    expect(proxy.telemetry.count('rejected-http2')).toBe(1);
  });

  it.each(WRONG_LENGTHS)('%s', async (_what, contentLength, size) => {
    const { app, proxy } = await downgrading();
    const client = clientOf(proxy);
    const post = [':method', 'POST', ...GOOD.slice(2), 'content-length', contentLength];
    const data = frame(FrameType.Data, Flag.EndStream, 1, Buffer.alloc(size, 'x'));
    client.send(headersFrame(1, post, false), data);
    await eventually(() => client.frames(FrameType.ResetStream, 1)).toHaveLength(1);
    client.send(headersFrame(3, GOOD, true));
    await eventually(() => client.frames(FrameType.Data, 3)).not.toEqual([]);
    // No more than it announced, and the good request on a connection of its own.
    const body = app.received().match(/x+/)?.[0] ?? '';
    expect(body.length).toBeLessThanOrEqual(Number(contentLength));
    expect(proxy.telemetry.count('rejected-http2')).toBe(1);
  });
});

describe('a trailer that belongs into a head resets its request, and does not reach the upstream', () => {
  it.each(FORBIDDEN_TRAILERS)('%s', async (name, value) => {
    const { app, proxy } = await downgrading();
    const client = clientOf(proxy);
    const post = [':method', 'POST', ...GOOD.slice(2)];
    const data = frame(FrameType.Data, 0, 1, Buffer.from('abcd'));
    client.send(headersFrame(1, post, false), data, headersFrame(1, [name, value], true));
    await eventually(() => client.frames(FrameType.ResetStream, 1)).toHaveLength(1);
    expect(client.frames(FrameType.ResetStream, 1)[0]?.payload.readUInt32BE()).toBe(ErrorCode.ProtocolError);
    client.send(headersFrame(3, GOOD, true));
    await eventually(() => client.frames(FrameType.Data, 3)).not.toEqual([]);
    expect(app.received()).not.toContain('evil');
    expect(app.received()).not.toContain('\r\n0\r\n');
  });
});

async function upgrading(answer: (streamId: number) => readonly Buffer[]): Promise<TestProxy> {
  const app = await rawHttp2Upstream(answer);
  const proxy = await startProxy({
    ...simpleConfig(app.port),
    clusters: [cluster('app', { protocol: 'http2', tls: { serverName: '', spiffeIds: [] } })],
  });
  cleanups.push(app.close, () => proxy.dataPlane.close());
  return proxy;
}

describe('a response of HTTP/2 that is malformed becomes one 502', () => {
  it.each(MALFORMED_RESPONSES)('%s', async (_what, fields) => {
    const proxy = await upgrading((streamId) => [headersFrame(streamId, fields, true)]);
    const { text } = await exchangeBytes(proxy.outboundPort, LAST);
    expect(text).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(text).not.toContain('evil');
    expect(proxy.telemetry.records[0]).toMatchObject({ status: 502, flags: RequestFlags.UPE });
  });

  it('a flood of interim responses', async () => {
    const proxy = await upgrading((streamId) => [
      ...Array.from({ length: 50 }, () => headersFrame(streamId, [':status', '103'], false)),
      headersFrame(streamId, [':status', '200'], true),
    ]);
    const { text } = await exchangeBytes(proxy.outboundPort, LAST);
    expect(text.match(/HTTP\/1\.1 (?!103)/g)).toHaveLength(1);
    expect(text).toContain('HTTP/1.1 502 Bad Gateway\r\n');
  });

  it.each([
    ['shorter', 3],
    ['longer', 5],
  ])('a body that is %s than its length cuts the response', async (_what, size) => {
    const proxy = await upgrading((streamId) => [
      headersFrame(streamId, [':status', '200', 'content-length', '4'], false),
      frame(FrameType.Data, Flag.EndStream, streamId, Buffer.alloc(size, 'x')),
    ]);
    const { text, closed } = await exchangeBytes(proxy.outboundPort, LAST);
    expect(text.match(/HTTP\/1\.1/g) ?? []).not.toHaveLength(2);
    if (text.startsWith('HTTP/1.1 200')) expect(text.slice(text.indexOf('\r\n\r\n') + 4).length).toBeLessThan(4);
    else expect(text).toMatch(/^(HTTP\/1\.1 502 |$)/);
    expect(closed).toBe(true);
  });
});
