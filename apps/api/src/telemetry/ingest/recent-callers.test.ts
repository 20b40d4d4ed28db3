import { expect, test } from 'vitest';
import { edgeLabels, end } from '../testing.ts';
import { RecentCallers } from './recent-callers.ts';

const web = end('bookstore', 'web');
const batch = end('jobs', 'batch');
const reviews = end('bookstore', 'reviews', 'v2');

test('callers are known for a minute after their last call', () => {
  const callers = new RecentCallers();
  callers.saw(edgeLabels(web, reviews), 0);
  callers.saw(edgeLabels(batch, reviews), 30_000);
  expect(callers.of(['bookstore/reviews'], 59_999)).toEqual(new Set([keyOf(web), keyOf(batch)]));
  expect(callers.of(['bookstore/reviews'], 60_000)).toEqual(new Set([keyOf(batch)]));
  expect(callers.of(['bookstore/ratings'], 0)).toEqual(new Set());
});

test('what a callee reports says nothing of where a configuration is used', () => {
  const callers = new RecentCallers();
  callers.saw(edgeLabels(web, reviews, { reporter: 'destination' }), 0);
  expect(callers.of(['bookstore/reviews'], 0)).toEqual(new Set());
});

test('of many callers the latest are kept', () => {
  const callers = new RecentCallers();
  for (let index = 0; index < 300; index += 1) {
    callers.saw(edgeLabels({ ...web, workload: `web-${index}` }, reviews), index);
  }
  const known = callers.of(['bookstore/reviews'], 300);
  expect(known.size).toBe(200);
  expect(known.has('bookstore/web-299')).toBe(true);
  expect(known.has('bookstore/web-99')).toBe(false);
});

function keyOf({ namespace, workload }: typeof web): string {
  return `${namespace}/${workload}`;
}
