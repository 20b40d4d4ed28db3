import { expect, it } from 'vitest';
import { responseFrom } from './response-fields.ts';

it.each(['2e2', '1e2', '+20', '0x9', '2.0', '99', '600', ''])('the status %j is malformed', (status) => {
  expect(() => responseFrom(1, [':status', status], 'GET', false)).toThrow('no valid :status');
});

it.each([100, 200, 599])('the status %d is taken', (status) => {
  expect(responseFrom(1, [':status', String(status)], 'GET', false).head.status).toBe(status);
});
