// What is copied of a formula is the line of text it stands for, not its letters one below the other.

document.addEventListener("copy", (event) => {
  if (event.target.closest?.("input, textarea")) return;
  const selection = getSelection();
  const copied = document.createElement("div");
  for (let at = 0; at < selection.rangeCount; at += 1) copied.append(selection.getRangeAt(at).cloneContents());
  const formulas = copied.querySelectorAll("math[alttext]");
  if (!formulas.length) return;
  const html = copied.innerHTML; // with the formulas, for what can read them
  formulas.forEach((formula) => formula.replaceWith(formula.getAttribute("alttext")));
  copied.className = "unseen"; // lines are told by how they are laid out
  document.body.append(copied);
  event.clipboardData.setData("text/plain", copied.innerText);
  copied.remove();
  event.clipboardData.setData("text/html", html);
  event.preventDefault();
});
