// Putting a feed together from tags: what is chosen stands in the page's address as it does in the
// feed's. What the filter of the other pages hides stays as it is: a feed may be for somebody else.

import { emptySelection, isEmpty, matches, readSelection, toQuery } from "./selection.js";

const SHOWN = 20;
const PARTS = ["any", "all", "not"];

const builder = document.querySelector("[data-builder]");
const part = (name) => builder.querySelector(`[data-${name}]`);
const words = builder.dataset;
const root = document.documentElement.dataset.root;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (mark, name) => values[name] ?? mark);
const fold = (text) => text.normalize("NFC").toLowerCase().replaceAll("#", "").trim();
const day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeZone: "UTC" });

const rows = [...builder.querySelectorAll("[data-picks] [data-slug]")].map((element) => {
  const label = element.querySelector("bdi").textContent.slice(1);
  return { element, slug: element.dataset.slug, label, key: fold(`${label} ${element.dataset.slug}`) };
});
const labels = new Map(rows.map(({ slug, label }) => [slug, label]));
const named = [...builder.querySelectorAll("[data-named] [data-query]")].map(({ dataset }) => dataset);

let selection = readSelection();
let list; // the promise of every entry of the language, once it is needed

// --- 1. what is chosen

function showChosen() {
  for (const box of builder.querySelectorAll("[data-picks] input")) {
    box.checked = selection[box.name].has(box.value);
  }
  part("chosen").hidden = isEmpty(selection);
  for (const row of part("chosen").querySelectorAll("[data-part]")) {
    const slugs = [...selection[row.dataset.part]].sort();
    row.hidden = !slugs.length;
    row.querySelectorAll("dd").forEach((old) => old.remove());
    row.append(...slugs.map((slug) => makeDrop(slug, row.dataset.part)));
  }
}

function makeDrop(slug, name) {
  const made = part("drop-template").content.cloneNode(true).firstElementChild;
  Object.assign(made.querySelector("button").dataset, { drop: slug, from: name });
  made.querySelector("bdi").textContent = `#${labels.get(slug) ?? slug}`;
  return made;
}

// --- 2. the feed of it: its address without ending, and its query

function findFeed() {
  if (isEmpty(selection)) return { state: words.choose };
  if (!words.tagFeed) return isTooLong() ? { state: words.tooMany } : combine();
  const made = named.find(({ query }) => query === toQuery(selection));
  if (made) return { stem: made.stem, state: fill(words.same, { feed: made.name }) };
  const alone = findSingle();
  if (alone === undefined) return { state: words.none };
  return { stem: fillSlug(words.tagFeed, alone), state: fill(words.same, { feed: `#${labels.get(alone)}` }) };
}

const combine = () => ({ stem: words.feed, query: `?${toQuery(selection)}`, state: words.ready });

// What the application would refuse.
function isTooLong() {
  const count = PARTS.reduce((sum, name) => sum + selection[name].size, 0);
  return count > Number(words.mostTags) || toQuery(selection).length > Number(words.longestQuery);
}

// One tag alone, whether any or all of it is asked for; only a tag in use has a feed for certain.
function findSingle() {
  const wanted = wantedTags();
  return wanted.length === 1 && !selection.not.size && labels.has(wanted[0]) ? wanted[0] : undefined;
}

const wantedTags = () => [...new Set([...selection.any, ...selection.all])].sort();
const fillSlug = (text, slug) => text.replace("{slug}", () => encodeURIComponent(slug));

function showFeed() {
  const { stem, query = "", state } = findFeed();
  say("state", state);
  part("addresses").hidden = !stem;
  for (const row of stem ? part("addresses").children : []) {
    const path = `${stem}.${row.dataset.ending}${query}`;
    row.querySelector("[data-address]").textContent = words.base + path;
    row.querySelector("[data-copy]").dataset.copy = words.base + path;
    row.querySelector("[data-open]").href = root + path;
  }
  if (part("opml")) part("opml").hidden = !opmlTags().length;
}

// --- 3. the papers of it

async function showPapers() {
  part("papers").hidden = isEmpty(selection);
  if (isEmpty(selection)) return;
  const asked = selection;
  let entries;
  try {
    list ??= fetchList();
    entries = await list;
  } catch {
    list = undefined; // asked again the next time
    say("found", words.failed);
    return;
  }
  if (asked !== selection) return;
  const found = entries.filter(({ slugs }) => matches(selection, slugs));
  const shown = found.slice(0, SHOWN);
  const text = { 0: words.foundNone, 1: words.foundOne }[found.length];
  const many = found.length > SHOWN ? words.foundMore : words.foundMany;
  say("found", text ?? fill(many, { count: found.length, shown: SHOWN }));
  part("list-of-papers").replaceChildren(...shown.map(makePaper));
}

