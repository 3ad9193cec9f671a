// The screen of conversations: the list keeps itself in order row by row, the open conversation grows at its end.
// Nothing of the list is touched while somebody types; what happened meanwhile is put in place when he pauses. Nothing at all moves
// between the press of a button and its click, and a part in use is left alone (still.js).
//   zk:talk            {number}          a conversation was opened in the middle
//   zk:fact            a fact of the live feed, as it comes
//   zk:said            {html, key}       an answer of the server with messages, from talk_send.js
//   zk:stored          what was sent is stored, and has still to be fetched
const say = (words) => document.dispatchEvent(new CustomEvent("zk:say", { detail: words }));
const list = () => document.getElementById("wb-list");
const talk = () => document.getElementById("wb-talk");
const scroll = () => document.getElementById("wb-scroll");
const messages = () => document.getElementById("wb-messages");
const middle = document.getElementById("wb-middle");
const still = window.zkStill;
const PAUSE = 500, LONGEST = 2500;
const MOST_NEW = 200;  // so many messages one answer holds (conversations/reading.py)
let chosen = talk()?.dataset.number ?? "";  // also while its page is still on its way

// The focus is never lost: to what stands where the old part stood, else to the words, else to what was said.
const lost = () => !document.activeElement || document.activeElement === document.body || !document.activeElement.isConnected;
function home() {
  if (lost()) (document.getElementById("wb-words") ?? scroll())?.focus({ preventScroll: true });
}
function swap(old, fresh) {
  const place = old.contains(document.activeElement) ? document.activeElement : null;
  const kind = Object.keys(place?.dataset ?? {})[0];
  if (fresh) old.replaceWith(fresh);
  else old.remove();
  if (!place) return;
  const name = kind?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  (name && fresh?.querySelector(`button[data-${name}]`))?.focus({ preventScroll: true });
  home();
}
window.zkTalk = { swap, home };

// the list, row by row

const changed = new Set();
let since = 0, timer = 0, typedAt = 0;
document.addEventListener("keydown", (event) => { if (event.target.matches?.("textarea, input")) typedAt = performance.now(); }, true);

function later(id) {
  changed.add(id);
  since ||= performance.now();
  timer ||= setTimeout(flush, 120);
}

async function flush() {
  const now = performance.now();
  if (still.held(list())) { still.when(list, "rows", flush); return; }
  if (now - typedAt < PAUSE && now - since < LONGEST) { timer = setTimeout(flush, 150); return; }
  const ids = [...changed].slice(0, 100);
  for (const id of ids) changed.delete(id);
  const answer = await fetch(`${list().dataset.rows}?ids=${ids.join(",")}`, { headers: { "X-Requested-With": "talk" } }).catch(() => null);
  const told = answer?.ok ? await answer.json() : null;
  if (told && !still.held(list())) place(told);
  else for (const id of ids) changed.add(id);
  timer = changed.size ? setTimeout(flush, answer?.ok ? 120 : 3000) : 0;
  since = timer ? now : 0;
}

function place(told) {
  const focused = document.activeElement?.closest?.(".wb-row")?.id;
  const nearest = focused && told.gone.some((id) => `wb-row-${id}` === focused) ? beside(document.getElementById(focused)) : null;
  for (const id of told.gone) document.getElementById(`wb-row-${id}`)?.remove();
  for (const row of told.rows) put(row);
  if (focused && lost()) (document.getElementById(focused) ?? document.getElementById(nearest))?.querySelector("[data-open]")?.focus({ preventScroll: true });
  if (focused) home();
  count();
}

// The row that will stand in the place of one that goes; its id, because it may be drawn anew.
function beside(row) {
  const rows = [...list().querySelectorAll(".wb-row:not([hidden])")];
  const at = rows.indexOf(row);
  return (rows[at + 1] ?? rows[at - 1])?.id;
}

function put(row) {
  const old = document.getElementById(`wb-row-${row.id}`);
  const part = document.createElement("template");
  part.innerHTML = row.html.trim();
  const element = part.content.firstElementChild;
  const home = list().querySelector(`[data-group="${row.group}"] ul`);
  const wasNew = !old || old.closest("[data-group]").dataset.group !== row.group;
  old?.remove();
  if (chosen === element.dataset.number) { element.querySelector("[data-open]").setAttribute("aria-current", "true"); seen(element); }
  const next = [...home.children].find((other) => Number(other.dataset.rank) > row.rank);
  home.insertBefore(element, next ?? null);
  window.htmx?.process(element);
  if (wasNew) document.dispatchEvent(new CustomEvent("zk:new-row", { detail: { group: row.group, id: row.id } }));
}

