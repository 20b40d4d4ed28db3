// Draws an index in proportion to weights, by binary search over their running sums.

export class WeightTable {
  readonly total: number;
  readonly #sums: Float64Array;

  /** Weights that are not above 0 are never drawn. */
  constructor(weights: readonly number[]) {
    this.#sums = new Float64Array(weights.length);
    let sum = 0;
    weights.forEach((weight, index) => {
      sum += Math.max(weight, 0);
      this.#sums[index] = sum;
    });
    this.total = sum;
  }

  /** The index that a draw in [0, 1) falls on; -1 when no weight is above 0. */
  at(draw: number): number {
    if (this.total === 0) return -1;
    const target = draw * this.total;
    let low = 0;
    let high = this.#sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sums[middle] ?? 0) > target) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
