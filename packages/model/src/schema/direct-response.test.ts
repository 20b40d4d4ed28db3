import { describe, expect, it } from 'vitest';
import { validateResource } from '../validate.ts';
import { DIRECT_RESPONSE_BODY_BYTES_MAX } from './direct-response.ts';

function findingsOf(spec: object): string[] {
  const metadata = { name: 'closed', namespace: 'shop' };
  const result = validateResource({ apiVersion: 'malha.dev/v1', kind: 'DirectResponse', metadata, spec });
  return result.ok ? [] : result.findings.map(({ message }) => message);
}

describe('DirectResponse', () => {
  it.each([
    { status: 200 },
    { status: 204, body: '' },
    { status: 503, body: 'x'.repeat(DIRECT_RESPONSE_BODY_BYTES_MAX), headers: [{ name: 'Retry-After', value: '60' }] },
    { status: 200, body: '€'.repeat(Math.floor(DIRECT_RESPONSE_BODY_BYTES_MAX / 3)) },
  ])('takes a status, a text and headers', (spec) => {
    expect(findingsOf(spec)).toEqual([]);
  });

  it.each([
    [{}, 'spec.status is missing.'],
    [{ status: 100 }, 'spec.status must be at least 200, not 100.'],
    [{ status: 600 }, 'spec.status must be at most 599, not 600.'],
    [{ status: 204, body: 'x' }, 'spec.body cannot be sent with this status.'],
    [{ status: 200, body: 'x'.repeat(16_385) }, 'spec.body must have at most 16384 bytes.'],
    [{ status: 200, body: '€'.repeat(5_462) }, 'spec.body must have at most 16384 bytes.'],
    [{ status: 200, body: '😀'.repeat(4_097) }, 'spec.body must have at most 16384 bytes.'],
    [
      { status: 200, headers: [{ name: 'Content-Length', value: '0' }] },
      'spec.headers[0].name is set by the proxy itself.',
    ],
    [
      {
        status: 200,
        headers: [
          { name: 'X-A', value: '1' },
          { name: 'x-a', value: '2' },
        ],
      },
      'spec.headers[1].name repeats header "x-a".',
    ],
    [{ status: 200, text: 'x' }, 'spec has no field "text". Known fields here: status, body, headers.'],
  ])('refuses %j', (spec, words) => {
    expect(findingsOf(spec)).toEqual([words]);
  });
});
