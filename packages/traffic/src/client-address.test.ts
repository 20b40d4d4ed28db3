import { describe, expect, it } from 'vitest';
import { clientAddress } from './client-address.ts';

describe('address of a client', () => {
  it.each([
    ['nothing is believed without trusted proxies', '203.0.113.7', 0, '10.0.0.1'],
    ['one proxy: the last entry', '198.51.100.1, 203.0.113.7', 1, '203.0.113.7'],
    ['two proxies: the last but one', '198.51.100.1, 203.0.113.7, 10.0.0.2', 2, '203.0.113.7'],
    ['entries in several fields are one list', '203.0.113.7,10.0.0.2', 2, '203.0.113.7'],
    ['IPv6', '2001:db8::1', 1, '2001:db8::1'],
    ['fewer entries than proxies', '203.0.113.7', 2, '10.0.0.1'],
    ['no entries', undefined, 1, '10.0.0.1'],
    ['an empty list', '', 1, '10.0.0.1'],
    ['what is no address', '203.0.113.7, unknown', 1, '10.0.0.1'],
    ['an address with a port is none', '203.0.113.7:4711', 1, '10.0.0.1'],
  ])('%s', (_, forwardedFor, trustedHops, expected) => {
    expect(clientAddress(forwardedFor, '::ffff:10.0.0.1', trustedHops)).toBe(expected);
  });
});
