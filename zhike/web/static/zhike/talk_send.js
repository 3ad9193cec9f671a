// Writing in a conversation. What is sent stands there at once and is kept in the browser until the server has it: a lost connection
// loses nothing, and the key of each message keeps it from being stored twice.
const say = (words) => document.dispatchEvent(new CustomEvent("zk:say", { detail: words }));
const form = () => document.getElementById("wb-compose");
const field = () => document.getElementById("wb-words");
const talk = () => document.getElementById("wb-talk");
const messages = () => document.getElementById("wb-messages");
const told = () => document.getElementById("wb-compose-told");
const BOX = "zk-outbox:", ENTER = "zk-enter-sends";
const LEFT = /\{(?:customer|agent|conversation)\.[a-z]+\}/;
let editing = null, about = null;

// Which message it answers or puts right, where somebody says so.
function regard(kind, seq, words) {
  about = kind ? { kind, seq } : null;
  const line = document.getElementById("wb-about");
  line.hidden = !kind;
  if (kind) line.querySelector("span").textContent = kind === "answers" ? line.dataset.answers + words : line.dataset.corrects;
}

const key = () => [...crypto.getRandomValues(new Uint8Array(15))].map((byte) => (byte % 36).toString(36)).join("") + Date.now().toString(36);
const internal = () => form().elements.internal.value === "1";

function mode(which) {
  form().elements.internal.value = which === "note" ? "1" : "0";
  form().classList.toggle("wb-noting", which === "note");
  field().placeholder = which === "note" ? field().dataset.forNote : field().dataset.forReply;
  for (const button of form().querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", String(button.dataset.mode === which));
}
function focusEnd() {
  const words = field();
  words.focus();
  words.setSelectionRange(words.value.length, words.value.length);
}

// sending

const outbox = () => Object.keys(localStorage).filter((name) => name.startsWith(BOX)).map((name) => JSON.parse(localStorage.getItem(name)));
const keep = (item) => localStorage.setItem(BOX + item.key, JSON.stringify(item));
const forget = (item) => localStorage.removeItem(BOX + item.key);
const me = document.body.dataset.person;

function show(item) {
  if (!messages() || talk().dataset.number !== item.number || messages().querySelector(`[data-sent-key="${item.key}"]`)) return;
  const line = document.createElement("li");
  line.className = `wb-message wb-mine ${item.internal ? "wb-note" : "wb-staff"} wb-pending`;
  line.dataset.sentKey = item.key;
  const by = document.createElement("p");
  by.className = "wb-by";
  const state = document.createElement("span");
  state.dataset.state = "";
  state.textContent = form()?.dataset.sending ?? "";
  by.append(Object.assign(document.createElement("b"), { textContent: form()?.dataset.me ?? "" }), state);
  const words = Object.assign(document.createElement("div"), { className: "wb-words", textContent: item.words });
  line.append(by, words);
  if (item.files?.length) line.append(Object.assign(document.createElement("p"), { className: "quiet", textContent: item.files.map((file) => file.name).join(", ") }));
  messages().append(line);
  const box = document.getElementById("wb-scroll");
  box.scrollTop = box.scrollHeight;
}

function failed(item) {
  const line = messages()?.querySelector(`[data-sent-key="${item.key}"]`);
  if (!line) return;
  line.classList.add("wb-lost");
  line.querySelector("[data-state]").textContent = form()?.dataset.unsent ?? "";
  if (line.querySelector("button")) return;
  for (const [words, deed] of [[form()?.dataset.again, () => send(item)], [form()?.dataset.drop, () => { forget(item); window.zkTalk.swap(line); }]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: words ?? "" });
    button.addEventListener("click", deed);
    line.append(button);
  }
}

const busy = new Set();
async function send(item) {
  if (busy.has(item.key)) return;
  busy.add(item.key);
  // Its buttons stay where they are while it is tried again: somebody may be about to press one.
  const line = messages()?.querySelector(`[data-sent-key="${item.key}"]`);
  const state = line?.querySelector("[data-state]");
  if (state) state.textContent = form()?.dataset.sending ?? "";
  const here = talk();
  const last = [...(messages()?.querySelectorAll(".wb-message[data-message]") ?? [])].at(-1);
  const body = new URLSearchParams({ key: item.key, words: item.words, internal: item.internal ? "1" : "0", after: here?.dataset.number === item.number ? last?.dataset.message ?? "0" : String(Number.MAX_SAFE_INTEGER), day: last?.dataset.day ?? "", talk: last?.dataset.number ?? item.number });
  if (item.about) body.set(item.about.kind, item.about.seq);
  for (const entry of item.entries ?? []) body.append("entry", entry);
  for (const file of item.files ?? []) body.append("file", file.token);
  const answer = await fetch(item.url, { method: "POST", body, headers: { "X-CSRFToken": token(), "HX-Request": "true", Accept: "application/json" } }).catch(() => null);
  busy.delete(item.key);
  if (answer?.ok) {
    forget(item);
    if (answer.headers.get("Content-Type")?.startsWith("application/json")) { document.dispatchEvent(new CustomEvent("zk:stored")); return; }
    const html = await answer.text();
    if (talk()?.dataset.number === item.number) document.dispatchEvent(new CustomEvent("zk:said", { detail: { html } }));
    messages()?.querySelector(`[data-sent-key="${item.key}"]`)?.remove();
  } else if (answer && [400, 403, 404, 409, 413, 422].includes(answer.status)) {
    forget(item);
    messages()?.querySelector(`[data-sent-key="${item.key}"]`)?.remove();
    await refuse(answer, item);
  } else failed(item);
}

const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";

