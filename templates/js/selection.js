// Which tags a reader chose: any of these, all of these, none of these. The words of the query are
// those of a feed's address, so that what is seen and what is subscribed to are the same.

const PARTS = ["any", "all", "not"];
// Anybody can write an address: what is longer than any tag, or too much, is left out.
const TAGS_AT_MOST = 50;
const LETTERS_AT_MOST = 100;
const KEY = `paperround:${document.documentElement.dataset.root}:tags`;

/** An empty selection. */
export function emptySelection() {
  return { any: new Set(), all: new Set(), not: new Set() };
}

/** The selection of the page's address; without one, what was chosen last. */
export function readSelection() {
  const query = new URLSearchParams(location.search);
  if (PARTS.some((part) => query.has(part))) return parseSelection(query);
  return parseSelection(new URLSearchParams(recall()));
}

/** Keep a selection: in the address, for the next visit, and tell the page (paperround:selection). */
export function writeSelection(selection) {
  const query = new URLSearchParams(location.search);
  PARTS.forEach((part) => query.delete(part));
  const rest = query.toString();
  const said = [rest, toQuery(selection)].filter(Boolean).join("&");
  history.replaceState(history.state, "", `${location.pathname}${said && `?${said}`}${location.hash}`);
  remember(toQuery(selection));
  document.dispatchEvent(new CustomEvent("paperround:selection", { detail: selection }));
}

/** A selection as the query of a feed's address: sorted, so that equal ones read the same. */
export function toQuery(selection) {
  return PARTS.filter((part) => selection[part].size)
    .map((part) => `${part}=${[...selection[part]].sort().map(encodeURIComponent).join(",")}`)
    .join("&");
}

/** Whether an entry with these slugs is selected. */
export function matches(selection, slugs) {
  const has = new Set(slugs);
  return (
    (!selection.any.size || [...selection.any].some((slug) => has.has(slug))) &&
    [...selection.all].every((slug) => has.has(slug)) &&
    ![...selection.not].some((slug) => has.has(slug))
  );
}

/** Whether anything is chosen at all. */
export function isEmpty(selection) {
  return PARTS.every((part) => !selection[part].size);
}

function parseSelection(query) {
  const selection = emptySelection();
  for (const part of PARTS) {
    const slugs = query.getAll(part).flatMap((value) => value.split(",")).map(spell);
    const kept = slugs.filter((slug) => slug && slug.length <= LETTERS_AT_MOST);
    selection[part] = new Set(kept.slice(0, TAGS_AT_MOST));
  }
  return selection;
}

// As slugs are spelled: addresses are typed in capitals, and composed in two ways.
const spell = (tag) => tag.normalize("NFKC").toLowerCase().trim();

// Storage may be refused (private windows): then a selection lives in the address alone.
function recall() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

function remember(query) {
  try {
    if (query) localStorage.setItem(KEY, query);
    else localStorage.removeItem(KEY);
  } catch {
    return;
  }
}
