// Canned replies: "/" at the beginning of the words, or the button, offers them; arrows choose, Enter or Tab takes, Escape closes.
const form = () => document.getElementById("wb-compose");
const field = () => document.getElementById("wb-words");
const box = () => document.getElementById("wb-canned");
const items = () => [...(box()?.querySelectorAll("[role=option]") ?? [])];
const NOTHING = { number: "", replies: Promise.resolve([]) };
let known = NOTHING;
let turn = 0; // an answer that comes after the next key, or after a choice, offers nothing any more

// Asked for once a conversation; asked for again when that failed.
function replies() {
  const number = document.getElementById("wb-talk").dataset.number;
  if (known.number !== number) known = { number, replies: fetched() };
  return known.replies;
}

async function fetched() {
  const answer = await fetch(form().dataset.replies).catch(() => null);
  if (answer?.ok) return (await answer.json()).replies;
  known = NOTHING;
  return [];
}

const asked = () => /^\/([^\s/]*)$/u.exec(field()?.value ?? "")?.[1];

function close() {
  turn += 1;
  if (!box()) return;
  box().hidden = true;
  box().replaceChildren();
  field().removeAttribute("aria-activedescendant");
}

function choose(number) {
  items().forEach((item, at) => item.setAttribute("aria-selected", String(at === number)));
  items()[number]?.scrollIntoView({ block: "nearest" });
  field().setAttribute("aria-activedescendant", items()[number]?.id ?? "");
}

function take(item) {
  const words = field();
  if (asked() !== undefined) words.value = item.dataset.words;
  else words.setRangeText(item.dataset.words, words.selectionStart, words.selectionEnd, "end");
  close();
  words.focus();
  words.dispatchEvent(new Event("input", { bubbles: true }));
}

async function offer(text) {
  const wanted = text.toLowerCase();
  const mine = ++turn;
  const all = await replies();
  if (mine !== turn) return;
  const found = all
    .filter((reply) => reply.shortcut.toLowerCase().startsWith(wanted) || reply.title.toLowerCase().includes(wanted))
    .sort((one, two) => Number(two.shortcut.toLowerCase() === wanted) - Number(one.shortcut.toLowerCase() === wanted)).slice(0, 20);
  box().replaceChildren(...found.map((reply, at) => {
    const item = document.createElement("li");
    item.id = `wb-canned-${at}`;
    item.setAttribute("role", "option");
    item.dataset.words = reply.words;
    item.append(Object.assign(document.createElement("b"), { textContent: reply.title }));
    if (reply.shortcut) item.append(Object.assign(document.createElement("code"), { textContent: ` /${reply.shortcut}` }));
    item.append(Object.assign(document.createElement("small"), { textContent: reply.words }));
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(item); });
    return item;
  }));
  if (!found.length) box().append(Object.assign(document.createElement("li"), { className: "quiet", textContent: box().dataset.none }));
  box().hidden = false;
  choose(0);
}

document.addEventListener("input", (event) => {
  if (event.target.id !== "wb-words") return;
  const text = asked();
  turn += 1;
  if (text === undefined) { if (!box().hidden) close(); return; }
  offer(text);
});
// What the pane beside proposes goes to where one writes; fields nobody could fill in stay to be filled in.
document.addEventListener("click", (event) => {
  const proposed = event.target.closest("[data-insert]");
  const words = proposed?.dataset.insert;
  if (!words || !field()) return;
  if (proposed.dataset.entry) {
    const taken = form().elements.entries;  // which entries of the knowledge he took: sent along, and kept with the draft
    taken.value = [...new Set([...taken.value.split(",").filter(Boolean), proposed.dataset.entry])].join(",");
  }
  field().setRangeText(words, field().selectionStart, field().selectionEnd, "end");
  field().focus();
  field().dispatchEvent(new Event("input", { bubbles: true }));
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-pick-reply]")) return;
  if (box().hidden) { field().focus(); offer(""); } else close();
});
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "wb-words" || event.isComposing || !box() || box().hidden) return;
  const at = items().findIndex((item) => item.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") choose((at + (event.key === "ArrowDown" ? 1 : items().length - 1)) % Math.max(1, items().length));
  else if ((event.key === "Enter" || event.key === "Tab") && items().length) take(items()[Math.max(at, 0)]);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
document.addEventListener("focusout", (event) => { if (event.target.id === "wb-words" && box() && !box().hidden) setTimeout(() => { if (document.activeElement !== field()) close(); }, 100); });
document.addEventListener("zk:talk", () => { known = NOTHING; });
