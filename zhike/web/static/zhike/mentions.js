// @ in a note offers the colleagues who may see the case: data-mention="address" on the textarea.
// Arrow keys choose, Enter or Tab takes the name, Escape closes.
const NAME = /(?:^|[^\w.+-])[@\uff20]([^\s@\uff20]{0,20})$/u;
let asked = 0;

const list = (field) => field.parentElement.querySelector(".zk-mentions");
const items = (field) => [...(list(field)?.querySelectorAll("[role=option]") ?? [])];
const typed = (field) => NAME.exec(field.value.slice(0, field.selectionStart))?.[1];

function close(field) {
  asked += 1;
  list(field)?.remove();
  field.removeAttribute("aria-activedescendant");
  field.setAttribute("aria-expanded", "false");
}

function choose(field, number) {
  const all = items(field);
  all.forEach((item, at) => item.setAttribute("aria-selected", at === number ? "true" : "false"));
  if (all[number]) field.setAttribute("aria-activedescendant", all[number].id);
}

function take(field, item) {
  const name = typed(field) ?? "";
  const end = field.selectionStart;
  field.setRangeText(`${item.dataset.insert} `, end - name.length, end, "end");
  close(field);
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function show(field, people) {
  close(field);
  if (!people.length) return;
  const box = document.createElement("ul");
  box.className = "zk-mentions";
  box.id = `${field.id}-mentions`;
  box.setAttribute("role", "listbox");
  for (const [at, person] of people.entries()) {
    const item = document.createElement("li");
    item.id = `${box.id}-${at}`;
    item.setAttribute("role", "option");
    item.dataset.insert = person.insert;
    item.textContent = person.name;
    const user = document.createElement("small");
    user.textContent = ` ${person.user}`;
    item.append(user);
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(field, item); });
    box.append(item);
  }
  field.after(box);
  field.setAttribute("aria-controls", box.id);
  field.setAttribute("aria-expanded", "true");
  choose(field, 0);
}

document.addEventListener("input", async (event) => {
  const field = event.target;
  if (!field.matches?.("textarea[data-mention]")) return;
  const name = typed(field);
  if (name === undefined) { close(field); return; }
  const mine = ++asked;
  const answer = await fetch(`${field.dataset.mention}?q=${encodeURIComponent(name)}`).catch(() => null);
  if (mine !== asked || !answer?.ok) return;
  show(field, (await answer.json()).people);
});

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!field.matches?.("textarea[data-mention]") || event.isComposing) return;
  const all = items(field);
  if (!all.length) return;
  const at = all.findIndex((item) => item.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(field, (at + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length);
  else if (event.key === "Enter" || event.key === "Tab") take(field, all[Math.max(at, 0)]);
  else if (event.key === "Escape") close(field);
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
document.addEventListener("focusout", (event) => { if (event.target.matches?.("textarea[data-mention]")) close(event.target); });
