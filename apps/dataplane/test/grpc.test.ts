// gRPC by its own library on both ends: the four kinds of calls through two proxies with mutual TLS between them, and what
// the proxies do about deadlines, failures and another attempt.
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type StatusObject,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { createTestCa } from '@malha/testing/test-ca';
import type { ForwardAction, RetryPolicy } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import { afterEach, describe, expect, it } from 'vitest';
import {
  cluster,
  endpoint,
  forwardTo,
  inboundConfig,
  NO_RETRY,
  outboundConfig,
  route,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';

const MB = 1024 * 1024;
/** For a busy machine: nothing takes so long otherwise. */
const PATIENCE = { timeout: 10_000 };
const ca = createTestCa();
const identity = (value: Buffer) => value;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

function method(name: string, requestStream: boolean, responseStream: boolean): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/echo.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
}

const ECHO = {
  unary: method('Unary', false, false),
  upload: method('Upload', true, false),
  download: method('Download', false, true),
  chat: method('Chat', true, true),
};

const HANDLERS: UntypedServiceImplementation = {
  unary: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
    const trailers = new Metadata();
    trailers.set('x-served', 'yes');
    trailers.set('x-bytes-bin', Buffer.from([0, 1, 255]));
    if (call.request.length > 0) done(null, call.request, trailers);
    else done({ code: status.FAILED_PRECONDITION, details: 'nothing to echo: é %', metadata: trailers });
  },
  upload: (call: ServerReadableStream<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
    let size = 0;
    call.on('data', (chunk: Buffer) => {
      size += chunk.length;
    });
    call.on('end', () => done(null, Buffer.from(String(size))));
  },
  download: (call: ServerWritableStream<Buffer, Buffer>) => {
    for (let index = 0; index < 100; index++) call.write(call.request);
    call.end();
  },
  chat: (call: ServerDuplexStream<Buffer, Buffer>) => {
    call.on('data', (chunk: Buffer) => call.write(chunk));
    call.on('end', () => call.end());
  },
};

interface GrpcMesh {
  readonly client: Client;
  readonly caller: TestProxy;
  readonly callee: TestProxy;
}

/** Two proxies before the application at `appPort`, and a client of the first. */
async function meshBefore(appPort: number, action: Partial<ForwardAction> = {}): Promise<GrpcMesh> {
  const { inbound, ...rest } = inboundConfig({ appPort });
  const ports = inbound.ports.map((port) => ({ ...port, protocol: 'grpc' as const }));
  const callee = await startProxy(
    { ...rest, inbound: { ...inbound, ports } },
    { secrets: ca.issue('shop', 'app'), name: 'app-1' },
  );
  const caller = await startProxy(
    outboundConfig({
      routes: [route(forwardTo([{ name: 'app', weight: 1 }], { retry: NO_RETRY, requestTimeoutMs: 0, ...action }))],
      clusters: [cluster('app', { protocol: 'grpc' })],
      endpoints: { app: [endpoint('app-1', callee.inboundPort, { tls: true })] },
    }),
    { secrets: ca.issue('shop', 'caller') },
  );
  const client = new Client(`127.0.0.1:${caller.outboundPort}`, credentials.createInsecure(), {
    'grpc.default_authority': 'app',
    'grpc.max_receive_message_length': -1,
    'grpc.enable_retries': 0,
  });
  cleanups.push(
    () => callee.dataPlane.close(),
    () => caller.dataPlane.close(),
    () => client.close(),
  );
  return { client, caller, callee };
}

