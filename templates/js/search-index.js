// The index: which entries have which terms. Its files are fetched as they are needed and kept; the
// manifest names them. A name that is no more means a newer build: everything is then read anew.

import { bridge, findShard, firmPairs, isShelved, join, markPair, nameShelf, pairs } from "./search-words.js";

const FORMAT = 1;
const HASH = 6;
const WEIGHTS = 4;
const IN_TITLE = 3;
// The numbers of postings: 59 digits that end one, 32 that go on.
const LAST = 59;
const MORE = 32;
const VALUES = new Map();
for (let code = 35; code < 127; code += 1) if (code !== 92) VALUES.set(code, VALUES.size);
// How many letters a word is shortened to where nothing has the whole of it.
const SHORTEST = { paired: 2, plain: 4 };

/** A file of the index is no more: the site was published anew. */
export class Outdated extends Error {}

/** Opens an index by the address of its manifest; `files` is where its files are. */
export async function openIndex(address, files) {
  const answer = await fetch(address, { cache: "no-cache" });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const manifest = await answer.json();
  if (manifest.format !== FORMAT) throw new Error(`format ${manifest.format}`);
  return new Index(manifest, files);
}

/** Postings as text to a map: entry -> weight. */
export function decodePostings(text) {
  const found = new Map();
  let [entry, value, scale] = [-1, 0, 1];
  for (let place = 0; place < text.length; place += 1) {
    const digit = VALUES.get(text.charCodeAt(place));
    value += digit * scale;
    if (digit >= LAST) scale *= MORE;
    else {
      entry += Math.floor(value / WEIGHTS) + 1;
      found.set(entry, value % WEIGHTS);
      [value, scale] = [0, 1];
    }
  }
  return found;
}

class Index {
  constructor({ entries, group, words, texts }, files) {
    Object.assign(this, { entries, group, words, texts, files, kept: new Map() });
    this.count = words.length / HASH;
  }

  /** What is known of entries, in the order asked for. */
  async describe(numbers) {
    const groups = numbers.map((number) => this.read("texts", Math.floor(number / this.group)));
    return (await Promise.all(groups)).map((group, index) => group[numbers[index] % this.group]);
  }

  /** The entries that have a tag. */
  async findTag(slug) {
    return this.findTerm(`#${slug}`);
  }

  /**
   * The entries that have all units, the best first: { numbers, units }. A unit that nothing has is
   * shortened until something has it; `units` are those that were found.
   */
  async search(units) {
    const found = await Promise.all(units.map((unit) => this.findUnit(unit)));
    const bonuses = await Promise.all(units.map((unit, index) => this.findBridge(units[index - 1], unit)));
    const [smallest] = [...found].sort((one, other) => one.entries.size - other.entries.size);
    const ranked = [];
    for (const number of smallest?.entries.keys() ?? []) {
      const hits = found.map(({ entries }) => entries.get(number));
      if (hits.includes(undefined)) continue;
      const near = bonuses.filter((bonus) => bonus.has(number)).length;
      const titles = hits.filter((hit) => hit.title).length;
      const score = hits.reduce((sum, hit) => sum + hit.score, 3 * near);
      ranked.push({ number, titles, score });
    }
    ranked.sort((a, b) => b.titles - a.titles || b.score - a.score || b.number - a.number);
    return { numbers: ranked.map(({ number }) => number), units: found.map(({ unit }) => unit) };
  }

  // --- a unit

  async findUnit(unit) {
    let tried = unit;
    for (;;) {
      const entries = tried.paired ? await this.findRun(tried) : await this.findWord(tried);
      const shorter = entries.size ? null : shorten(tried);
      if (!shorter) return { entries, unit: entries.size ? tried : unit };
      tried = shorter;
    }
  }

  /** A run of syllables: entries with all pairs of its stem; those with the whole of it are better. */
  async findRun({ word, stem }) {
    if (stem.length === 1) return score([await this.findPrefix(stem)], new Map());
    const whole = this.findTerms(pairs(word));
    return score(await this.findTerms(firmPairs(stem)), common(await whole));
  }

  /** A word: entries with one that begins so, or, of one with hyphens, with all of its parts. */
  async findWord({ parts }) {
    const whole = join(parts);
    if (whole !== null) {
      const found = await this.findBeginning(whole);
      if (found.size || parts.length === 1) return score([found], await this.findTerm(whole));
    }
    return score(await Promise.all(parts.map((part) => this.findBeginning(part))), new Map());
  }

  async findBeginning(word) {
    return isShelved(word) ? this.findPrefix(word) : this.findTerm(word);
  }

  /** Entries in which two units stand side by side, as far as the index tells. */
  async findBridge(before, unit) {
    if (!before || before.paired !== unit.paired || unit.gap !== " ") return new Map();
    if (unit.paired) {
      const pair = bridge(before.word, unit.word);
      return pair ? this.findTerm(pair) : new Map();
    }
    const found = [this.findTerm(markPair(before.parts.at(-1), unit.parts[0]))];
    const whole = join([...before.parts, ...unit.parts]);
    if (whole && isShelved(before.parts[0])) found.push(this.findTerm(whole));
    return new Map((await Promise.all(found)).flatMap((entries) => [...entries]));
  }

  // --- terms and files

  findTerms(terms) {
    return Promise.all(terms.map((term) => this.findTerm(term)));
  }

  async findTerm(term) {
    const shelves = await this.readShelf(term);
    return Object.hasOwn(shelves, term) ? decodePostings(shelves[term]) : new Map();
  }

  async findPrefix(prefix) {
    const shelves = await this.readShelf(prefix);
    const found = new Map();
    for (const term of Object.keys(shelves)) {
      if (!term.startsWith(prefix)) continue;
      for (const [number, weight] of decodePostings(shelves[term])) {
        found.set(number, Math.max(weight, found.get(number) ?? 0));
      }
    }
    return found;
  }

  readShelf(term) {
    return this.read("words", findShard(nameShelf(term), this.count));
  }

  read(kind, number) {
    const name = this[kind].slice(number * HASH, (number + 1) * HASH);
    const address = `${this.files}${kind}-${number.toString(16)}.${name}.json`;
    if (!this.kept.has(address)) {
      const fetched = fetchFile(address);
      this.kept.set(address, fetched);
      fetched.catch(() => this.kept.delete(address)); // asked again the next time
    }
    return this.kept.get(address);
  }
}

async function fetchFile(address) {
  const answer = await fetch(address);
  if (answer.status === 404 || answer.status === 410) throw new Outdated(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

function shorten(unit) {
  if (unit.paired) {
    const stem = unit.stem.slice(0, -1);
    return stem.length < SHORTEST.paired ? null : { ...unit, word: stem, stem, shortened: true };
  }
  const [word] = unit.parts;
  if (unit.parts.length > 1 || word.length <= SHORTEST.plain) return null;
  return { ...unit, parts: [word.slice(0, -1)], word: word.slice(0, -1), shortened: true };
}

/** The entries that all maps have, with the smallest of their weights. */
function common(maps) {
  const [first, ...others] = [...maps].sort((one, other) => one.size - other.size);
  const found = new Map();
  for (const [number, weight] of first ?? []) {
    if (others.every((other) => other.has(number))) {
      found.set(number, Math.min(weight, ...others.map((other) => other.get(number))));
    }
  }
  return found;
}

function score(maps, exact) {
  const entries = new Map();
  for (const [number, weight] of common(maps)) {
    const title = weight === IN_TITLE;
    const whole = exact.has(number);
    entries.set(number, { title, score: (title ? 4 : weight) + (whole ? 3 : 0) });
  }
  return entries;
}
