// Finds what was typed among what can be opened: every word must be found, earlier hits first.
export interface PaletteItem {
  readonly id: string;
  readonly group: string;
  readonly name: string;
  readonly detail: string;
  readonly href: string;
  /** Machine names are set in monospace. */
  readonly isMachineName: boolean;
  readonly hint?: string;
}

function scoreOf(item: PaletteItem, words: readonly string[]): number | null {
  const name = item.name.toLowerCase();
  const rest = item.detail.toLowerCase();
  let score = 0;
  for (const word of words) {
    const at = name.indexOf(word);
    const isWordStart = at === 0 || (at > 0 && /[\s/._-]/.test(name.charAt(at - 1)));
    if (at >= 0) score += isWordStart ? 3 : 2;
    else if (rest.includes(word)) score += 1;
    else return null;
  }
  return score;
}

/** Groups keep the order in which they are given; within a group the best match stands first. */
export function rank(items: readonly PaletteItem[], query: string, perGroup = 6): readonly PaletteItem[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map<string, { item: PaletteItem; score: number }[]>();
  for (const item of items) {
    const score = scoreOf(item, words);
    if (score === null) continue;
    const group = groups.get(item.group) ?? [];
    group.push({ item, score });
    groups.set(item.group, group);
  }
  return [...groups.values()].flatMap((group) =>
    group
      .sort((a, b) => b.score - a.score)
      .slice(0, words.length === 0 ? 12 : perGroup)
      .map(({ item }) => item),
  );
}

/** Where the words stand in a text, for highlighting; never overlapping. */
export function marksOf(text: string, query: string): readonly { readonly text: string; readonly isHit: boolean }[] {
  const words = query
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (words.length === 0) return [{ text, isHit: false }];
  return text
    .split(new RegExp(`(${words.join('|')})`, 'i'))
    .map((part, index) => ({ text: part, isHit: index % 2 === 1 }))
    .filter((part) => part.text !== '');
}
