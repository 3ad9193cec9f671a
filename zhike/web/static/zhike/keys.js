// Lists by keyboard: j and k move, Enter opens, / searches; any element with data-key="x" is pressed by x,
// one with data-row-key="x" when its row has the focus, one with data-anywhere even where it is not seen. Never while
// somebody types. What each key does stands in web/shortcuts/keys.py; a test holds the two together.
const typing = (target) => target.closest("input:not([type=checkbox], [type=radio], [type=file]), textarea, select, [contenteditable]");
// A row in which nothing takes the focus is passed over: one would not get beyond it.
const pressable = (row) => (row.matches("a, button") ? row : row.querySelector("[data-open]") ?? row.querySelector("a, button"));
const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null && pressable(row));

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
  pressable(next).focus();
  next.scrollIntoView({ block: "nearest" });
}

// The clause behind what has the focus; without a focus the first of the page.
function why() {
  const place = document.activeElement?.closest(".zk-deadline, [data-row], li, .zk-field, section, form");
  (place?.querySelector("a.zk-why") ?? document.querySelector("main a.zk-why"))?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey) return;
  const form = typing(event.target)?.closest("form");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    if (form) { event.preventDefault(); form.requestSubmit(form.querySelector("button[type=submit].btn-primary, button[type=submit]")); }
    return;
  }
  if (event.ctrlKey || event.metaKey) return;
  if (event.key === "Escape") {
    const menu = document.querySelector("details.zk-menu[open], details.zk-confirm[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); return; }
    if (typing(event.target)) { event.target.blur(); return; }
  }
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "j" || event.key === "k") { move(event.key === "j" ? 1 : -1); event.preventDefault(); return; }
  if (event.key === "y") { event.preventDefault(); why(); return; }
  const inRow = document.activeElement?.closest("[data-row]")?.querySelector(`[data-row-key="${CSS.escape(event.key)}"]`);
  if (inRow) { event.preventDefault(); inRow.click(); return; }
  const pressed = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === event.key
    && (element.offsetParent !== null || element.hasAttribute("data-anywhere")));
  if (!pressed) return;
  event.preventDefault();
  if (pressed.matches("input, textarea, select")) { pressed.focus(); pressed.select?.(); } else pressed.click();
});

// Whoever listens to the page hears the keys too.
function told(scope) {
  for (const element of scope.querySelectorAll?.("[data-key]") ?? []) element.setAttribute("aria-keyshortcuts", element.dataset.key);
}
document.addEventListener("htmx:load", (event) => told(event.detail.elt));
told(document);
