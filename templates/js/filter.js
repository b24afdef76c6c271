// Choosing and hiding tags on pages that list entries or days. What is chosen stands in the address
// and is remembered (selection.js); tags in an address are untrusted, and only ever become text.

import { emptySelection, isEmpty, matches, readSelection, writeSelection } from "./selection.js";

const FOUND_AT_MOST = 30;

const panel = document.querySelector("[data-filter]");
const part = (name) => panel.querySelector(`[data-filter-${name}]`);
const all = (query) => [...document.querySelectorAll(query)];
const slugsOf = (text) => text.split(/\s+/).filter(Boolean);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (mark, name) => values[name] ?? mark);

// What the page has, read once: entries, days with the tags of each entry, and the list of tags.
const entries = all("[data-tags]").map((element) => ({ element, slugs: slugsOf(element.dataset.tags) }));
const days = all("[data-entries]").map((element) => {
  const link = element.querySelector("a");
  const tagged = element.dataset.entries.split("|").map(slugsOf);
  return { element, tagged, link, name: link?.getAttribute("aria-label") };
});
const groups = all("main section.day, main section.recent").map((element) => ({
  element,
  inside: entries.filter((entry) => element.contains(entry.element)),
}));
const listed = all("[data-tag]");

let selection = readSelection();
let list; // the promise of every tag and entry of the language, once it is needed

// --- 1. the page: what is hidden, and how much is left

function showPage() {
  entries.forEach(({ element, slugs }) => (element.hidden = !matches(selection, slugs)));
  groups.forEach(({ element, inside }) => {
    element.hidden = inside.length > 0 && inside.every((entry) => entry.element.hidden);
  });
  days.forEach(showDay);
  listed.forEach((element) => {
    const slug = element.dataset.tag;
    const wanted = selection.any.has(slug) || selection.all.has(slug);
    element.dataset.state = selection.not.has(slug) ? "hidden" : wanted ? "chosen" : "";
  });
}

function showDay(day) {
  const on = !isEmpty(selection);
  day.left = day.tagged.filter((slugs) => matches(selection, slugs)).length;
  day.element.toggleAttribute("data-dim", !day.left);
  if (on) day.element.dataset.left = day.left;
  else delete day.element.dataset.left;
  const name = on ? `${day.name} (${fill(panel.dataset.day, { count: day.left })})` : day.name;
  day.link.setAttribute("aria-label", name);
}

// --- 2. the panel: which tags are chosen, and what that means

function showPanel() {
  const on = !isEmpty(selection);
  panel.classList.toggle("on", on);
  part("on").hidden = !on;
  part("ways").hidden = !on;
  panel.querySelectorAll("[data-slug]").forEach(showChip);
  for (const row of part("on").querySelectorAll("[data-part]")) {
    const slugs = [...selection[row.dataset.part]].sort();
    row.hidden = !slugs.length;
    row.querySelectorAll("dd").forEach((old) => old.remove());
    row.append(...slugs.map((slug) => makeDrop(slug, row.dataset.part)));
  }
  tell();
}

function showChip(chip) {
  const { slug } = chip.dataset;
  const chosen = selection.any.has(slug) || selection.all.has(slug);
  chip.querySelector("[data-choose]").setAttribute("aria-pressed", chosen);
  chip.querySelector("[data-hide]").setAttribute("aria-pressed", selection.not.has(slug));
}

function makeDrop(slug, name) {
  const made = part("drop").content.cloneNode(true).firstElementChild;
  const button = made.querySelector("button");
  Object.assign(button.dataset, { drop: slug, from: name });
  made.querySelector("bdi").textContent = `#${labelOf(slug)}`;
  return made;
}

function labelOf(slug) {
  const known = panel.querySelector(`[data-slug="${CSS.escape(slug)}"] bdi`);
  return known ? known.textContent.slice(1) : slug;
}

function tell() {
  const said = [];
  if (isEmpty(selection)) said.push(panel.dataset.off);
  else {
    const shown = entries.filter((entry) => !entry.element.hidden).length;
    if (entries.length && !shown) said.push(panel.dataset.nothing);
    else if (entries.length) said.push(fill(panel.dataset.shown, { shown, total: entries.length }));
    const left = days.filter((day) => day.left).length;
    if (days.length) said.push(fill(panel.dataset.days, { shown: left, total: days.length }));
    if (listed.length) tellMatching();
  }
  say(said.join(" "));
}

