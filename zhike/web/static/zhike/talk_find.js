// One of many in the list: rows that do not hold what is typed stand aside until the field is empty again. Nothing is fetched.
const field = document.getElementById("wb-find");
const list = () => document.getElementById("wb-list");
const rows = () => [...list().querySelectorAll(".wb-row")];
const FEW = 8;

function sift() {
  const wanted = field.value.trim().toLowerCase();
  let found = 0;
  for (const row of rows()) {
    row.hidden = Boolean(wanted) && !`${row.dataset.number} ${row.querySelector("[data-open]").textContent}`.toLowerCase().includes(wanted);
    found += row.hidden ? 0 : 1;
  }
  list().classList.toggle("wb-sifted", Boolean(wanted));
  const none = document.getElementById("wb-not-found");
  none.hidden = !wanted || found > 0;
  none.querySelector("a").search = `?q=${encodeURIComponent(field.value.trim().slice(0, 60))}`;
  field.parentElement.hidden = !wanted && rows().length < FEW;
}

function clear() {
  field.value = "";
  sift();
}

field.addEventListener("input", sift);
field.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Escape" && field.value) { event.stopPropagation(); clear(); }
  if (event.key === "ArrowDown" || event.key === "Enter") {
    const first = rows().find((row) => !row.hidden)?.querySelector("[data-open]");
    event.preventDefault();
    if (event.key === "Enter" && field.value.trim()) first?.click();
    else first?.focus();
  }
});
document.addEventListener("zk:counted", sift);
sift();
