import { describe, expect, test } from 'vitest';
import { createTraceIds, formatTraceparent, parseTraceparent, startSpan } from './trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

describe('parseTraceparent', () => {
  test.each([
    [`00-${TRACE}-${PARENT}-01`, true],
    [`00-${TRACE}-${PARENT}-00`, false],
    [`00-${TRACE}-${PARENT}-03`, true],
    [`cc-${TRACE}-${PARENT}-01`, true],
    [`cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`, true],
  ])('reads %s', (value, sampled) => {
    expect(parseTraceparent(value)).toEqual({ traceId: TRACE, parentId: PARENT, sampled });
  });

  test.each([
    ['absent', undefined],
    ['empty', ''],
    ['upper case', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ['version ff', `ff-${TRACE}-${PARENT}-01`],
    ['all-zero trace', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['all-zero parent', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['version 00 with more behind', `00-${TRACE}-${PARENT}-01-x`],
    ['higher version, no dash behind the flags', `cc-${TRACE}-${PARENT}-01.x`],
    ['wrong separators', `00_${TRACE}_${PARENT}_01`],
    ['short flags', `00-${TRACE}-${PARENT}-1`],
    ['two headers joined', `00-${TRACE}-${PARENT}-01,00-${TRACE}-${PARENT}-01`],
    ['spaces around', ` 00-${TRACE}-${PARENT}-01`],
  ])('refuses: %s', (_, value) => {
    expect(parseTraceparent(value)).toBeUndefined();
  });
});

describe('startSpan', () => {
  const source = { ids: { traceId: () => TRACE, spanId: () => PARENT }, random: () => 0.5 };

  test("follows the parent's decision, whatever the percentage", () => {
    const parent = { traceId: 'c'.repeat(32), parentId: 'd'.repeat(16), sampled: false };
    expect(startSpan(parent, 100, source)).toEqual({
      traceId: 'c'.repeat(32),
      spanId: PARENT,
      parentSpanId: 'd'.repeat(16),
      sampled: false,
    });
  });

  test('begins a trace and samples by percentage', () => {
    expect(startSpan(undefined, 50, source).sampled).toBe(false);
    expect(startSpan(undefined, 51, source).sampled).toBe(true);
    expect(startSpan(undefined, 0, { ...source, random: () => 0 }).sampled).toBe(false);
    expect(startSpan(undefined, 100, { ...source, random: () => 0.999 }).sampled).toBe(true);
  });

  test('what is sent on parses to the same', () => {
    const trace = startSpan(undefined, 100, { ids: createTraceIds(), random: () => 0 });
    expect(parseTraceparent(formatTraceparent(trace))).toEqual({
      traceId: trace.traceId,
      parentId: trace.spanId,
      sampled: true,
    });
  });
});

describe('createTraceIds', () => {
  test('refills its pool and never repeats', () => {
    const ids = createTraceIds(undefined, 64);
    const seen = new Set(Array.from({ length: 200 }, () => ids.traceId()));
    expect(seen.size).toBe(200);
    for (const id of seen) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  test('never gives the all-zero identifier', () => {
    let fills = 0;
    const ids = createTraceIds((pool) => pool.fill(fills++ === 0 ? 0 : 7), 16);
    expect(ids.spanId()).toBe('07'.repeat(8));
  });
});
