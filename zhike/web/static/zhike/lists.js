// Selecting rows: a tick each, a stretch with Shift, the whole page by the tick in the head; the bar says how many.
const ticks = (form) => [...form.querySelectorAll("tbody input[name=case]")];
let last = null;

function tell(form) {
  const all = ticks(form);
  const chosen = all.filter((tick) => tick.checked).length;
  const bar = form.querySelector("[data-select-bar]");
  bar.hidden = chosen === 0;
  bar.querySelector("[data-select-count]").textContent = String(chosen);
  const head = form.querySelector("[data-select-all]");
  head.checked = chosen > 0 && chosen === all.length;
  head.indeterminate = chosen > 0 && chosen < all.length;
}

document.addEventListener("click", (event) => {
  const tick = event.target.closest("[data-select] tbody input[name=case]");
  if (!tick) return;
  const all = ticks(tick.form);
  if (event.shiftKey && last && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(tick)].sort((one, two) => one - two);
    for (const each of all.slice(from, to + 1)) each.checked = tick.checked;
  }
  last = tick;
  tell(tick.form);
});
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-select-all]")) return;
  for (const tick of ticks(event.target.form)) tick.checked = event.target.checked;
  tell(event.target.form);
});
document.addEventListener("reset", (event) => { if (event.target.matches("[data-select]")) setTimeout(() => tell(event.target)); });
// Back in the history: the browser may have kept the ticks.
addEventListener("pageshow", () => document.querySelectorAll("[data-select]").forEach(tell));
