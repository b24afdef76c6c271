// Where the words of a query stand in a text, and which piece of it shows them best. Texts are from
// notes: what comes back are pieces of text, for textContent.

import { fold, lower } from "./search-words.js";

const HYPHEN = "[-‐‑‒–−_&\\s]?";
const PARTED = "[-‐‑‒–−_&'’,\\s]?";
const SHORTEST = 6;
const LETTER = /[\p{L}\p{N}]/u;
const PAIRED = /[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]/u;
// Letters of a snippet; those of Korean are twice as wide.
const LENGTH = 240;
const NARROW = 0.6;
// Where in a snippet the hit stands, and how far from its ends a word may begin.
const BEFORE = 0.3;
const NEAR = 24;

const escape = (letter) => letter.replace(/[.+*?^${}()|[\]\\]/gu, "\\$&");
const spell = (word, between) => [...word].map(escape).join(between);

/** A pattern for a unit of a query, in folded text; for a list of them, next to each other. */
function patternOf(unit) {
  if (Array.isArray(unit)) return patternOfPhrase(unit);
  const { paired, parts, word, stem } = unit;
  if (paired) return `${spell(stem, "\\s*")}(?:${spell(word.slice(stem.length), "\\s*")})?`;
  return parts.map((part) => spell(part, "['’,]?")).join(HYPHEN);
}

function patternOfPhrase(units) {
  return units
    .map((unit, index) => {
      const glue = unit.gap === "" ? "" : unit.paired && units[index - 1]?.paired ? "\\s*" : "[^\\p{L}\\p{N}]+";
      return (index ? glue : "") + patternOf(unit);
    })
    .join("");
}

/** A text folded, with the place that each letter came from. */
function foldText(text) {
  let folded = "";
  const from = [];
  let place = 0;
  for (const letter of text) {
    const plain = lower(fold(letter));
    folded += plain;
    for (let unit = 0; unit < plain.length; unit += 1) from.push([place, place + letter.length]);
    place += letter.length;
  }
  return { folded, from };
}

function findAll(pattern, { folded, from }, paired, strictly = false) {
  const found = [...folded.matchAll(new RegExp(pattern, "gu"))].filter((match) => match[0]);
  // rl is meant to be found in RLHF, not in world, unless it is nowhere else.
  const starting = found.filter(({ index }) => {
    const before = folded[index - 1] ?? " ";
    return paired || !LETTER.test(before) || PAIRED.test(before);
  });
  return (starting.length || strictly ? starting : found).map(({ 0: hit, index }) => ({
    start: from[index][0],
    end: from[index + hit.length - 1][1],
  }));
}

/**
 * Where units stand in a text: [{ start, end, unit }], in its order, none within another. A list of
 * units is found where they are next to each other.
 */
export function findHits(text, units) {
  const folded = foldText(text);
  const hits = units.flatMap((unit, index) => {
    const paired = unit.paired ?? unit[0].paired;
    const strict = findAll(patternOf(unit), folded, paired);
    const found = strict.length || !mayPart(unit) ? strict : findAll(spell(unit.word, PARTED), folded);
    return found.map((hit) => ({ ...hit, unit: index }));
  });
  hits.sort((one, other) => one.start - other.start || other.end - one.end);
  const kept = [];
  for (const hit of hits) if (!kept.length || hit.start >= kept[kept.length - 1].end) kept.push(hit);
  return kept;
}

// finetuning is found as fine-tuning and fine tuning; a shorter word would be found in anything.
const mayPart = ({ paired, parts, word }) => !paired && parts?.length === 1 && word.length >= SHORTEST;

const textsOf = ({ title, texts, authors, tags }) => [
  title,
  ...texts.map(([, text]) => text),
  ...authors,
  ...tags.map(([, label]) => label),
];

/** Whether any text of an entry has these units next to each other. */
export function hasPhrase(entry, units) {
  const pattern = patternOf(units);
  return textsOf(entry).some((text) => findAll(pattern, foldText(text), units[0].paired, true).length);
}

/** Of entries read together, those first that have the units next to each other, as they were typed. */
export function sortNear(entries, units) {
  if (units.length < 2) return entries;
  const near = new Map(entries.map((entry) => [entry, hasPhrase(entry, units)]));
  return [...entries].sort((one, other) => near.get(other) - near.get(one));
}

/** A text as pieces: [{ text, marked }]. */
export function markText(text, units, [first, last] = [0, text.length]) {
  const pieces = [];
  let end = first;
  for (const hit of findHits(text, units)) {
    if (hit.start < first || hit.end > last) continue;
    pieces.push({ text: text.slice(end, hit.start), marked: false });
    pieces.push({ text: text.slice(hit.start, hit.end), marked: true });
    end = hit.end;
  }
  pieces.push({ text: text.slice(end, last), marked: false });
  return pieces.filter((piece) => piece.text);
}

/** What shows most of the units: { lang, pieces }, or null where there is no text at all. */
export function makeSnippet(texts, units) {
  if (!texts.length) return null;
  let [lang, text] = texts[0];
  let best = { window: openWindow(text, 0), worth: 0 };
  for (const [ownLang, ownText] of texts) {
    const hits = findHits(ownText, units);
    for (const { start } of hits) {
      const window = openWindow(ownText, start);
      const inside = hits.filter((hit) => hit.start >= window[0] && hit.end <= window[1]);
      const worth = new Set(inside.map(({ unit }) => unit)).size * 100 + Math.min(inside.length, 9);
      if (worth > best.worth) [best, lang, text] = [{ window, worth }, ownLang, ownText];
    }
  }
  const [first, last] = best.window;
  const pieces = markText(text, units, best.window);
  if (first > 0) pieces.unshift({ text: "… ", marked: false });
  if (last < text.length) pieces.push({ text: " …", marked: false });
  return { lang, pieces };
}

function openWindow(text, place) {
  const wide = PAIRED.test(text.slice(place, place + LENGTH));
  const length = Math.round(wide ? LENGTH * NARROW : LENGTH);
  const start = Math.max(0, Math.min(place - Math.round(length * BEFORE), text.length - length));
  const end = Math.min(text.length, start + length);
  return [start && endOfWord(text, start, place), end < text.length ? startOfWord(text, end, place) : end];
}

// A window begins and ends between words, where one is near.
function endOfWord(text, start, place) {
  const space = text.slice(start, Math.min(place, start + NEAR)).search(/\s/u);
  return space < 0 ? whole(text, start) : start + space + 1;
}

function startOfWord(text, end, place) {
  const near = Math.max(place + 1, end - NEAR);
  const space = text.slice(near, end).search(/\s\S*$/u);
  return space < 0 ? whole(text, end) : near + space;
}

// Not between the two halves of a letter beyond U+FFFF.
const whole = (text, place) => (/[\udc00-\udfff]/.test(text[place]) ? place - 1 : place);
