// One hash of texts for everything that has to come to the same answer again: sticky splits, rings, tables.

/** FNV-1a over UTF-16 units, then mixed so that every bit of the text counts in every bit of the result; 32 bits. */
export function hash32(text: string, seed = 0): number {
  let value = 0x811c9dc5 ^ seed;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return mixed(value);
}

/** The last step alone (murmur3's finalizer), for numbers. */
export function mixed(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
