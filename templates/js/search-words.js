// What a text is searched by: words of letters, and pairs of neighbouring syllables. The index is
// made by feeds/outputs/search/words.py, which has the same constants and does the same to texts; the
// same cases test both.

const LONGEST = 40;
const MOST_PARTS = 6;
const PREFIX = 3;

const PAIRED = "\\u3005-\\u3007\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7a3";
const JAMO = "\\u1100-\\u11ff\\ua960-\\ua97f\\ud7b0-\\ud7ff";
const LETTER = `(?![${PAIRED}${JAMO}])[\\p{L}\\p{N}]`;
const LETTERS = `(?:${LETTER})+`;
const WORD = `(?:[A-Za-z]#(?!${LETTER})|${LETTERS}(?:['’]${LETTERS}|[.,][0-9]+(?:${LETTER})*)*(?:\\+\\+)?)`;
const HYPHEN = "[\\-‐‑‒–−_&]";
const PIECE = new RegExp(`([${PAIRED}]+)|${WORD}(?:${HYPHEN}${WORD})*`, "gu");
const SPACE = /^[\s·/-]+$/u;
const SPLIT = new RegExp(HYPHEN, "u");
const LEFT_OUT = /[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]/gu;
const SPELLED = { ß: "ss", ς: "σ", ł: "l", ø: "o", đ: "d", ı: "i", æ: "ae", œ: "oe" };
const STARTS_PAIRED = new RegExp(`^[${PAIRED}]`, "u");
const CLOSED = new Set("을를는은에와된며던다한");

const cut = (text, length) => [...text].slice(0, length).join("");

/** One spelling for what looks alike: width, accents, composition (case is kept). */
export function fold(text) {
  return text.normalize("NFKD").replace(LEFT_OUT, "").normalize("NFC");
}

/** A word without case, and with the letters that people type for others. */
export function lower(word) {
  return word.toLowerCase().replace(/[ßςłøđıæœ]/gu, (letter) => SPELLED[letter]);
}

/** The pieces of a text: { paired, parts, gap }, the gap being "", " " or ".". */
export function split(text) {
  const folded = fold(text);
  let end = -1;
  return [...folded.matchAll(PIECE)].map((match) => {
    const between = end < 0 ? "." : folded.slice(end, match.index);
    end = match.index + match[0].length;
    const gap = between && !SPACE.test(between) ? "." : between && " ";
    const paired = match[1] !== undefined;
    return { paired, gap, parts: paired ? [match[0]] : match[0].split(SPLIT).map(clean) };
  });
}

const clean = (part) => cut(lower(part).replace(/['’,]/gu, ""), LONGEST);

/** The parts of a word with hyphens as one, as the index has them; null where it has too many. */
export function join(parts) {
  return parts.length > MOST_PARTS ? null : cut(parts.join(""), LONGEST);
}

/** The pairs of a run of syllables. */
export function pairs(run) {
  return [...run].slice(1).map((letter, index) => run[index] + letter);
}

/** The pairs that a text has as well if there is a space in it: none begins with a closing letter. */
export function firmPairs(run) {
  return pairs(run).filter((pair, index) => !index || !CLOSED.has(pair[0]));
}

/** The pair across a space between two runs, or null where none is kept. */
export function bridge(run, following) {
  const last = run[run.length - 1];
  return run.length > 1 && CLOSED.has(last) ? null : last + following[0];
}

/** What a term shares with its neighbours in the index. */
export function nameShelf(term) {
  return cut(term, STARTS_PAIRED.test(term) ? 1 : PREFIX);
}

/** Whether all words that begin so are in one shelf. */
export function isShelved(prefix) {
  return [...prefix].length >= PREFIX;
}

/** Which of `count` files (a power of two) has a shelf. */
export function findShard(shelf, count) {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(shelf)) value = Math.imul(value ^ byte, 0x01000193);
  return ((value ^ (value >>> 16)) & (count - 1)) >>> 0;
}

/** The term for two words of a name, side by side. */
export function markPair(first, second) {
  return `@${findShard(`${first} ${second}`, 1024).toString(16)}`;
}