function seen(row) {
  row.classList.remove("wb-unread");
  row.dataset.unread = "0";
  row.querySelector(".wb-badge")?.remove();
}

function count() {
  let some = false;
  for (const group of list().querySelectorAll("[data-group]")) {
    const rows = group.querySelector("ul").children.length;
    group.hidden = rows === 0;
    group.querySelector("[data-count]").textContent = String(rows);
    some ||= rows > 0;
  }
  list().querySelector(".wb-none").hidden = some;
  document.dispatchEvent(new CustomEvent("zk:counted"));
}

async function whole() {
  if (still.held(list())) { still.when(list, "whole", whole); return; }
  const answer = await fetch(`${list().dataset.list}?c=${encodeURIComponent(chosen)}`).catch(() => null);
  if (!answer?.ok) return;
  const part = document.createElement("template");
  part.innerHTML = (await answer.text()).trim();
  if (still.held(list())) { still.when(list, "whole", whole); return; }
  list().replaceWith(part.content.firstElementChild);
  window.htmx?.process(list());
  document.dispatchEvent(new CustomEvent("zk:counted"));
}

// opening a conversation

function open(number, url, { push = true, focus = false } = {}) {
  if (!number) return;
  chosen = number;
  for (const row of list().querySelectorAll("[aria-current]")) row.removeAttribute("aria-current");
  list().querySelector(`[data-talk="${CSS.escape(number)}"]`)?.setAttribute("aria-current", "true");
  const target = url ?? list().querySelector(`[data-talk="${CSS.escape(number)}"]`)?.getAttribute("href") ?? `${location.pathname.replace(/\/conversations.*/, "/conversations")}/${number}`;
  if (push && location.pathname !== target) history.pushState({ talk: number }, "", target);
  return window.htmx.ajax("GET", target, { target: "#wb-middle", swap: "innerHTML" }).then(() => opened(focus));
}

function opened(focus) {
  document.querySelector(".wb").classList.toggle("wb-chosen", Boolean(talk()));
  middle.classList.toggle("zk-chosen", Boolean(talk()));
  if (!talk()) return;
  atEnd(true);
  read();
  if (focus) (document.getElementById("wb-words") ?? scroll()).focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("zk:talk", { detail: { number: talk().dataset.number } }));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-talk]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  open(link.dataset.talk, link.getAttribute("href"), { focus: event.detail === 0 && !matchMedia("(max-width: 760px)").matches });
});
addEventListener("popstate", () => { location.reload(); });

// What a deed's form says when it is done: the conversation as it now is, or the list when it left his hands.
document.addEventListener("talk-done", (event) => {
  const { number, words, leaves } = event.detail;
  if (words) say(words);
  const row = list().querySelector(`[data-talk="${CSS.escape(number)}"]`)?.closest("[data-id]");
  if (row) later(Number(row.dataset.id));
  document.getElementById("wb-told").replaceChildren();
  if (leaves && talk()?.dataset.number !== number) return;
  open(number, undefined, { push: !leaves, focus: !leaves })?.then(home);
});
function giveUp() {
  document.getElementById("wb-deed").replaceChildren();
  home();
}
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-give-up]")) return;
  event.preventDefault();
  giveUp();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || !document.querySelector("#wb-deed > *")) return;
  event.stopPropagation();
  event.preventDefault();
  giveUp();
}, true);

// what is said

const nearEnd = () => { const box = scroll(); return box && box.scrollHeight - box.scrollTop - box.clientHeight < 120; };
function atEnd(always) { const box = scroll(); if (box && (always || nearEnd())) box.scrollTop = box.scrollHeight; }

let fetching = null, again = false;
async function tail() {
  if (fetching) { again = true; return; }
  const here = talk();
  if (!here || messages().hasAttribute("data-first")) return;
  fetching = fetch(`${here.dataset.url}/tail?${place_of(here)}`).catch(() => null);
  const answer = await fetching;
  fetching = null;
  const html = answer?.ok ? await answer.text() : "";
  if (html && still.held(messages())) still.when(messages, "tail", tail);
  else if (html && talk() === here && add(html) >= MOST_NEW) again = true;
  if (again) { again = false; tail(); }
}

