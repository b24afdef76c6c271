// On every page: "/" goes to the search, Escape leaves it, and addresses are copied with a button.

if (document.querySelector("math")) import("./math.js");

const live = document.querySelector("[data-live]");

document.addEventListener("keydown", (event) => {
  const field = document.querySelector("main [data-search-field]") ?? document.querySelector("[data-search-field]");
  if (event.key === "Escape" && field && event.target === field && !field.value) field.blur();
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!field || event.target.closest("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  field.focus();
  field.select();
});

document.querySelectorAll("[data-copy][hidden]").forEach((button) => (button.hidden = false));

// Buttons may come later, and say another address by then: the page listens, not each of them.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const copied = await copy(button.dataset.copy, button);
  live.textContent = ""; // said again when it is copied again
  live.textContent = copied ? live.dataset.copied : live.dataset.byHand;
  live.toggleAttribute("data-shown", true);
  if (copied) button.dataset.done = "";
});

document.addEventListener("focusout", ({ target }) => {
  live.removeAttribute("data-shown");
  if (target.matches?.("[data-copy]")) delete target.dataset.done;
});

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyFromField(text, button); // no permission, or no https
  }
}

// The old way needs selected text; where that is refused too, it stays for the reader's own hand.
function copyFromField(text, button) {
  const known = button.parentElement.querySelector("[data-copy-field]");
  const field = known ?? document.createElement("input");
  if (!known) {
    field.readOnly = true;
    field.dataset.copyField = "";
    field.setAttribute("aria-label", button.textContent);
    button.after(field);
  }
  field.value = text;
  field.focus();
  field.select();
  if (!document.execCommand("copy")) return false;
  field.remove();
  button.focus();
  return true;
}

// What is wider than its place scrolls there, and so the keyboard must reach it.
function reachWide() {
  for (const formula of document.querySelectorAll("main math:not([tabindex])")) {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
  }
}
document.addEventListener("toggle", reachWide, { capture: true });
reachWide();
