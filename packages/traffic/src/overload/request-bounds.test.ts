import { expect, it } from 'vitest';
import { beyondBounds } from './request-bounds.ts';

it('a request is within bounds up to the last byte', () => {
  expect(beyondBounds({ maxBytes: 10 }, { kind: 'http', bytes: 10 })).toBeUndefined();
  expect(beyondBounds({ maxBytes: 10 }, { kind: 'http', bytes: 11 })).toBe('size');
  expect(beyondBounds({ maxBytes: 10 }, { kind: 'grpc', bytes: 11 })).toBe('size');
});

it('the bytes of a tunnel are no request', () => {
  expect(beyondBounds({ maxBytes: 10 }, { kind: 'websocket', bytes: 11 })).toBeUndefined();
});

it('what is not served is refused whatever its size', () => {
  expect(beyondBounds({ kinds: ['http', 'grpc'] }, { kind: 'websocket', bytes: 0 })).toBe('kind');
  expect(beyondBounds({ kinds: ['http'], maxBytes: 1 }, { kind: 'grpc', bytes: 2 })).toBe('kind');
  expect(beyondBounds({}, { kind: 'grpc', bytes: 1_000 })).toBeUndefined();
});