// Beside the list of all tags, the entries of the whole language are counted.
async function tellMatching() {
  const asked = selection;
  try {
    const { tagged } = await readList();
    if (asked !== selection) return;
    const shown = tagged.filter((slugs) => matches(selection, slugs)).length;
    say(fill(panel.dataset.matching, { shown, total: tagged.length }));
  } catch {
    say(panel.dataset.failed);
  }
}

function say(text) {
  const status = part("status");
  if (status.textContent !== text) status.textContent = text;
}

// --- 3. every tag there is, fetched when a reader looks for one

function readList() {
  list ??= fetchList();
  list.catch(() => (list = undefined)); // asked again the next time
  return list;
}

async function fetchList() {
  const answer = await fetch(panel.dataset.list);
  if (!answer.ok) throw new Error(answer.status);
  const { tags, entries: rows } = await answer.json();
  const tagged = rows.map((row) => row[3].map((index) => tags[index][0]));
  const counts = new Map();
  tagged.flat().forEach((slug) => counts.set(slug, (counts.get(slug) ?? 0) + 1));
  const sorted = tags
    .map(([slug, label]) => ({ slug, label, count: counts.get(slug) ?? 0, key: fold(`${label} ${slug}`) }))
    .sort((one, other) => other.count - one.count);
  return { tagged, tags: sorted };
}

const fold = (text) => text.normalize("NFC").toLowerCase().replaceAll("#", "").trim();

async function findTags() {
  const wanted = fold(part("find").value);
  const note = part("found-note");
  try {
    const { tags } = wanted ? await readList() : { tags: [] };
    if (wanted !== fold(part("find").value)) return;
    const found = tags.filter((tag) => tag.key.includes(wanted)).slice(0, FOUND_AT_MOST);
    note.textContent = wanted && !found.length ? panel.dataset.unknown : "";
    part("found").replaceChildren(...found.map(makeChip));
  } catch {
    note.textContent = panel.dataset.failed;
  }
  note.hidden = !note.textContent;
}

function makeChip({ slug, label, count }) {
  const chip = part("chip").content.cloneNode(true).firstElementChild;
  chip.dataset.slug = slug;
  chip.querySelector("bdi").textContent = `#${label}`;
  chip.querySelector("small").textContent = count;
  const name = fill(panel.dataset.hideTag, { tag: `#${label}` });
  chip.querySelector("[data-hide]").setAttribute("aria-label", name);
  showChip(chip);
  return chip;
}

// --- 4. what a reader does

function change(edit) {
  const next = Object.fromEntries(Object.entries(selection).map(([name, slugs]) => [name, new Set(slugs)]));
  edit(next);
  selection = next;
  show();
  writeSelection(selection);
}

function toggle(slug, name) {
  change((next) => {
    const was = name === "any" ? next.any.has(slug) || next.all.has(slug) : next.not.has(slug);
    Object.values(next).forEach((slugs) => slugs.delete(slug));
    if (!was) next[name].add(slug);
  });
}

function drop(button) {
  const buttons = () => [...part("on").querySelectorAll("[data-drop]")];
  const place = buttons().indexOf(button);
  change((next) => next[button.dataset.from].delete(button.dataset.drop));
  // The button is gone: the next one takes its place, lest the keyboard starts anew at the top.
  (buttons()[Math.min(place, buttons().length - 1)] ?? panel.querySelector("summary")).focus();
}

panel.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  const slug = button?.closest("[data-slug]")?.dataset.slug;
  if (!button) return;
  if (button.matches("[data-choose]")) toggle(slug, "any");
  else if (button.matches("[data-hide]")) toggle(slug, "not");
  else if (button.matches("[data-drop]")) drop(button);
  else if (button.matches("[data-filter-clear]")) {
    change((next) => Object.assign(next, emptySelection()));
    panel.querySelector("summary").focus();
  }
});
part("find").addEventListener("input", findTags);

// --- 5. the beginning, and every return to this page

function show() {
  showPage();
  showPanel();
}

function begin() {
  selection = readSelection();
  show();
  // What is seen is what is remembered, and what the address says.
  if (!isEmpty(selection)) writeSelection(selection);
}

window.addEventListener("popstate", begin);
window.addEventListener("pageshow", (event) => event.persisted && begin());
begin();
