import { expect, test } from 'vitest';
import { Teardown } from './teardown.ts';

test('steps run in the opposite order, one after the other, and only once', async () => {
  const order: string[] = [];
  const teardown = new Teardown();
  teardown.add(() => void order.push('first'));
  teardown.add(async () => {
    await Promise.resolve();
    order.push('second');
  });
  await teardown.run();
  await teardown.run();
  expect(order).toEqual(['second', 'first']);
});

test('a step that fails does not keep the others from running, and its failure is told', async () => {
  const order: string[] = [];
  const teardown = new Teardown();
  teardown.add(() => void order.push('first'));
  teardown.add(() => {
    throw new Error('second failed');
  });
  teardown.add(() => Promise.reject(new Error('third failed')));
  await expect(teardown.run()).rejects.toThrow('third failed');
  expect(order).toEqual(['first']);
});
