import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { MeshConfig } from '@malha/traffic/config';
import { afterEach, describe, expect, it } from 'vitest';
import { simpleConfig, startProxy, type TestProxy } from './mesh-fixture.ts';
import { answerOk, exchangeUndated, OK, type RawUpstream, rawUpstream } from './raw-http.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function setUp(
  answer: (socket: Socket, text: string) => void,
  config: (port: number) => MeshConfig = simpleConfig,
): Promise<{ proxy: TestProxy; upstream: RawUpstream; port: number }> {
  const upstream = await rawUpstream(answer);
  const proxy = await startProxy(config(upstream.port));
  cleanups.push(upstream.close, () => proxy.dataPlane.close());
  return { proxy, upstream, port: proxy.outboundPort };
}

const once = (answer: string) => (socket: Socket, text: string) => {
  if (text.endsWith('\r\n\r\n')) socket.write(answer, 'latin1');
};
const GET = 'GET / HTTP/1.1\r\nHost: app\r\n\r\n';

describe('requests', () => {
  it('pass with their bytes untouched, beside what the proxy adds', async () => {
    const { upstream, port } = await setUp(answerOk);
    await exchangeUndated(port, 'GET /a?b=%2F HTTP/1.1\r\nhOsT: App\r\nX-Odd:\t v\xe4lue \r\nx-odd: 2\r\n\r\n');
    expect(upstream.received()).toMatch(
      /^GET \/a\?b=%2F HTTP\/1\.1\r\nhOsT: App\r\nX-Odd:\t v\xe4lue \r\nx-odd: 2\r\nx-request-id: [0-9a-f]{32}\r\ntraceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-00\r\nx-envoy-expected-rq-timeout-ms: [0-9]+\r\n\r\n$/,
    );
  });

  it('carry a body of a known length, in whatever pieces it comes', async () => {
    const { upstream, port } = await setUp((socket, text) => {
      if (text.endsWith('hello')) socket.write(OK);
    });
    const { text } = await exchangeUndated(port, [
      'POST / HTTP/1.1\r\nHost: app\r\nContent-Le',
      'ngth: 5\r\n\r',
      '\nhe',
      'l',
      'lo',
    ]);
    expect(text).toBe(OK);
    expect(upstream.received()).toMatch(/Content-Length: 5\r\n.*\r\n\r\nhello$/s);
  });

  it('carry a chunked body with its trailers, without its extensions', async () => {
    const { upstream, port } = await setUp((socket, text) => {
      if (text.endsWith('0\r\nX-Sum: 1\r\n\r\n')) socket.write(OK);
    });
    const body = '3;a="b\\"c";d\r\nabc\r\n0000a\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n';
    const { text } = await exchangeUndated(
      port,
      `POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: Chunked\r\n\r\n${body}`,
    );
    expect(text).toBe(OK);
    expect(upstream.received()).toMatch(
      /transfer-encoding: chunked\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n$/,
    );
    expect(upstream.received().match(/transfer-encoding/gi)).toHaveLength(1);
  });

  it('in absolute form replace Host and go out in origin form', async () => {
    const { upstream, port } = await setUp(answerOk);
    await exchangeUndated(port, 'GET http://App.Shop:80?q HTTP/1.1\r\nHost: evil\r\n\r\n');
    expect(upstream.received()).toMatch(/^GET \/\?q HTTP\/1\.1\r\n/);
    expect(upstream.received()).toContain('host: app.shop:80\r\n');
    expect(upstream.received()).not.toContain('evil');
  });

  it('may be OPTIONS *', async () => {
    const { upstream, port } = await setUp(answerOk);
    await exchangeUndated(port, 'OPTIONS * HTTP/1.1\r\nHost: app\r\n\r\n');
    expect(upstream.received()).toMatch(/^OPTIONS \* HTTP\/1\.1\r\n/);
  });

  it('lose their hop-by-hop headers, and those that Connection names, but no others', async () => {
    const { upstream, port } = await setUp(answerOk);
    const hop =
      'Connection: X-Hop, Host, Authorization, close\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Connection: a\r\nTE: trailers\r\nUpgrade: h2c\r\nAuthorization: b\r\n';
    const { text } = await exchangeUndated(port, `GET / HTTP/1.1\r\nHost: app\r\n${hop}\r\n`);
    expect(upstream.received()).not.toMatch(/connection|x-hop|keep-alive|\bte:|upgrade/i);
    expect(upstream.received()).toMatch(/Host: app\r\nAuthorization: b\r\n/);
    expect(text).toContain('connection: close\r\n');
  });

  it('sent in a pipeline are answered in order, each once', async () => {
    const { port } = await setUp((socket, text) => {
      const paths = [...text.matchAll(/GET \/(\d) /g)];
      const [, path = ''] = paths.at(-1) ?? [];
      const delayMs = path === '1' ? 60 : 5;
      setTimeout(() => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n${path}`), delayMs);
    });
    const requests = ['1', '2', '3'].map((path) => `GET /${path} HTTP/1.1\r\nHost: app\r\n\r\n`).join('');
    const { text } = await exchangeUndated(port, requests);
    expect([...text.matchAll(/\r\n\r\n(\d)/g)].map((match) => match[1])).toEqual(['1', '2', '3']);
  });

  it('after a refused one in a pipeline are not served', async () => {
    const { upstream, port } = await setUp(answerOk);
    const { text, closed } = await exchangeUndated(port, `${GET}GET / HTTP/1.1\r\nBad Header: 1\r\n\r\n${GET}`);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n.*HTTP\/1\.1 400 Bad Request\r\n/s);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(2);
    expect(closed).toBe(true);
    expect(upstream.received().match(/GET /g)).toHaveLength(1);
  });

  it('follow one another on one connection and share one to the upstream', async () => {
    const { upstream, port } = await setUp(answerOk);
    const { text } = await exchangeUndated(port, [GET, GET, GET], { gapMs: 30 });
    expect(text).toBe(OK + OK + OK);
    expect(upstream.connections()).toBe(1);
  });

  it('may follow empty lines', async () => {
    const { port } = await setUp(answerOk);
    expect((await exchangeUndated(port, `\r\n\r\n${GET}`)).text).toBe(OK);
  });

  it('of HTTP/1.0 are answered and end the connection, unless they ask to keep it', async () => {
    const { upstream, port } = await setUp(answerOk);
    const plain = await exchangeUndated(port, 'GET / HTTP/1.0\r\nHost: app\r\nExpect: tea\r\n\r\n');
    expect(plain).toEqual({
      text: OK.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'),
      closed: true,
    });
    expect(upstream.received()).not.toContain('Expect');
    const kept = await exchangeUndated(port, 'GET / HTTP/1.0\r\nHost: app\r\nConnection: Keep-Alive\r\n\r\n');
    expect(kept).toEqual({
      text: OK.replace('\r\n\r\n', '\r\nconnection: keep-alive\r\n\r\n'),
      closed: false,
    });
  });

  it('get their answer also when the client has ended its side', async () => {
    const { port } = await setUp((socket, text) => {
      if (text.endsWith('\r\n\r\n')) setTimeout(() => socket.write(OK), 50);
    });
    const { text, closed } = await exchangeUndated(port, GET, { end: true });
    expect(text).toContain('200 OK');
    expect(text).toContain('connection: close');
    expect(closed).toBe(true);
  });

  it('of a client that goes away are cancelled at the upstream', async () => {
    let upstreamClosed = false;
    const { proxy, port } = await setUp((socket) => {
      socket.on('close', () => {
        upstreamClosed = true;
      });
    });
    const client = connect({ port, host: '127.0.0.1' });
    client.write(GET);
    await new Promise((resolve) => setTimeout(resolve, 60));
    client.resetAndDestroy();
    await expect.poll(() => upstreamClosed).toBe(true);
    await expect.poll(() => proxy.telemetry.records.length).toBe(1);
    expect(proxy.telemetry.records[0]).toMatchObject({ status: 0, flags: 1 << 8 });
  });
});

describe('100-continue', () => {
  const HEAD = 'POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n';

  it('is passed both ways', async () => {
    const { upstream, port } = await setUp((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      else if (text.endsWith('hi')) socket.write(OK);
    });
    const { text } = await exchangeUndated(port, [HEAD, 'hi'], { gapMs: 60 });
    expect(text).toBe(`HTTP/1.1 100 Continue\r\n\r\n${OK}`);
    expect(upstream.received()).toContain('Expect: 100-Continue\r\n');
  });

  it('may be answered with a final response, which ends the connection', async () => {
    const { port } = await setUp(once('HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n'));
    const { text, closed } = await exchangeUndated(port, HEAD);
    expect(text).toBe('HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    expect(closed).toBe(true);
  });
});

describe('responses', () => {
  it('in chunks go on in chunks, with trailers', async () => {
    const { port } = await setUp(
      once('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nX-T: 1\r\n\r\n'),
    );
    expect((await exchangeUndated(port, GET)).text).toBe(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n',
    );
  });

  it('in chunks reach an HTTP/1.0 client without chunks', async () => {
    const { port } = await setUp(
      once('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n'),
    );
    const answer = await exchangeUndated(port, 'GET / HTTP/1.0\r\nHost: app\r\nConnection: keep-alive\r\n\r\n');
    expect(answer).toEqual({ text: 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc', closed: true });
  });

  it('that end with their connection become chunked', async () => {
    const { port } = await setUp((socket) => socket.end('HTTP/1.1 200 Fine\r\n\r\nabc'));
    const { text, closed } = await exchangeUndated(port, GET);
    expect(text).toBe('HTTP/1.1 200 Fine\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
    expect(closed).toBe(false);
  });

  it.each([
    ['HEAD', 'HEAD / HTTP/1.1\r\nHost: app\r\n\r\n', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n'],
    ['204', GET, 'HTTP/1.1 204 No Content\r\nx: y\r\n\r\n'],
    ['304', GET, 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n'],
  ])('to %s have no body and keep their headers', async (_what, request, response) => {
    const { upstream, port } = await setUp(once(response));
    const { text } = await exchangeUndated(port, [request, request], { gapMs: 40 });
    expect(text).toBe(response + response);
    expect(upstream.connections()).toBe(1);
  });

  it('lose hop-by-hop headers', async () => {
    const { port } = await setUp(
      once('HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n'),
    );
    expect((await exchangeUndated(port, GET)).text).toBe('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });

  it('of an interim status come first', async () => {
    const { port } = await setUp(once(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${OK}`));
    expect((await exchangeUndated(port, GET)).text).toBe(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${OK}`);
    expect((await exchangeUndated(port, 'GET / HTTP/1.0\r\nHost: app\r\n\r\n')).text).not.toContain('103');
  });

  it('that come before the request is complete end the connection', async () => {
    const { port } = await setUp(once(OK));
    const { text, closed } = await exchangeUndated(port, 'POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 100\r\n\r\n');
    expect(text).toBe(OK.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'));
    expect(closed).toBe(true);
  });

  it('of many megabytes pass whole, both ways, through a slow reader', async () => {
    const size = 8 * 1024 * 1024;
    const { port } = await setUp((socket, text) => {
      if (text.length < size) return;
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
      socket.write(Buffer.alloc(size, 'r'));
    });
    const client = connect({ port, host: '127.0.0.1' });
    client.write(`POST / HTTP/1.1\r\nHost: app\r\nContent-Length: ${size}\r\n\r\n`);
    client.write(Buffer.alloc(size, 'q'));
    let head = '';
    let got = 0;
    let pauses = 0;
    await new Promise<void>((resolve) => {
      client.on('data', (chunk: Buffer) => {
        if (head.includes('\r\n\r\n')) got += chunk.length;
        else {
          head += chunk.toString('latin1');
          if (head.includes('\r\n\r\n')) got = head.length - head.indexOf('\r\n\r\n') - 4;
        }
        if (got >= size) resolve();
        if (pauses++ % 50 !== 0) return;
        client.pause();
        setTimeout(() => client.resume(), 20);
      });
    });
    client.destroy();
    expect(head).toContain(`content-length: ${size}\r\n`);
    expect(got).toBe(size);
  });
});

describe('bytes that do not belong to a response', () => {
  it('on an idle connection end it', async () => {
    const { upstream, port } = await setUp((socket, text) => {
      if (!text.endsWith('\r\n\r\n')) return;
      socket.write(OK);
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil'), 30);
    });
    const { text } = await exchangeUndated(port, [GET, GET], { gapMs: 100 });
    expect(text).toBe(OK + OK);
    expect(upstream.connections()).toBe(2);
  });

  it('missing at its end cut the connection of the client', async () => {
    const { proxy, port } = await setUp((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'));
    const { text, closed } = await exchangeUndated(port, GET);
    expect(text).toBe('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc');
    expect(closed).toBe(true);
    expect(proxy.telemetry.records.at(-1)).toMatchObject({ status: 200, flags: 1 << 7 });
  });
});

describe('WebSocket', () => {
  const UPGRADE =
    'GET /ws HTTP/1.1\r\nHost: app\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: a\r\n\r\n';

  it('is tunnelled in both directions after the switch', async () => {
    const { upstream, port } = await setUp((socket, text) => {
      if (text.endsWith('\r\n\r\n'))
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello');
      if (text.endsWith('\x81ping')) socket.end('\x81pong', 'latin1');
    });
    const { text, closed } = await exchangeUndated(port, [UPGRADE, '\x81ping'], { gapMs: 60 });
    expect(text).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhello\x81pong',
    );
    expect(closed).toBe(true);
    expect(upstream.received()).toContain('connection: upgrade\r\nupgrade: websocket\r\n\r\n\x81ping');
  });

  it('may be declined by the upstream', async () => {
    const { port } = await setUp(once(OK));
    const { text } = await exchangeUndated(port, [UPGRADE, GET], { gapMs: 60 });
    expect(text).toBe(OK + OK);
  });

  it('bytes that follow the offer at once wait for the switch', async () => {
    const { port } = await setUp((socket, text) => {
      if (text.endsWith('\r\n\r\n'))
        setTimeout(
          () => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
          40,
        );
      else socket.write(`got ${text.slice(-4)}`);
    });
    expect((await exchangeUndated(port, `${UPGRADE}ping`)).text).toMatch(/\r\n\r\ngot ping$/);
  });

  it('a switch to another protocol than asked for is a malformed response', async () => {
    const { port } = await setUp(
      once('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tea\r\n\r\n'),
    );
    expect((await exchangeUndated(port, UPGRADE)).text).toContain('HTTP/1.1 502');
  });
});