function place_of(here) {
  const last = [...messages().querySelectorAll(".wb-message[data-message]")].at(-1);
  return new URLSearchParams({ after: last?.dataset.message ?? "0", day: last?.dataset.day ?? "", talk: last?.dataset.number ?? here.dataset.number }).toString();
}

function add(html) {
  const part = document.createElement("template");
  part.innerHTML = html;
  const stay = nearEnd();
  const told = part.content.querySelectorAll("[data-message]").length;
  // A day or another conversation is named before a message: not at all where that message is here already.
  let named = [];
  for (const element of [...part.content.children]) {
    named.push(element);
    if (!element.dataset.message) continue;
    messages().querySelector(`[data-sent-key="${CSS.escape(element.dataset.keySent)}"]`)?.remove();
    if (!document.getElementById(element.id)) {
      if (element.dataset.number === talk().dataset.number) talk().dataset.seq = element.dataset.seq;
      for (const each of named) {
        messages().insertBefore(each, messages().querySelector("[data-sent-key]"));
        window.htmx?.process(each);
      }
    }
    named = [];
    if (element.matches(".wb-staff:not(.wb-note)")) answered();
  }
  atEnd(stay);
  read();
  return told;
}
// What was asked and is answered now no longer waits: its line is drawn anew.
function answered() {
  for (const asked of messages().querySelectorAll(".wb-message:has(.wb-open)")) one(asked.dataset.number, asked.dataset.seq);
}
// Of a page that was loaded whole, what was said comes after it.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "wb-messages" || !messages().hasAttribute("data-first")) return;
  messages().removeAttribute("data-first");
  opened(false);
});
// Stored on the short way: drawn with whatever else came; until then its line in the outbox stands for it.
document.addEventListener("zk:stored", () => tail());
document.addEventListener("zk:said", (event) => { if (talk()) add(event.detail.html); });

async function one(number, seq) {
  const element = messages()?.querySelector(`.wb-message[data-number="${CSS.escape(number)}"][data-seq="${Number(seq)}"]`);
  if (!element) return;
  const base = talk().dataset.url.slice(0, -talk().dataset.number.length);
  const answer = await fetch(`${base}${number}/messages/${seq}?day=${element.dataset.day}`).catch(() => null);
  if (!answer?.ok || !element.isConnected) return;
  const part = document.createElement("template");
  part.innerHTML = (await answer.text()).trim();
  if (still.held(element)) still.when(() => element, element, () => one(number, seq));
  else swap(element, part.content.firstElementChild);
}

// More was missed than is told one by one: what stands there may have been changed or recalled since, and is fetched again.
async function renew() {
  const here = talk();
  const shown = () => [...messages().querySelectorAll(".wb-message[data-message]")].map((each) => Number(each.dataset.message));
  if (!here || messages().hasAttribute("data-first") || !shown().length) return;
  const last = Math.max(...shown());
  let after = Math.min(...shown()) - 1;
  while (after < last) {
    const answer = await fetch(`${here.dataset.url}/tail?after=${after}`).catch(() => null);
    if (!answer?.ok || talk() !== here) return;
    const part = document.createElement("template");
    part.innerHTML = await answer.text();
    const told = [...part.content.querySelectorAll(".wb-message[data-message]")];
    if (!told.length) return;
    after = Math.max(...told.map((each) => Number(each.dataset.message)));
    for (const fresh of told) instead(fresh);
  }
}
function instead(fresh) {
  const old = document.getElementById(fresh.id);
  if (!old || old.isEqualNode(fresh)) return;
  if (still.held(old)) still.when(() => document.getElementById(fresh.id), old, () => one(fresh.dataset.number, fresh.dataset.seq));
  else swap(old, fresh);
}
document.addEventListener("zk:message", (event) => one(event.detail.number, event.detail.seq));

let marking = 0;
function read() {
  const form = document.getElementById("wb-compose");
  if (!form?.dataset.read || document.hidden || marking) return;
  marking = setTimeout(() => {
    marking = 0;
    const here = talk();
    if (!here || document.hidden || here.dataset.marked === here.dataset.seq) return;
    here.dataset.marked = here.dataset.seq;
    const row = document.getElementById(`wb-row-${here.dataset.id}`);
    if (row) { seen(row); document.dispatchEvent(new CustomEvent("zk:counted")); }
    const body = new URLSearchParams({ seq: here.dataset.seq });
    fetch(form.dataset.read, { method: "POST", body, headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value } }).catch(() => { delete here.dataset.marked; });
  }, 400);
}
document.addEventListener("visibilitychange", read);