function makePaper({ date, path, title, lang }) {
  const made = part("paper-template").content.cloneNode(true).firstElementChild;
  const [time, link] = made.children;
  time.dateTime = date;
  time.textContent = day.format(new Date(date));
  link.href = root + path;
  link.textContent = title;
  if (lang) link.lang = lang;
  return made;
}

async function fetchList() {
  const answer = await fetch(words.list);
  if (!answer.ok) throw new Error(answer.status);
  const { tags, entries, joined } = await answer.json();
  resolve(joined);
  return entries.map(([date, path, title, places, lang]) => {
    return { date, path, title, lang, slugs: places.map((place) => tags[place][0]) };
  });
}

// An address may be older than a tag's name: the tag that it was joined to is meant.
function resolve(joined) {
  const follow = (slug) => (Object.hasOwn(joined, slug) ? joined[slug] : slug);
  const now = Object.fromEntries(PARTS.map((name) => [name, new Set([...selection[name]].map(follow))]));
  if (toQuery(now) === toQuery(selection)) return;
  PARTS.forEach((name) => (selection[name] = now[name]));
  showChosen();
  showFeed();
}

function say(name, text) {
  const place = part(name);
  if (place && place.textContent !== text) place.textContent = text;
}

// --- 4. the feeds of the tags as a file for readers to import (OPML 2.0), where no server combines

const opmlTags = () => (part("addresses") ? wantedTags().filter((slug) => labels.has(slug)) : []);

function makeOpml() {
  const page = document.implementation.createDocument(null, "opml");
  page.documentElement.setAttribute("version", "2.0");
  const add = (parent, name) => parent.appendChild(page.createElement(name));
  add(add(page.documentElement, "head"), "title").textContent = words.title;
  const body = add(page.documentElement, "body");
  const { ending } = part("addresses").firstElementChild.dataset;
  for (const slug of opmlTags()) {
    const tag = labels.get(slug);
    const outline = add(body, "outline");
    const values = {
      type: "rss",
      text: fill(words.tagTitle, { tag }),
      title: fill(words.tagTitle, { tag }),
      description: fill(words.tagAbout, { tag }),
      language: document.documentElement.lang,
      xmlUrl: `${words.base}${fillSlug(words.tagFeed, slug)}.${ending}`,
      htmlUrl: words.base + fillSlug(words.tagPage, slug),
    };
    Object.entries(values).forEach(([name, value]) => outline.setAttribute(name, value));
  }
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(page)}\n`;
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([makeOpml()], { type: "text/x-opml" }));
  link.download = "feeds.opml";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
}

// --- 5. what a reader does

function change(edit) {
  const next = Object.fromEntries(PARTS.map((name) => [name, new Set(selection[name])]));
  edit(next);
  selection = next;
  const query = toQuery(selection);
  history.replaceState(history.state, "", `${location.pathname}${query && `?${query}`}`);
  show();
}

function choose({ name, value, checked }) {
  change((next) => {
    PARTS.forEach((each) => next[each].delete(value));
    if (checked) next[name].add(value);
  });
}

function drop(button) {
  const buttons = () => [...part("chosen").querySelectorAll("[data-drop]")];
  const place = buttons().indexOf(button);
  change((next) => next[button.dataset.from].delete(button.dataset.drop));
  // The button is gone: the next one takes its place, lest the keyboard starts anew at the top.
  (buttons()[Math.min(place, buttons().length - 1)] ?? part("narrow")).focus();
}

function narrow() {
  const wanted = fold(part("narrow").value);
  rows.forEach(({ element, key }) => (element.hidden = !key.includes(wanted)));
  say("narrowed", rows.every(({ element }) => element.hidden) ? words.unknown : "");
}

builder.addEventListener("change", ({ target }) => {
  if (target.matches("[data-picks] input")) choose(target);
});
builder.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button?.matches("[data-drop]")) drop(button);
  if (button?.matches("[data-clear]")) {
    change((next) => Object.assign(next, emptySelection()));
    part("narrow").focus();
  }
  if (button?.matches("[data-download]")) download();
});
part("narrow").addEventListener("input", narrow);
part("form")?.addEventListener("submit", (event) => event.preventDefault());

function show() {
  showChosen();
  if (part("addresses")) showFeed();
  showPapers();
}

function begin() {
  selection = readSelection();
  show();
}

window.addEventListener("popstate", begin);
window.addEventListener("pageshow", (event) => event.persisted && begin());
begin();
