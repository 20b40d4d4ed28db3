import { describe, expect, it } from 'vitest';
import { edited, redone, startDraft, undone } from './draft.ts';

describe('draft', () => {
  it('goes back and forth through its texts', () => {
    const two = edited(edited(startDraft('a'), 'b', '', 0), 'c', '', 0);
    expect(undone(two).text).toBe('b');
    expect(undone(undone(two)).text).toBe('a');
    expect(undone(undone(undone(two))).text).toBe('a');
    expect(redone(undone(two)).text).toBe('c');
  });

  it('joins the steps of one drag and keeps later ones apart', () => {
    const drag = edited(edited(startDraft('0'), '1', 'weight:0', 1000), '2', 'weight:0', 1100);
    expect(undone(drag).text).toBe('0');
    expect(undone(edited(drag, '3', 'weight:0', 9000)).text).toBe('2');
    expect(undone(edited(drag, '3', 'weight:1', 1200)).text).toBe('2');
  });

  it('forgets the future on a new edit', () => {
    const back = undone(edited(startDraft('a'), 'b', '', 0));
    expect(redone(edited(back, 'c', '', 0)).text).toBe('c');
  });
});
