import { expect, test } from 'vitest';
import { isDatabaseAway } from './away.ts';

test.each([
  ['a refused connection', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
  ['a server that starts up, behind the code of a query', prismaError('P2039', '57P03')],
  ['a server that was killed, behind the code of a query', prismaError('P2039', '57P01')],
  ['a failure wrapped twice', new Error('outer', { cause: new Error('inner', { cause: { code: '08006' } }) })],
])('%s is "away"', (_what, error) => {
  expect(isDatabaseAway(error)).toBe(true);
});

test.each([
  ['a constraint that does not hold', prismaError('P2002', '23505')],
  ['a mistake of our own', new TypeError('x is undefined')],
])('%s is not "away"', (_what, error) => {
  expect(isDatabaseAway(error)).toBe(false);
});

/** As Prisma reports what the server said. */
function prismaError(code: string, originalCode: string): Error {
  const driverAdapterError = { name: 'DriverAdapterError', cause: { originalCode, code: originalCode } };
  return Object.assign(new Error('Database error.'), { code, meta: { driverAdapterError } });
}
