// What is odd but clear goes on in one clear form; what an upstream answers wrongly becomes one 502, or a cut response.
import type { Socket } from 'node:net';
import { RequestFlags } from '@malha/traffic/flags';
import { afterEach, describe, expect, it } from 'vitest';
import { ACCEPTED_REQUESTS } from './ambiguity/accepted-corpus.ts';
import { EARLY_ENDS, MALFORMED_BODIES, MALFORMED_HEADS, TRAILING_BYTES } from './ambiguity/response-corpus.ts';
import { simpleConfig, startProxy, type TestProxy } from './mesh-fixture.ts';
import { exchangeBytes, OK, type RawUpstream, rawUpstream } from './raw-http.ts';

const GET = 'GET / HTTP/1.1\r\nHost: app\r\n\r\n';
const LAST = 'GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n';
const FINAL_STATUS = /HTTP\/1\.1 (?!1\d\d)/g;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function setUp(answer: (socket: Socket, text: string) => void): Promise<{ app: RawUpstream; proxy: TestProxy }> {
  const app = await rawUpstream(answer);
  const proxy = await startProxy(simpleConfig(app.port));
  cleanups.push(app.close, () => proxy.dataPlane.close());
  return { app, proxy };
}

/** Malformed on the first connection, well-behaved on every other. */
function onFirstConnection(bytes: string, then: (socket: Socket) => void = () => undefined) {
  let first: Socket | undefined;
  return (socket: Socket) => {
    first ??= socket;
    if (socket !== first) socket.write(OK);
    else if (socket.bytesWritten === 0) {
      socket.write(bytes, 'latin1');
      then(socket);
    }
  };
}

/** Body of the answer to one more request. */
async function servedText(proxy: TestProxy): Promise<string> {
  const { text } = await exchangeBytes(proxy.outboundPort, LAST);
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  return text.slice(text.indexOf('\r\n\r\n') + 4);
}

describe('a request that is odd but clear goes on in one form', () => {
  it.each(ACCEPTED_REQUESTS)('$what', async ({ bytes, forwarded, dropped = [], kept = [] }) => {
    const { app, proxy } = await setUp((socket, text) => {
      if (text.endsWith(forwarded.body === '' ? '\r\n\r\n' : `\r\n\r\n${forwarded.body}`)) socket.write(OK);
    });
    const { text } = await exchangeBytes(proxy.outboundPort, bytes, { quietMs: 10_000, until: /\r\n\r\nok$/ });
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text.match(FINAL_STATUS)).toHaveLength(1);
    const received = app.received();
    const headEnd = received.indexOf('\r\n\r\n');
    const [line, ...lines] = received.slice(0, headEnd).split('\r\n');
    const headers = lines.map((each) => each.toLowerCase().replace(/:\s*/, ': '));
    expect(line).toBe(forwarded.line);
    expect(headers.filter((each) => each.startsWith('host:'))).toEqual([`host: ${forwarded.host}`]);
    expect(received.slice(headEnd + 4)).toBe(forwarded.body);
    for (const name of dropped) expect(headers.find((each) => each.startsWith(`${name}:`))).toBeUndefined();
    for (const each of kept) expect(headers).toContain(each);
  });
});

describe('a malformed response becomes one 502, and its connection serves nobody again', () => {
  it.each(MALFORMED_HEADS)('%s', async (_what, bytes) => {
    const { app, proxy } = await setUp(onFirstConnection(bytes, (socket) => socket.end()));
    const { text } = await exchangeBytes(proxy.outboundPort, LAST);
    expect(text.match(FINAL_STATUS)).toHaveLength(1);
    expect(text).toContain('HTTP/1.1 502 Bad Gateway\r\n');
    expect(text).not.toContain('evil');
    expect(proxy.telemetry.records).toHaveLength(1);
    expect(proxy.telemetry.records[0]).toMatchObject({ status: 502, flags: RequestFlags.UPE });
    expect(await servedText(proxy)).toBe('ok');
    expect(app.connections()).toBe(2);
  });
});

describe('a body that breaks after its head cuts the response', () => {
  it.each(MALFORMED_BODIES)('%s', async (_what, bytes) => {
    const { app, proxy } = await setUp(onFirstConnection(bytes));
    const { text, closed } = await exchangeBytes(proxy.outboundPort, GET + LAST);
    expect(text.match(FINAL_STATUS) ?? []).not.toHaveLength(2);
    expect(text).not.toContain('0\r\n\r\n');
    expect(closed).toBe(true);
    expect(proxy.telemetry.records[0]).toMatchObject({ flags: RequestFlags.UPE });
    expect(await servedText(proxy)).toBe('ok');
    expect(app.connections()).toBe(2);
  });
});

describe('bytes after a response never become an answer', () => {
  it.each(TRAILING_BYTES)('%s', async (_what, bytes) => {
    const { app, proxy } = await setUp(onFirstConnection(bytes));
    const { text } = await exchangeBytes(proxy.outboundPort, [GET, LAST], { gapMs: 60 });
    expect(text.match(FINAL_STATUS)).toHaveLength(2);
    expect(text.endsWith('\r\n\r\nok')).toBe(true);
    expect(text).not.toContain('evil');
    expect(app.connections()).toBe(2);
  });
});

describe('an upstream that ends early', () => {
  it.each(EARLY_ENDS)('%s', async (_what, bytes, status) => {
    const { proxy } = await setUp((socket) => socket.end(bytes));
    const { text, closed } = await exchangeBytes(proxy.outboundPort, GET + LAST);
    const finals = [...text.matchAll(/HTTP\/1\.1 ([2-5]\d\d)/g)].map((match) => Number(match[1]));
    if (status === 200) {
      // The client sees that it is incomplete: neither a last chunk, nor a second answer on this connection.
      expect(finals.length).toBeLessThan(2);
      expect(text).not.toContain('0\r\n\r\n');
      expect(closed).toBe(true);
    } else expect(finals).toEqual([status, status]);
  });
});
