// The maths of weight sliders: whole percents that always sum to 100, where others give way in proportion.

/** Exact shares of relative weights in percent; all zero where nothing has a weight. */
export function sharesOf(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => (sum === 0 ? 0 : (weight / sum) * 100));
}

/** Divides `total` in proportion into whole numbers (largest remainder; ties go to the earlier). */
export function apportion(total: number, parts: readonly number[]): readonly number[] {
  const sum = parts.reduce((all, part) => all + part, 0);
  const exact = parts.map((part) => (sum === 0 ? total / parts.length : (part / sum) * total));
  const whole = exact.map(Math.floor);
  let left = total - whole.reduce((all, part) => all + part, 0);
  const byRemainder = exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder) {
    if (left <= 0) break;
    whole[index] = (whole[index] ?? 0) + 1;
    left -= 1;
  }
  return whole;
}

/** Weights as whole percents. Without any weight the first takes all, so that the sum is 100. */
export function wholePercents(weights: readonly number[]): readonly number[] {
  if (weights.length === 0) return [];
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum === 0 ? weights.map((_, index) => (index === 0 ? 100 : 0)) : apportion(100, weights);
}

export interface Setting {
  /** Weights or percents as they stood when the move began: others keep the proportions they had then. */
  readonly from: readonly number[];
  readonly locked: readonly boolean[];
  readonly index: number;
  /** The percent asked for. */
  readonly value: number;
}

/** The range that one slider may take: what locked ones hold is not to be had, and someone must give way. */
export function boundsOf({ from, locked, index }: Omit<Setting, 'value'>): {
  readonly min: number;
  readonly max: number;
} {
  const percents = wholePercents(from);
  const own = percents[index] ?? 0;
  const isStuck = locked[index] === true || !percents.some((_, other) => other !== index && locked[other] !== true);
  if (isStuck) return { min: own, max: own };
  const held = percents.reduce((sum, percent, other) => (locked[other] === true ? sum + percent : sum), 0);
  return { min: 0, max: 100 - held };
}

/** All percents after one is set: the sum stays 100 and locked ones do not move. */
export function setShare(setting: Setting): readonly number[] {
  const { from, locked, index, value } = setting;
  const percents = wholePercents(from);
  const { min, max } = boundsOf(setting);
  const own = Math.min(max, Math.max(min, Math.round(value)));
  if (min === max) return percents;
  const free = percents.map((_, other) => other).filter((other) => other !== index && locked[other] !== true);
  const given = apportion(
    max - own,
    free.map((other) => from[other] ?? 0),
  );
  return percents.map((percent, other) => {
    if (other === index) return own;
    const place = free.indexOf(other);
    return place === -1 ? percent : (given[place] ?? 0);
  });
}
