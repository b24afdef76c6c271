// On every page: "/" goes to the search, and addresses are copied with a button.

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector("[data-search-field]");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
});
