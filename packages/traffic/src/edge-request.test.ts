import { describe, expect, it } from 'vitest';
import { edgeRequest } from './edge-request.ts';

const CLIENT = { address: '192.0.2.1', country: 'PT' };

function seen(headers: Readonly<Record<string, string>>, trustedHops = 0, protocol: 'HTTP' | 'HTTPS' = 'HTTPS') {
  const request = { method: 'GET', authority: 'www.example.com', path: '/', header: (name: string) => headers[name] };
  return edgeRequest(request, { protocol, trustedHops }, CLIENT);
}

describe('a request at the edge', () => {
  it('is of the client of the connection, whatever it claims', () => {
    const { country, header } = seen({ 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'http', 'x-a': '1' });
    expect(country).toBe('PT');
    expect(['x-forwarded-for', 'x-forwarded-proto', 'x-a'].map(header)).toEqual(['192.0.2.1', 'https', '1']);
  });

  it.each(['forwarded', 'x-forwarded-host', 'x-forwarded-port', 'x-real-ip', 'x-request-id'])(
    'has no %s of the client',
    (name) => {
      expect(seen({ [name]: 'claimed' }, 3).header(name)).toBeUndefined();
    },
  );

  it('is of the client that a trusted proxy saw', () => {
    const { header } = seen({ 'x-forwarded-for': '10.0.0.1, 203.0.113.9', 'x-forwarded-proto': 'http' }, 1);
    expect(['x-forwarded-for', 'x-forwarded-proto'].map(header)).toEqual(['203.0.113.9', 'http']);
  });

  it('believes no proxy that says another scheme than http and https', () => {
    expect(seen({ 'x-forwarded-proto': 'wss' }, 1).header('x-forwarded-proto')).toBe('https');
  });
});