async function refuse(answer, item) {
  if (talk()?.dataset.number === item.number && form()) {
    if (answer.status === 422) told().innerHTML = await answer.text();
    else say(document.getElementById("zk-toast")?.dataset.refused);
    if (!field().value) { field().value = item.words; field().dispatchEvent(new Event("input", { bubbles: true })); }
    if (item.files?.length) document.dispatchEvent(new CustomEvent("zk:files", { detail: item.files }));
    told().querySelector("[data-focus]")?.scrollIntoView({ block: "nearest" });
  } else say(document.getElementById("zk-toast")?.dataset.refused);
}

function submit() {
  const words = field().value;
  told().replaceChildren();
  if (editing) { change(editing, { words }); return; }
  const files = chosen();
  if (!words.trim() && !files.length) { field().focus(); return; }
  if (LEFT.test(words)) { say(form().dataset.left + words.match(LEFT)[0]); field().focus(); return; }
  if (document.querySelector("#wb-files [data-uploading]")) { say(document.getElementById("wb-files").dataset.busy); return; }
  const item = { about, key: key(), number: talk().dataset.number, url: form().action, words, internal: internal(), files, entries: form().elements.entries.value.split(",").filter(Boolean), me, at: Date.now() };
  keep(item);
  clear();
  show(item);
  send(item);
}

function clear() {
  field().value = "";
  form().elements.entries.value = "";
  document.getElementById("wb-files").replaceChildren();
  localStorage.removeItem(`zk-draft:${form().dataset.draft}`);
  localStorage.removeItem(`zk-draft:${form().dataset.draft}/files`);
  regard(null);
  field().focus();
}

const chosen = () => [...document.querySelectorAll("#wb-files [data-token]")].map((chip) => ({ token: chip.dataset.token, name: chip.dataset.name }));

document.addEventListener("submit", (event) => {
  if (event.target.id !== "wb-compose") return;
  event.preventDefault();
  submit();
});

// Enter sends, or Ctrl+Enter does, as each likes it; never while characters are being composed. keys.js knows Ctrl+Enter.
const enterSends = () => (localStorage.getItem(ENTER) ?? "1") === "1";
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "wb-words" || event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey && enterSends()) {
    event.preventDefault();
    submit();
  }
  if (event.key === "Escape" && editing) { event.stopPropagation(); stopEditing(); }
  if (event.key === "ArrowUp" && !field().value) {
    const last = [...messages().querySelectorAll(".wb-mine [data-edit]")].at(-1);
    if (last) { event.preventDefault(); last.click(); }
  }
});
document.addEventListener("change", (event) => { if (event.target.id === "wb-enter") { localStorage.setItem(ENTER, event.target.checked ? "1" : "0"); event.target.defaultChecked = event.target.checked; } });

// correcting, recalling, sending again

function stopEditing() {
  editing = null;
  document.getElementById("wb-editing").hidden = true;
  field().value = "";
  field().dispatchEvent(new Event("input", { bubbles: true }));
}

async function change(url, values) {
  const answer = await fetch(url, { method: "POST", body: new URLSearchParams(values), headers: { "X-CSRFToken": token(), "HX-Request": "true" } }).catch(() => null);
  if (answer?.ok) {
    const part = document.createElement("template");
    part.innerHTML = (await answer.text()).trim();
    const element = part.content.firstElementChild;
    const old = element && document.getElementById(element.id);
    if (old) window.zkTalk.swap(old, element);
    if (editing) stopEditing();
  } else if (answer?.status === 422 && form()) told().innerHTML = await answer.text();
  else say(document.getElementById("zk-toast")?.dataset.failed);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.mode && form()?.contains(button)) { mode(button.dataset.mode); focusEnd(); form().dispatchEvent(new Event("input", { bubbles: true })); }
  if (button.dataset.edit) {
    editing = button.dataset.edit;
    field().value = button.closest(".wb-message").querySelector("[data-words]")?.innerText ?? "";
    document.getElementById("wb-editing").hidden = false;
    focusEnd();
  }
  if (button.dataset.recall) {
    if (button.dataset.asked) change(button.dataset.recall, { deed: "recall" });
    else { button.dataset.asked = "1"; button.textContent = button.dataset.ask; }
  }
  if (button.dataset.again && !form()?.contains(button)) change(button.dataset.again, { deed: "again" });
  for (const kind of ["answers", "corrects"]) {
    if (!button.dataset[kind] || !button.closest(".wb-message")) continue;
    mode("reply");
    regard(kind, button.dataset[kind], (button.closest(".wb-message").querySelector("[data-words]")?.innerText ?? "").slice(0, 40));
    focusEnd();
  }
  if (button.dataset.settle) change(button.dataset.settle, { deed: "settle" });
  if ("cancelAbout" in button.dataset) { regard(null); field().focus(); }
  if ("cancelEdit" in button.dataset) { stopEditing(); field().focus(); }
});

// a conversation was opened: its choices, its draft, what is still to be sent

function begin() {
  editing = null;
  about = null;
  if (!form()) return;
  const enter = document.getElementById("wb-enter");
  enter.checked = enter.defaultChecked = enterSends();  // as he keeps it: nothing that he has changed here
  if (form().querySelector('[data-mode="reply"]') || internal()) mode(internal() ? "note" : "reply");
  else mode("note");
  for (const item of outbox().filter((each) => each.me === me).sort((one, two) => one.at - two.at)) { show(item); if (!busy.has(item.key)) send(item); }
}
document.addEventListener("zk:talk", begin);
document.addEventListener("zk:reset", () => { for (const item of outbox().filter((each) => each.me === me)) send(item); });
addEventListener("online", () => { for (const item of outbox().filter((each) => each.me === me)) send(item); });
// Of a page that was loaded whole the messages are fetched first; they would take the place of what is still to be sent.
if (talk() && !messages().hasAttribute("data-first")) begin();
