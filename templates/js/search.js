// The page of the search: asks the index as one types, and shows what is found. Queries come from
// the address and texts from notes: both only ever become text.

import { Outdated, openIndex } from "./search-index.js";
import { hasPhrase, makeSnippet, markText, sortNear } from "./search-marks.js";
import { isEmptyQuery, parseQuery } from "./search-query.js";
import { isEmpty, readSelection } from "./selection.js";

const PAGE = 10;
const PAUSE_MS = 150;
// When a reader is told that it takes a while.
const SLOW_MS = 600;
// Where quoted words are looked for, how many notes are read at most before anything is shown.
const READ_AT_MOST = 50;

const form = document.querySelector("[data-search]");
const part = (name) => document.querySelector(`[data-search-${name}]`);
const [field, list, status, moreButton] = ["field", "results", "status", "more"].map((name) =>
  name === "field" ? form.querySelector("[data-search-field]") : part(name),
);
const { root } = document.documentElement.dataset;
const { lang } = document.documentElement;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (mark, name) => values[name] ?? mark);

let index; // the promise of the index, once it is needed
let answer; // what was found last, and how much of it is shown
let turn = 0; // a later question makes the answer to an earlier one void
let timer;

// --- 1. asking

function open() {
  index ??= openIndex(form.dataset.manifest, form.dataset.files);
  index.catch(() => (index = undefined)); // asked again the next time
  return index;
}

/** Does some work with the index; once more with a new one where the site was published meanwhile. */
async function withIndex(work) {
  try {
    return await work(await open());
  } catch (error) {
    if (!(error instanceof Outdated)) throw error;
    index = undefined;
    return work(await open());
  }
}

async function ask({ wanted = PAGE, typing = false } = {}) {
  clearTimeout(timer);
  const asked = (turn += 1);
  const query = field.value;
  if (isEmptyQuery(query)) {
    keepAddress(query);
    show(undefined);
    return;
  }
  const slow = setTimeout(() => asked === turn && tell(form.dataset.busy), SLOW_MS);
  try {
    const found = await withIndex(async (opened) => readOn(await find(opened, query), wanted));
    if (asked !== turn) return;
    // Half a syllable often finds nothing: what was found before stays until it is whole.
    if (typing && !found.entries.length && answer) return;
    keepAddress(query);
    show(found);
  } catch {
    if (asked === turn) tell(form.dataset.failed);
  } finally {
    clearTimeout(slow);
  }
}

async function find(opened, query) {
  const { units, phrases } = parseQuery(query);
  const { numbers, units: found } = await opened.search(units);
  const chosen = await choose(opened, numbers);
  return {
    opened,
    phrases,
    units: found,
    // What is quoted is marked as a whole.
    marks: [...found.slice(0, found.length - phrases.flat().length), ...phrases],
    numbers: chosen,
    hidden: numbers.length - chosen.length,
    read: 0,
    entries: [],
  };
}

/** Those of the entries that the reader's selection of tags leaves. */
async function choose(opened, numbers) {
  const selection = readSelection();
  if (isEmpty(selection)) return numbers;
  const [any, all, not] = await Promise.all(
    [selection.any, selection.all, selection.not].map((slugs) =>
      Promise.all([...slugs].map((slug) => opened.findTag(slug))),
    ),
  );
  return numbers.filter(
    (number) =>
      (!any.length || any.some((tagged) => tagged.has(number))) &&
      all.every((tagged) => tagged.has(number)) &&
      !not.some((tagged) => tagged.has(number)),
  );
}

/** Reads entries until there are as many as wanted; those without what was quoted are passed over. */
async function readOn(found, wanted) {
  const { opened, numbers, phrases } = found;
  const end = phrases.length ? found.read + READ_AT_MOST : numbers.length;
  while (found.entries.length < wanted && found.read < Math.min(end, numbers.length)) {
    const next = numbers.slice(found.read, found.read + PAGE);
    const entries = await opened.describe(next);
    found.read += next.length;
    const right = entries.filter((entry) => phrases.every((units) => hasPhrase(entry, units)));
    found.entries.push(...sortNear(right, found.units));
  }
  return found;
}

// --- 2. showing

function show(found) {
  answer = found;
  list.replaceChildren(...(found?.entries ?? []).map((entry) => makeResult(entry, found.marks)));
  finish();
}

function finish() {
  const left = answer && answer.read < answer.numbers.length;
  moreButton.hidden = !left;
  list.hidden = !answer?.entries.length;
  tell(answer ? describe(answer, left) : "");
  const shown = answer?.entries.length;
  history.replaceState({ ...history.state, shown }, "");
}

