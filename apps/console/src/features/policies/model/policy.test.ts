import { describe, expect, it } from 'vitest';
import { type PolicyView, readPolicy, renamed, writeSpec } from './policy.ts';
import { doesInWords, proposeMessage, targetInWords } from './policy-words.ts';
import { unshownOf } from './sections.ts';

const TEXT = `# kept
apiVersion: malha.dev/v1
kind: TrafficPolicy
metadata: {name: reviews, namespace: shop}
spec:
  targetRef: {kind: Service, name: reviews}
  timeouts:
    request: 2s # asked by web
  hedging: {delay: 50ms}
`;

function viewOf(text: string): PolicyView {
  const reading = readPolicy(text);
  if (!reading.ok) throw new Error(reading.problem.message);
  return reading.view;
}

describe('the text of a policy', () => {
  it('keeps comments and fields without a form through an edit', () => {
    const text = writeSpec(TEXT, ['timeouts', 'request'], '3s');
    expect(text).toBe(TEXT.replace('2s', '3s'));
    expect(writeSpec(text, ['retries', 'attempts'], 1)).toContain('retries:\n    attempts: 1');
  });

  it('loses what is taken away, and the part that this empties', () => {
    expect(writeSpec(TEXT, ['timeouts', 'request'], undefined)).not.toContain('timeouts');
  });

  it('says where it cannot be read, and of which kinds it is the editor', () => {
    expect(readPolicy('kind: [')).toMatchObject({ ok: false, problem: { line: 1 } });
    expect(readPolicy('kind: HTTPRoute')).toMatchObject({ ok: false });
  });

  it('says of a fault that it has ended', () => {
    const fault = (end: string) =>
      viewOf(`kind: FaultInjection\nmetadata: {name: a}\nspec:\n  delay: {percent: 5, duration: 1s}\n${end}`);
    expect(doesInWords(fault(''))).toBe('5 % delayed by 1s');
    expect(doesInWords(fault('  ended: {at: "2026-11-26T09:00:00Z"}\n'))).toBe('ended: 5 % delayed by 1s');
  });

  it('is copied under another name, and a fault without its beginning', () => {
    const copy = renamed(TEXT.replace('hedging', 'startedAt: "2026-11-26T09:00:00Z"\n  hedging'), 'shop', 'b');
    expect(viewOf(copy)).toMatchObject({ name: 'b', namespace: 'shop' });
    expect(copy).not.toContain('startedAt');
  });
});

describe('in words', () => {
  it('says what it does, for whom, and what stands in the YAML alone', () => {
    const view = viewOf(TEXT);
    expect(doesInWords(view)).toBe('request within 2s');
    expect(unshownOf(view)).toEqual(['hedging']);
    expect(targetInWords({ kind: 'HTTPRoute', name: 'a', rule: 'b' })).toBe('rule b of route a');
  });

  it('proposes what a change is called', () => {
    const before = viewOf(TEXT);
    expect(proposeMessage(null, before)).toBe('New TrafficPolicy reviews for service reviews');
    expect(proposeMessage(before, viewOf(writeSpec(TEXT, ['timeouts', 'request'], '3s')))).toBe(
      'reviews: timeouts.request 3s',
    );
    expect(proposeMessage(before, viewOf(writeSpec(TEXT, ['circuitBreaker'], {})))).toBe('reviews: circuitBreaker');
  });
});
