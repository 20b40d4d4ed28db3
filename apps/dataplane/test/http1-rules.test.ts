// Rules of HTTP/1.1 that a stranger's client or server relies on: where messages end, and what ends a connection.
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { simpleConfig, startProxy, type TestProxy } from './mesh-fixture.ts';
import { exchangeBytes, OK, type RawUpstream, rawUpstream } from './raw-http.ts';

vi.setConfig({ testTimeout: 60_000 });
/** The end of the connection, or of the last answer, tells that all has come. */
const PATIENT = { quietMs: 10_000 };

const get = (path: string, lines = '') => `GET ${path} HTTP/1.1\r\nHost: app\r\n${lines}\r\n`;
const CLOSE = 'Connection: close\r\n';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

async function before(answer: (socket: Socket, text: string) => void): Promise<{ app: RawUpstream; proxy: TestProxy }> {
  const app = await rawUpstream(answer);
  const proxy = await startProxy(simpleConfig(app.port));
  cleanups.push(app.close, () => proxy.dataPlane.close());
  return { app, proxy };
}

/** Answers each request head with its number. */
function counting() {
  let count = 0;
  return (socket: Socket, text: string) => {
    if (text.endsWith('\r\n\r\n')) socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n${++count}`);
  };
}

describe('a pipeline', () => {
  it('ends with the request that asks to close: what follows is not served', async () => {
    const { app, proxy } = await before(counting());
    const requests = get('/one') + get('/two', CLOSE) + get('/evil');
    const { text, closed } = await exchangeBytes(proxy.outboundPort, requests, PATIENT);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(text.match(/connection: close/g)).toHaveLength(1);
    expect(closed).toBe(true);
    expect(app.received()).not.toContain('/evil');
  });

  it('ends with an answer that comes before its request is complete', async () => {
    const { app, proxy } = await before((socket, text) => {
      if (text.includes('\r\n\r\n')) socket.write('HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n');
    });
    const begun = 'POST /big HTTP/1.1\r\nHost: app\r\nContent-Length: 1000\r\n\r\nbegin';
    const { text, closed } = await exchangeBytes(proxy.outboundPort, begun, PATIENT);
    expect(text).toMatch(/^HTTP\/1\.1 413 Content Too Large\r\n/);
    expect(text).toContain('connection: close\r\n');
    expect(closed).toBe(true);
    expect(app.connections()).toBe(1);
  });

  it('has empty lines between its requests, as old clients send them after a body', async () => {
    const { proxy } = await before(counting());
    const { text } = await exchangeBytes(proxy.outboundPort, `${get('/one')}\r\n${get('/two', CLOSE)}`, PATIENT);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  });
});

describe('an answer without a body', () => {
  it.each([
    [
      'to HEAD, with the length that GET would have',
      'HEAD',
      'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n',
      'content-length: 9\r\n',
    ],
    ['to HEAD, in chunks that do not come', 'HEAD', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', ''],
    ['of 304, with a length', 'GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n', 'content-length: 9\r\n'],
    ['of 204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
  ])('%s ends with its head, and the next one follows on the same connections', async (_what, method, bytes, kept) => {
    const { app, proxy } = await before((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write(text.includes('/next') ? OK : bytes);
    });
    const requests = `${get('/').replace('GET', method)}${get('/next', CLOSE)}`;
    const { text } = await exchangeBytes(proxy.outboundPort, requests, PATIENT);
    const [first = '', second = ''] = text.split(/(?=HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)*\r\nok$)/);
    expect(first.endsWith('\r\n\r\n')).toBe(true);
    expect(first).toContain(kept);
    expect(second.endsWith('\r\n\r\nok')).toBe(true);
    expect(app.connections()).toBe(1);
  });

  it('that has one all the same does not become the next answer', async () => {
    const evil = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil';
    const { app, proxy } = await before((socket, text) => {
      if (text.endsWith('\r\n\r\n'))
        socket.write(text.includes('/next') ? OK : `HTTP/1.1 204 No Content\r\n\r\n${evil}`);
    });
    const { text } = await exchangeBytes(proxy.outboundPort, get('/') + get('/next', CLOSE), PATIENT);
    expect(text).not.toContain('evil');
    expect(text.endsWith('\r\n\r\nok')).toBe(true);
    expect(app.connections()).toBe(2);
  });
});

describe('Expect: 100-continue', () => {
  const HEAD = 'POST / HTTP/1.1\r\nHost: app\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n';

  it('passes the word of the application, with no body on its way', async () => {
    const { proxy } = await before((socket, text) => {
      if (text.endsWith('body')) socket.write(OK);
      else if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    });
    const until = /^HTTP\/1\.1 100 Continue\r\n\r\n$/;
    const asked = await exchangeBytes(proxy.outboundPort, HEAD, { ...PATIENT, until });
    expect(asked.text).toMatch(until);
  });

  it('that the application declines ends the connection: whether the body comes cannot be known', async () => {
    const { proxy } = await before((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 417 Expectation Failed\r\ncontent-length: 0\r\n\r\n');
    });
    const { text, closed } = await exchangeBytes(proxy.outboundPort, HEAD.replace(CLOSE, ''), PATIENT);
    expect(text).toMatch(/^HTTP\/1\.1 417 /);
    expect(text).toContain('connection: close\r\n');
    expect(closed).toBe(true);
  });
});

describe('Date', () => {
  const DATE = /\r\ndate: (\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT)\r\n/;

  it('is added to an answer without one, also of our own', async () => {
    const { proxy } = await before((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    const earliest = Date.now() - 1000;
    for (const request of [get('/', CLOSE), get('/', CLOSE).replace('Host: app', 'Host: nobody')]) {
      const { text } = await exchangeBytes(proxy.outboundPort, request, PATIENT);
      const stated = Date.parse(DATE.exec(text)?.[1] ?? '');
      expect(stated).toBeGreaterThanOrEqual(earliest);
      expect(stated).toBeLessThanOrEqual(Date.now());
    }
  });

  it('of the application stays as it is', async () => {
    const { proxy } = await before((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write(OK);
    });
    const { text } = await exchangeBytes(proxy.outboundPort, get('/', CLOSE), PATIENT);
    expect(text.match(/^date: .*$/gim)).toEqual(['date: Sun, 06 Nov 1994 08:49:37 GMT']);
  });
});

describe('interim answers', () => {
  it('go on without what belongs to one connection, and without a length', async () => {
    const interim =
      'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nconnection: x-gone\r\nx-gone: 1\r\ncontent-length: 5\r\n\r\n';
    const { proxy } = await before((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write(interim + OK);
    });
    const { text } = await exchangeBytes(proxy.outboundPort, get('/', CLOSE), PATIENT);
    expect(text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });

  it('are not for a client of HTTP/1.0', async () => {
    const { proxy } = await before((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${OK}`);
    });
    const { text } = await exchangeBytes(proxy.outboundPort, 'GET / HTTP/1.0\r\nHost: app\r\n\r\n', PATIENT);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});
