// Formats numbers with their units.

/** Write bytes in the unit that suits the last. @param {number[]} bytes */
export function size(...bytes) {
  const big = bytes[bytes.length - 1] >= 1e6;
  return `${bytes.map(one => (one / (big ? 1e6 : 1e3)).toFixed(1)).join("/")} ${big ? "MB" : "kB"}`;
}

/** @param {number} value */
export const ms = value => (value < 1e3 ? `${+value.toPrecision(2)} ms` : `${(value / 1e3).toFixed(1)}초`);
