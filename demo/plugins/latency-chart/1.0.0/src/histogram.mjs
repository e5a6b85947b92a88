// Counts in buckets of growing width: bucket n holds values from GROWTH^n to GROWTH^(n+1).

const GROWTH = 1.2;
const LOG = Math.log(GROWTH);

export class Histogram {
  #counts = new Map();
  total = 0;

  /** Count one value in milliseconds; anything below 1 counts as 1. */
  add(value) {
    const bucket = Math.floor(Math.log(Math.max(value, 1)) / LOG);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.total += 1;
  }

  /** The middle of the bucket in which the percentile lies; null when nothing was counted. */
  percentile(percent) {
    if (this.total === 0) return null;
    let rest = Math.max(1, Math.ceil((percent / 100) * this.total));
    for (const bucket of [...this.#counts.keys()].sort((a, b) => a - b)) {
      rest -= this.#counts.get(bucket);
      if (rest <= 0) return GROWTH ** (bucket + 0.5);
    }
    return null;
  }
}
