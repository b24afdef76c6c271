// Loads the newsletter again when the server tells of a change. The frame keeps its scroll position.
const frame = document.querySelector("iframe");
const status = document.querySelector("[role=status]");
const live = status.textContent;
const changes = new EventSource("/changes");
let lost = false;

const reload = () => frame.contentWindow.location.reload();

changes.addEventListener("change", reload);
changes.addEventListener("open", () => {
  if (lost) reload(); // whatever changed meanwhile went untold
  lost = false;
  status.textContent = live;
});
changes.addEventListener("error", () => {
  lost = true;
  status.textContent = status.dataset.lost;
});
