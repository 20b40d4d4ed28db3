import { describe, expect, test } from 'vitest';
import { NOT_OPEN, type OpenStream, OpenStreams } from './open-streams.ts';

function stream(told: string[], name: string): OpenStream {
  return { openIndex: NOT_OPEN, reportProgress: () => void told.push(name) };
}

describe('open streams', () => {
  test('tell of themselves from when they begin until they end, in whatever order they end', () => {
    const open = new OpenStreams();
    const told: string[] = [];
    const [a, b, c] = [stream(told, 'a'), stream(told, 'b'), stream(told, 'c')];
    for (const each of [a, b, c]) open.add(each);
    open.delete(a);
    open.reportProgress();
    expect(told.splice(0).sort()).toEqual(['b', 'c']);
    open.delete(c);
    open.delete(b);
    expect(open.size).toBe(0);
    open.add(a);
    open.reportProgress();
    expect(told).toEqual(['a']);
  });

  test('one that is told twice that it begins or ends counts once', () => {
    const open = new OpenStreams();
    const [a, b] = [stream([], 'a'), stream([], 'b')];
    open.delete(a);
    open.add(a);
    open.add(a);
    open.add(b);
    open.delete(a);
    open.delete(a);
    expect(open.size).toBe(1);
  });

  test('one that ends while all are asked is not asked any more', () => {
    const open = new OpenStreams();
    const told: string[] = [];
    const last = stream(told, 'last');
    open.add({ openIndex: NOT_OPEN, reportProgress: () => open.delete(last) });
    open.add(last);
    open.reportProgress();
    expect(open.size).toBe(1);
    expect(told).toEqual([]);
  });
});