function describe({ entries, numbers, phrases, hidden, units }, left) {
  const { one, many, soFar, none, hidden: hiding, instead } = form.dataset;
  const count = phrases.length ? entries.length : numbers.length;
  const said = [];
  if (phrases.length && left) said.push(fill(soFar, { count }));
  else if (count) said.push(fill(count === 1 ? one : many, { count }));
  else said.push(none);
  if (hidden) said.push(fill(hiding, { count: hidden }));
  const shortened = units.filter((unit) => unit.shortened).map(({ word }) => word);
  if (shortened.length && count) said.push(fill(instead, { word: shortened.join(", ") }));
  return said.join(" ");
}

function tell(text) {
  if (status.textContent !== text) status.textContent = text;
}

function makeResult(entry, marks) {
  const result = part("result").content.cloneNode(true).firstElementChild;
  const link = result.querySelector("h2 a");
  link.href = root + entry.path;
  setLang(link, entry.lang);
  link.append(...makeMarks(markText(entry.title || entry.path, marks)));
  const time = result.querySelector("time");
  [time.dateTime, time.textContent] = [entry.day, entry.date];
  const authors = makeMarks(markText(entry.authors.join(", "), marks));
  put(result.querySelector(".authors"), authors.some((node) => node.nodeName === "MARK") ? authors : []);
  const snippet = makeSnippet(entry.texts, marks);
  put(result.querySelector(".snippet"), makeMarks(snippet?.pieces ?? []));
  if (snippet) setLang(result.querySelector(".snippet"), snippet.lang);
  put(result.querySelector(".tags"), entry.tags.map((tag) => makeTag(tag, marks)));
  return result;
}

function makeTag([slug, label], marks) {
  const [item, link] = [document.createElement("li"), document.createElement("a")];
  link.href = `${root}${lang}/tags/${encodeURIComponent(slug)}/`;
  link.append("#", ...makeMarks(markText(label, marks)));
  item.append(link);
  return item;
}

function makeMarks(pieces) {
  return pieces.map(({ text, marked }) => {
    if (!marked) return document.createTextNode(text);
    const mark = document.createElement("mark");
    mark.textContent = text;
    return mark;
  });
}

function put(element, nodes) {
  if (nodes.length) element?.append(...nodes);
  else element?.remove();
}

function setLang(element, code) {
  if (element && code !== lang) element.lang = code;
}

async function showMore() {
  const [asked, before] = [turn, answer.entries.length];
  try {
    await readOn(answer, before + PAGE);
    if (asked !== turn) return;
    list.append(...answer.entries.slice(before).map((entry) => makeResult(entry, answer.marks)));
    finish();
  } catch {
    // Published anew: the numbers of entries may be others now.
    if (asked === turn) await ask({ wanted: before + PAGE });
  }
  list.children[before]?.querySelector("h2 a").focus();
}

// --- 3. the address, and what a reader does

function keepAddress(query) {
  const address = new URL(location.href);
  if (query.trim()) address.searchParams.set("q", query.trim());
  else address.searchParams.delete("q");
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

function move(event, step) {
  const links = [...list.querySelectorAll("h2 a")];
  const next = links.indexOf(document.activeElement) + step;
  if (next >= links.length) return;
  event.preventDefault();
  (next < 0 ? field : links[next]).focus();
}

function clear(event) {
  event.preventDefault();
  field.value = "";
  field.focus();
  ask();
}

// What an input method is still putting together is searched for too, a little later.
field.addEventListener("input", (event) => {
  clearTimeout(timer);
  timer = setTimeout(() => ask({ typing: event.isComposing }), event.isComposing ? 2 * PAUSE_MS : PAUSE_MS);
});
field.addEventListener("compositionend", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE_MS);
});
field.addEventListener("focus", () => open().catch(() => {}));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
moreButton.addEventListener("click", showMore);
document.addEventListener("paperround:selection", () => answer && ask());
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const inside = event.target === field || list.contains(event.target);
  if (!inside) return;
  if (event.key === "ArrowDown") move(event, 1);
  else if (event.key === "ArrowUp" && event.target !== field) move(event, -1);
  else if (event.key === "Escape" && (field.value || event.target !== field)) clear(event);
});

function begin() {
  field.value = new URLSearchParams(location.search).get("q") ?? "";
  if (field.value) ask({ wanted: Math.max(PAGE, history.state?.shown ?? 0) });
  else show(undefined);
}

window.addEventListener("popstate", begin);
window.addEventListener("pageshow", (event) => event.persisted && begin());
begin();
