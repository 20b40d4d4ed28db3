import { describe, expect, it } from 'vitest';
import { CLIENT_HELLO_BYTES_MAX, parseClientHello } from './client-hello.ts';

const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const vector = (size: 1 | 2, content: Buffer) =>
  Buffer.concat([size === 1 ? Buffer.from([content.length]) : u16(content.length), content]);
const extension = (type: number, content: Buffer) => Buffer.concat([u16(type), vector(2, content)]);
const hostName = (name: string, type = 0) =>
  Buffer.concat([Buffer.from([type]), vector(2, Buffer.from(name, 'latin1'))]);
const serverName = (...names: Buffer[]) => extension(0, vector(2, Buffer.concat(names)));
const GREASE = extension(0x0a0a, Buffer.from([0]));

function clientHello(extensions: readonly Buffer[] | undefined, parts: { suites?: Buffer; session?: Buffer } = {}) {
  const body = Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32, 7),
    vector(1, parts.session ?? Buffer.alloc(32)),
    vector(2, parts.suites ?? Buffer.from([0x1a, 0x1a, 0x13, 0x01])),
    vector(1, Buffer.from([0])),
    ...(extensions === undefined ? [] : [vector(2, Buffer.concat(extensions))]),
  ]);
  return Buffer.concat([Buffer.from([1, body.length >> 16, (body.length >> 8) & 255, body.length & 255]), body]);
}

const record = (content: Buffer, type = 22) => Buffer.concat([Buffer.from([type, 3, 1]), vector(2, content)]);
const parsed = (...extensions: Buffer[]) => parseClientHello(record(clientHello(extensions)));
const read = (name: string) => ({ type: 'read', serverName: name });
const MALFORMED = { type: 'malformed' };
const INCOMPLETE = { type: 'incomplete' };

describe('the server name of a ClientHello', () => {
  it('is read in lower case, whatever stands around it', () => {
    expect(parsed(GREASE, serverName(hostName('DB.Shop.Example')), GREASE)).toEqual(read('db.shop.example'));
  });

  it('is empty where none is asked for', () => {
    expect(parsed(GREASE)).toEqual(read(''));
    expect(parseClientHello(record(clientHello(undefined)))).toEqual(read(''));
  });

  it('is found over any cut of the message into records, and at no earlier byte than the last', () => {
    const message = clientHello([GREASE, serverName(hostName('a.example'))]);
    for (let cut = 1; cut < message.length; cut++) {
      const bytes = Buffer.concat([record(message.subarray(0, cut)), record(message.subarray(cut))]);
      expect(parseClientHello(bytes)).toEqual(read('a.example'));
    }
    const whole = record(message);
    for (let length = 0; length < whole.length; length++)
      expect(parseClientHello(whole.subarray(0, length))).toEqual(INCOMPLETE);
  });

  it('does not depend on what the client sends behind it', () => {
    const hello = record(clientHello([serverName(hostName('a.example'))]));
    expect(parseClientHello(Buffer.concat([hello, record(Buffer.from([1]), 20)]))).toEqual(read('a.example'));
  });

  it.each([
    ['two names', serverName(hostName('a.example'), hostName('b.example'))],
    ['an empty list', extension(0, vector(2, Buffer.alloc(0)))],
    ['an empty name', serverName(hostName(''))],
    ['a name of another type', serverName(hostName('a.example', 1))],
    ['an IPv4 address', serverName(hostName('10.0.0.1'))],
    ['an IPv6 address', serverName(hostName('::1'))],
    ['a trailing dot', serverName(hostName('a.example.'))],
    ['a NUL', serverName(hostName('a.example\0.evil'))],
    ['bytes beyond ASCII', serverName(hostName('ä.example'))],
    ['a label that is too long', serverName(hostName(`${'a'.repeat(64)}.example`))],
    ['a name that is too long', serverName(hostName(`${'a.'.repeat(127)}example`))],
    ['bytes behind the list', extension(0, Buffer.concat([vector(2, hostName('a.example')), Buffer.from([0])]))],
  ])('is refused with %s', (_, content) => {
    expect(parsed(content)).toEqual(MALFORMED);
  });

  it('is refused when asked for twice', () => {
    expect(parsed(serverName(hostName('a.example')), serverName(hostName('b.example')))).toEqual(MALFORMED);
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 3, 1])],
    ['a record of another type', record(clientHello([]), 23)],
    ['another handshake message', record(Buffer.from([2, 0, 0, 1, 0]))],
    ['an empty record', record(Buffer.alloc(0))],
    ['a record that is too long', Buffer.from([22, 3, 1, 0x40, 0x01, 1])],
    ['a major version other than 3', Buffer.from([22, 2, 1, 0, 5, 1])],
    ['a message that is too long', record(Buffer.from([1, 1, 0, 0]))],
    [
      'another record within the message',
      Buffer.concat([record(clientHello([]).subarray(0, 9)), record(Buffer.from([1]), 20)]),
    ],
    ['an odd list of suites', record(clientHello([], { suites: Buffer.from([1, 2, 3]) }))],
    ['no suites', record(clientHello([], { suites: Buffer.alloc(0) }))],
    ['a session ID that is too long', record(clientHello([], { session: Buffer.alloc(33) }))],
  ])('%s is malformed at once', (_, bytes) => {
    expect(parseClientHello(bytes)).toEqual(MALFORMED);
  });

  it('never throws, and never takes a damaged message for longer than the bound', () => {
    const bytes = record(clientHello([GREASE, serverName(hostName('a.example'))]));
    for (let at = 0; at < bytes.length; at++)
      for (const value of [0, 1, 0x7f, 0xff]) {
        const damaged = Buffer.from(bytes);
        damaged[at] = value;
        const padded = Buffer.concat([damaged, Buffer.alloc(CLIENT_HELLO_BYTES_MAX + 5)]);
        expect(['read', 'malformed', 'incomplete']).toContain(parseClientHello(damaged).type);
        expect(['read', 'malformed']).toContain(parseClientHello(padded).type);
      }
  });
});