async function grpcApp(handlers: UntypedServiceImplementation = HANDLERS): Promise<number> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  server.addService(ECHO, handlers);
  cleanups.push(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

/** An application that sees frames where the library would hide them. */
async function http2App(
  serve: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
): Promise<number> {
  const server = http2.createServer();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    serve(stream, headers);
  });
  server.on('sessionError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

interface Called {
  readonly error: ServiceError | null;
  readonly value: Buffer | undefined;
  readonly status: StatusObject;
}

function unary(client: Client, request: Buffer, options: { readonly deadlineMs?: number } = {}): Promise<Called> {
  const { deadlineMs } = options;
  return new Promise((resolve) => {
    let answered: Pick<Called, 'error' | 'value'> | undefined;
    let ended: StatusObject | undefined;
    const settle = () => {
      if (answered !== undefined && ended !== undefined) resolve({ ...answered, status: ended });
    };
    const call = client.makeUnaryRequest(
      ECHO.unary.path,
      identity,
      identity,
      request,
      new Metadata(),
      deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
      (error, value) => {
        answered = { error, value };
        settle();
      },
    );
    call.on('status', (status) => {
      ended = status;
      settle();
    });
  });
}

const GRPC_HEAD = { ':status': 200, 'content-type': 'application/grpc' };
/** A message of no bytes. */
const EMPTY_MESSAGE = Buffer.alloc(5);

describe('calls through two proxies', () => {
  it('unary: message, trailers in text and bytes; an error with its words', async () => {
    const { client } = await meshBefore(await grpcApp());
    const ok = await unary(client, Buffer.from('hello'));
    expect(String(ok.value)).toBe('hello');
    expect(ok.status.metadata.get('x-served')).toEqual(['yes']);
    expect(ok.status.metadata.get('x-bytes-bin')).toEqual([Buffer.from([0, 1, 255])]);
    const failed = await unary(client, Buffer.alloc(0));
    expect(failed.status).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'nothing to echo: é %' });
    expect(failed.status.metadata.get('x-served')).toEqual(['yes']);
  });

  it('client streaming: every message is taken before the one answer', async () => {
    const { client } = await meshBefore(await grpcApp());
    const size = await new Promise<string>((resolve, reject) => {
      const call = client.makeClientStreamRequest(ECHO.upload.path, identity, identity, (error, value) =>
        error === null ? resolve(String(value)) : reject(error),
      );
      for (let index = 0; index < 200; index++) call.write(Buffer.alloc(1_000));
      call.end();
    });
    expect(size).toBe('200000');
  });

  it('server streaming: every message of many comes', async () => {
    const { client } = await meshBefore(await grpcApp());
    const call = client.makeServerStreamRequest(ECHO.download.path, identity, identity, Buffer.alloc(5_000));
    let count = 0;
    await new Promise((resolve, reject) => {
      call.on('data', () => count++);
      call.on('end', resolve);
      call.on('error', reject);
    });
    expect(count).toBe(100);
  });

  it('both ways: a word goes out only when the last one came back', async () => {
    const { client } = await meshBefore(await grpcApp());
    const call = client.makeBidiStreamRequest(ECHO.chat.path, identity, identity);
    const heard: string[] = [];
    await new Promise((resolve, reject) => {
      call.on('data', (chunk: Buffer) => {
        heard.push(String(chunk));
        if (heard.length < 5) call.write(Buffer.from(`word ${heard.length}`));
        else call.end();
      });
      call.on('end', resolve);
      call.on('error', reject);
      call.write(Buffer.from('word 0'));
    });
    expect(heard).toEqual(['word 0', 'word 1', 'word 2', 'word 3', 'word 4']);
  });

  it('a message of eight megabytes goes there and back', async () => {
    const { client } = await meshBefore(await grpcApp());
    const message = Buffer.alloc(8 * MB, 'malha ');
    const { value } = await unary(client, message);
    expect(value?.equals(message)).toBe(true);
  }, 30_000);

  it('a stream outlives the request timeout of HTTP where none is set for calls', async () => {
    const { client } = await meshBefore(await grpcApp(), { requestTimeoutMs: 0, streamIdleTimeoutMs: 60_000 });
    const call = client.makeBidiStreamRequest(ECHO.chat.path, identity, identity);
    const words: string[] = [];
    call.on('data', (chunk: Buffer) => words.push(String(chunk)));
    call.write(Buffer.from('one'));
    await expect.poll(() => words).toEqual(['one']);
    await new Promise((resolve) => setTimeout(resolve, 300));
    call.write(Buffer.from('two'));
    await expect.poll(() => words).toEqual(['one', 'two']);
    call.end();
    await new Promise((resolve) => call.on('end', resolve));
  });

  it('a server that does not read holds the client back', async () => {
    let take: (() => void) | undefined;
    const { client } = await meshBefore(
      await grpcApp({
        ...HANDLERS,
        chat: (call: ServerDuplexStream<Buffer, Buffer>) => {
          take = () => {
            call.on('data', () => undefined);
            call.on('end', () => call.end());
          };
        },
      }),
    );
    const call = client.makeBidiStreamRequest(ECHO.chat.path, identity, identity);
    const sent = await sentUntilHeld(call);
    expect(sent).toBeLessThan(64);
    take?.();
    await new Promise((resolve) => call.once('drain', resolve));
    call.end();
    call.resume();
    await new Promise((resolve) => call.on('end', resolve));
  }, 30_000);
});

