// The reader's place survives every exchange: what was under the fingers when a part of the page was replaced has the focus
// again afterwards, or what now stands nearest to it. Without this the browser drops the focus to the top of the document.
let left = null;

const ways = (element) => ["name", "value", "href", "data-key", "data-row-key", "type"]
  .filter((name) => element.hasAttribute(name)).map((name) => `[${name}="${CSS.escape(element.getAttribute(name))}"]`).join("");

function remember(target) {
  const place = document.activeElement;
  if (!place || place === document.body || !target?.contains?.(place)) return;
  const rows = [...target.querySelectorAll("[data-row]")];
  left = {
    id: place.id, like: place.localName + ways(place), within: target.id, row: rows.findIndex((row) => row.contains(place)),
    target,
  };
}

function restore() {
  if (!left) return;
  const was = left;
  left = null;
  const now = document.activeElement;
  if (now && now !== document.body && now.isConnected) return;
  const scope = (was.within && document.getElementById(was.within)) || (was.target.isConnected ? was.target : null) || document.getElementById("main");
  const rows = scope?.querySelectorAll("[data-row]") ?? [];
  const row = was.row >= 0 ? rows[Math.min(was.row, rows.length - 1)] : null;
  const nearest = row && (row.matches("a, button") ? row : row.querySelector("[data-open], a, button"));
  const place = (was.id && document.getElementById(was.id)) || scope?.querySelector(was.like) || nearest || scope?.closest("[tabindex]") || scope;
  if (!place) return;
  if (!place.matches("a[href], button, input, select, textarea, summary, [tabindex]")) place.setAttribute("tabindex", "-1");
  place.focus({ preventScroll: true });
}

document.addEventListener("htmx:beforeSwap", (event) => remember(event.detail.target));
document.addEventListener("htmx:oobBeforeSwap", (event) => remember(event.detail.target));
document.addEventListener("htmx:afterSettle", restore);

// A row of a form's table that is taken away hands the focus to the next one, or to the button that adds another.
document.addEventListener("click", (event) => {
  const drop = event.target.closest("[data-drop-row]");
  if (!drop) return;
  const row = drop.closest("tr");
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const add = row.closest(".zk-rows").querySelector("[data-add-row]");
  row.remove();
  (next?.querySelector("[data-drop-row]") ?? add)?.focus();
});
