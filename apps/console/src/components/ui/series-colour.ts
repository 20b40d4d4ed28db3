// Colours of series by their place: the first is neutral because it is what stands, the rest is what comes.
const colours = ['var(--s-rest)', 'var(--s-1)', 'var(--s-2)', 'var(--s-3)', 'var(--s-4)', 'var(--s-6)'];

export function seriesColour(index: number): string {
  return colours[index] ?? 'var(--s-5)';
}