let heading = 0;
function head() {
  heading ||= setTimeout(() => {
    heading = 0;
    if (!talk()) return;
    redraw("head", "#wb-head", "outerHTML");
    redraw("beside", "#wb-right", "innerHTML");
  }, 300);
}
// Like a live part: held while it is in use, also when its answer comes in the middle of a press.
function redraw(name, target, swap) {
  const again = () => talk() && redraw(name, target, swap);
  const event = new CustomEvent("live", { detail: { name, again } });
  still.when(() => document.querySelector(target), name, () => window.htmx.ajax("GET", `${talk().dataset.url}/${name}`, { target, swap, event }));
}
// Asked while the line was down: asked again when it is back.
document.addEventListener("htmx:sendError", (event) => {
  const asked = event.detail.requestConfig?.triggeringEvent?.detail?.again;
  if (asked) setTimeout(asked, 3000);
});

// Somebody else has it now, or it came back: the composer becomes the one that fits. What is half written stays where it is, and is told;
// one in which nothing is written holds nothing up, though the cursor stands in it.
document.addEventListener("htmx:afterSettle", (event) => {
  const able = document.getElementById("wb-head")?.dataset.composer;
  if (event.target.id !== "wb-head" || !talk() || able === talk().dataset.composer) return;
  const number = talk().dataset.number;
  const told = document.getElementById("wb-compose-told");
  if (told && talk().dataset.composer === "write" && document.getElementById("wb-words")?.value) {
    told.replaceChildren(Object.assign(document.createElement("p"), { className: "zk-note zk-note-warning", textContent: told.dataset.lost }));
  }
  const words = document.getElementById("wb-words");
  const rests = words === document.activeElement && !words.value && !document.querySelector("#wb-files li");
  if (rests) words.blur();
  still.when(() => middle, "middle", () => { if (talk()?.dataset.number === number) open(number, undefined, { push: false, focus: rests }); });
});

const MINOR = new Set(["conversation.written", "conversation.changed"]);
document.addEventListener("zk:fact", (event) => {
  const fact = event.detail;
  const [kind, id] = (fact.subject ?? "").split(":");
  if (kind !== "conversation") return;
  later(Number(id));
  const here = talk();
  if (!here) return;
  if ((document.getElementById("wb-earlier")?.dataset.thread ?? "").split(",").includes(id) || here.dataset.id === id) {
    if (fact.type === "conversation.written") tail();
    if (fact.type === "conversation.changed") one(fact.payload.number, fact.payload.seq);
  }
  if (here.dataset.id !== id || MINOR.has(fact.type)) return;
  if (fact.type === "conversation.question_settled") answered();
  head();
});
function everything() { whole(); renew().then(tail); if (talk()) head(); }
document.addEventListener("zk:reset", everything);
addEventListener("online", everything);

// Typing and reading of the other side: told in passing, kept nowhere.
let hush = 0;
document.addEventListener("zk:passing", (event) => {
  const told = event.detail;
  if (told.number !== talk()?.dataset.number || told.by === document.body.dataset.person) return;
  const line = document.getElementById("wb-typing");
  if (told.kind === "typing") {
    line.textContent = (told.side === "customer" ? line.dataset.customer : line.dataset.colleague.replace("@", told.name));
    line.hidden = false;
    atEnd(false);
    clearTimeout(hush);
    hush = setTimeout(() => { line.hidden = true; }, 5000);
  }
  if (told.kind === "read" && told.side === "customer") {
    for (const each of messages().querySelectorAll('.wb-staff[data-seq]')) {
      if (each.dataset.number === told.number && Number(each.dataset.seq) <= told.seq) each.querySelector("[data-delivery]")?.replaceChildren(line.dataset.read);
    }
  }
});
let toldAt = 0;
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("#wb-compose");
  if (event.target.id !== "wb-words" || !form?.dataset.typingAt || form.elements.internal.value === "1" || performance.now() - toldAt < 3000) return;
  toldAt = performance.now();
  fetch(form.dataset.typingAt, { method: "POST", headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value } }).catch(() => {});
});

// seconds left of an offer
setInterval(() => {
  for (const place of document.querySelectorAll("[data-offer-ends]")) {
    const left = Math.max(0, Math.round((Date.parse(place.dataset.offerEnds) - Date.now()) / 1000));
    place.textContent = `${left} s`;
  }
}, 1000);

if (!messages()?.hasAttribute("data-first")) opened(false);
