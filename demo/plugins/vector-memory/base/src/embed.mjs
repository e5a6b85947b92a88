// Texts as vectors without a model: words and their letter triples, hashed into a fixed number of
// dimensions. It knows no meaning, but it finds inflected, misspelt and reordered words, needs no
// network, and gives the same vector everywhere.

export const DIMENSIONS = 512;

/** A vector of length 1 (all zeros for a text without letters). */
export function embed(text, dimensions = DIMENSIONS) {
  const vector = new Float32Array(dimensions);
  const words = text.toLowerCase().normalize("NFKD").match(/[\p{L}\p{N}]+/gu) ?? [];
  for (const word of words) {
    add(vector, word, 1);
    const padded = `^${word}$`;
    for (let at = 0; at + 3 <= padded.length; at += 1) add(vector, padded.slice(at, at + 3), 0.4);
  }
  const length = Math.hypot(...vector);
  return length ? vector.map((value) => value / length) : vector;
}

/** Cosine of two vectors of length 1. */
export function cosine(a, b) {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += a[index] * b[index];
  return sum;
}

function add(vector, feature, weight) {
  const hash = fnv1a(feature);
  // One bit of the hash decides the sign, so that collisions cancel out on average.
  vector[hash % vector.length] += hash & 0x8000_0000 ? -weight : weight;
}

function fnv1a(text) {
  let hash = 0x811c_9dc5;
  for (const char of text) {
    hash = Math.imul(hash ^ char.codePointAt(0), 0x0100_0193) >>> 0;
  }
  return hash;
}