/** Megabytes that a client could hand over before it had to wait for good. */
async function sentUntilHeld(call: ClientDuplexStream<Buffer, Buffer>): Promise<number> {
  let sent = 0;
  for (; sent < 64; sent++) {
    if (call.write(Buffer.alloc(MB))) continue;
    const isDrained = await Promise.race([
      new Promise<boolean>((resolve) => call.once('drain', () => resolve(true))),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 1_000)),
    ]);
    if (!isDrained) return sent;
  }
  return sent;
}

describe('a call that ends early', () => {
  it('cancelled by the client, it ends at the application', async () => {
    let isCancelled = false;
    const { client, caller } = await meshBefore(
      await grpcApp({
        ...HANDLERS,
        chat: (call: ServerDuplexStream<Buffer, Buffer>) => {
          call.on('cancelled', () => {
            isCancelled = true;
          });
          call.on('data', (chunk: Buffer) => call.write(chunk));
        },
      }),
    );
    const call = client.makeBidiStreamRequest(ECHO.chat.path, identity, identity);
    const ended = new Promise<StatusObject>((resolve) => call.on('status', resolve));
    call.on('error', () => undefined);
    call.on('data', () => call.cancel());
    call.write(Buffer.from('hello'));
    expect((await ended).code).toBe(status.CANCELLED);
    await expect.poll(() => isCancelled).toBe(true);
    await expect.poll(() => caller.telemetry.records.length).toBe(1);
    expect(caller.telemetry.records[0]?.flags).toBe(RequestFlags.DC);
  });

  it('of which the connection breaks after a message, it is UNAVAILABLE', async () => {
    const appPort = await http2App((stream) => {
      stream.respond(GRPC_HEAD);
      stream.write(EMPTY_MESSAGE, () => stream.session?.destroy());
    });
    const { client, caller } = await meshBefore(appPort);
    const call = client.makeServerStreamRequest(ECHO.download.path, identity, identity, Buffer.alloc(1));
    const ended = new Promise<StatusObject>((resolve) => call.on('status', resolve));
    call.on('error', () => undefined);
    call.resume();
    expect((await ended).code).toBe(status.UNAVAILABLE);
    await expect.poll(() => caller.telemetry.records.length).toBe(1);
    expect(caller.telemetry.records[0]).toMatchObject({ protocol: 'grpc', status: status.UNAVAILABLE });
  });

  it('that the proxy answers itself, it has a status of gRPC, and so has its record', async () => {
    const { client, caller, callee } = await meshBefore(1);
    const failed = await unary(client, Buffer.from('x'));
    expect(failed.status).toMatchObject({ code: status.UNAVAILABLE, details: 'upstream connection failed' });
    const recorded = ({ telemetry }: TestProxy) =>
      telemetry.records.map(({ protocol, status: code, flags }) => [protocol, code, flags]);
    expect(recorded(caller)).toEqual([['grpc', status.UNAVAILABLE, 0]]);
    expect(recorded(callee)).toEqual([['grpc', status.UNAVAILABLE, RequestFlags.UF]]);
  });

  it('that the proxy answers itself, it is one head with the status', async () => {
    const { caller } = await meshBefore(await grpcApp());
    caller.dataPlane.apply(outboundConfig({ routes: [], clusters: [], endpoints: {} }));
    const session = http2.connect(`http://127.0.0.1:${caller.outboundPort}`);
    cleanups.push(() => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': '/a.B/C', ...CALL_HEADERS });
    const [head, flags] = await new Promise<[http2.IncomingHttpHeaders, number]>((resolve) =>
      stream.on('response', (fields, bits) => resolve([fields, bits])),
    );
    expect(head).toMatchObject({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' });
    expect(flags & http2.constants.NGHTTP2_FLAG_END_STREAM).not.toBe(0);
    stream.close();
  });
});

const CALL_HEADERS = { 'content-type': 'application/grpc', te: 'trailers' };

describe('a deadline', () => {
  /** What the application was told, and how often. */
  async function slowApp(answerAfterMs: number) {
    const told: (string | undefined)[] = [];
    const appPort = await http2App((stream, headers) => {
      told.push(headers['grpc-timeout'] as string | undefined);
      setTimeout(() => {
        if (!stream.destroyed) stream.respond({ ...GRPC_HEAD, 'grpc-status': '14' }, { endStream: true });
      }, answerAfterMs);
    });
    return { appPort, told };
  }

  /** Straight HTTP/2: the library would end the call by a clock of its own. */
  async function callWith(caller: TestProxy, timeout: string | undefined) {
    const session = http2.connect(`http://127.0.0.1:${caller.outboundPort}`);
    cleanups.push(() => session.destroy());
    const extra = timeout === undefined ? {} : { 'grpc-timeout': timeout };
    const stream = session.request({ ':method': 'POST', ':path': '/a.B/C', ...CALL_HEADERS, ...extra });
    stream.end(EMPTY_MESSAGE);
    stream.resume();
    return new Promise<http2.IncomingHttpHeaders>((resolve) => stream.on('response', resolve));
  }

  it('that has passed ends the call with DEADLINE_EXCEEDED, in the answer and in the record', async () => {
    const { appPort, told } = await slowApp(60_000);
    const { caller, callee } = await meshBefore(appPort);
    const head = await callWith(caller, '200m');
    expect(head).toMatchObject({ ':status': 200, 'grpc-status': '4', 'grpc-message': 'deadline exceeded' });
    expect(caller.telemetry.records[0]).toMatchObject({ status: status.DEADLINE_EXCEEDED, flags: RequestFlags.UT });
    await expect.poll(() => callee.telemetry.records.length).toBe(1);
    expect(told).toHaveLength(1);
  });

  it('is told to the application as what is left of it, the timeout of the route included', async () => {
    const { appPort, told } = await slowApp(0);
    const { caller } = await meshBefore(appPort, { requestTimeoutMs: 5_000 });
    await callWith(caller, '10S');
    await callWith(caller, '3000m');
    await callWith(caller, undefined);
    await callWith(caller, '3 seconds');
    const [ofRoute = '', ofClient = '', ofRouteAlone, malformed] = told;
    expect(ofRoute).toMatch(/^[1-4][0-9]{3}m$/);
    expect(ofClient).toMatch(/^[12]?[0-9]{1,3}m$/);
    expect(ofRouteAlone).toMatch(/^[1-4][0-9]{3}m$/);
    // For the application to refuse.
    expect(malformed).toBe('3 seconds');
  });

  it('of nothing asks nobody', async () => {
    const { appPort, told } = await slowApp(0);
    const { caller } = await meshBefore(appPort);
    expect((await callWith(caller, '0m'))['grpc-status']).toBe('4');
    expect(told).toEqual([]);
  });

  it('after a message ends the stream with trailers', async () => {
    const appPort = await http2App((stream) => {
      stream.respond(GRPC_HEAD);
      stream.write(EMPTY_MESSAGE);
    });
    const { caller } = await meshBefore(appPort);
    const session = http2.connect(`http://127.0.0.1:${caller.outboundPort}`);
    cleanups.push(() => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': '/a.B/C', ...CALL_HEADERS, 'grpc-timeout': '300m' });
    stream.resume();
    const trailers = await new Promise<http2.IncomingHttpHeaders>((resolve) => stream.on('trailers', resolve));
    expect(trailers['grpc-status']).toBe('4');
  });

  it('of a client of the library is kept by the proxies too: the application is told that nobody waits', async () => {
    let isCancelled = false;
    const { client, callee } = await meshBefore(
      await grpcApp({
        ...HANDLERS,
        unary: (call: ServerUnaryCall<Buffer, Buffer>) => {
          call.on('cancelled', () => {
            isCancelled = true;
          });
        },
      }),
    );
    const called = await unary(client, Buffer.from('x'), { deadlineMs: 300 });
    expect(called.status.code).toBe(status.DEADLINE_EXCEEDED);
    await expect.poll(() => isCancelled, PATIENCE).toBe(true);
    await expect.poll(() => callee.telemetry.records.length, PATIENCE).toBe(1);
  });
});

describe('another attempt', () => {
  const RETRY: RetryPolicy = { ...NO_RETRY, attempts: 2, on: ['unavailable'] };

  /** Answers each call with the next head; the last one stays. */
  async function scripted(...heads: readonly http2.OutgoingHttpHeaders[]) {
    const bodies: number[] = [];
    const appPort = await http2App((stream) => {
      let size = 0;
      stream.on('data', (chunk: Buffer) => {
        size += chunk.length;
      });
      stream.on('end', () => {
        bodies.push(size);
        const head = heads[bodies.length - 1] ?? heads.at(-1) ?? {};
        if (head['grpc-status'] !== undefined) stream.respond({ ...GRPC_HEAD, ...head }, { endStream: true });
        else {
          stream.respond({ ...GRPC_HEAD, ...head }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
          stream.end(EMPTY_MESSAGE);
        }
      });
    });
    return { appPort, bodies };
  }

  const UNAVAILABLE = { 'grpc-status': '14' };

  it('follows a status that the policy lists, with the same message', async () => {
    const { appPort, bodies } = await scripted(UNAVAILABLE, UNAVAILABLE, {});
    const { client, caller } = await meshBefore(appPort, { retry: RETRY });
    expect((await unary(client, Buffer.from('hello'))).status.code).toBe(status.OK);
    expect(bodies).toEqual([10, 10, 10]);
    expect(caller.telemetry.records[0]).toMatchObject({ attempts: 3, status: 200 });
  });

  it('follows what the proxy of the callee answered itself', async () => {
    const { appPort } = await scripted({});
    const { client, callee, caller } = await meshBefore(appPort, { retry: { ...RETRY, attempts: 1 } });
    callee.dataPlane.apply(inboundConfig({ appPort: 1 }));
    expect((await unary(client, Buffer.from('hello'))).status.code).toBe(status.UNAVAILABLE);
    expect(caller.telemetry.records[0]).toMatchObject({ attempts: 2, flags: RequestFlags.URX });
  });

  it('does not follow when the server pushes back, and waits as long as it says', async () => {
    const never = await scripted({ ...UNAVAILABLE, 'grpc-retry-pushback-ms': '-1' }, {});
    const first = await meshBefore(never.appPort, { retry: RETRY });
    expect((await unary(first.client, Buffer.from('x'))).status.code).toBe(status.UNAVAILABLE);
    expect(never.bodies).toHaveLength(1);
    const later = await scripted({ ...UNAVAILABLE, 'grpc-retry-pushback-ms': '150' }, {});
    const second = await meshBefore(later.appPort, { retry: RETRY });
    expect((await unary(second.client, Buffer.from('x'))).status.code).toBe(status.OK);
    expect(second.caller.telemetry.records[0]?.durationMs).toBeGreaterThanOrEqual(150);
  });

  it('does not follow beyond the budget', async () => {
    const { appPort, bodies } = await scripted(UNAVAILABLE, {});
    const { client, caller } = await meshBefore(appPort, {
      retry: { ...RETRY, budget: { percent: 0, minConcurrent: 0 } },
    });
    expect((await unary(client, Buffer.from('x'))).status.code).toBe(status.UNAVAILABLE);
    expect(bodies).toHaveLength(1);
    expect(caller.telemetry.count('retry-budget-exhausted')).toBe(1);
  });

  it('does not follow after a message', async () => {
    const appPort = await http2App((stream) => {
      stream.respond(GRPC_HEAD, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(UNAVAILABLE));
      stream.end(EMPTY_MESSAGE);
    });
    const { client, caller } = await meshBefore(appPort, { retry: RETRY });
    expect((await unary(client, Buffer.from('x'))).status.code).toBe(status.UNAVAILABLE);
    expect(caller.telemetry.records[0]?.attempts).toBe(1);
  });
});
