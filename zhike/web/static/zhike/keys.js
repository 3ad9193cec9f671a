// Lists by keyboard: j and k move, Enter opens, / searches; any element with data-key="x" is pressed by x,
// one with data-row-key="x" when its row has the focus. Never while somebody types.
const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
  (next.matches("a, button") ? next : next.querySelector("[data-open]") ?? next.querySelector("a, button"))?.focus();
  next.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
  if (typing(event.target)) return;
  if (event.key === "j" || event.key === "k") { move(event.key === "j" ? 1 : -1); event.preventDefault(); return; }
  const inRow = document.activeElement?.closest("[data-row]")?.querySelector(`[data-row-key="${CSS.escape(event.key)}"]`);
  if (inRow) { event.preventDefault(); inRow.click(); return; }
  const pressed = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === event.key && element.offsetParent !== null);
  if (!pressed) return;
  event.preventDefault();
  if (pressed.matches("input, textarea, select")) { pressed.focus(); pressed.select?.(); } else pressed.click();
});
