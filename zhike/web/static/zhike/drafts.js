// Nothing typed is lost: forms marked data-draft="name" are kept in the browser until they were accepted.
const say = (words) => document.dispatchEvent(new CustomEvent("zk:say", { detail: words }));

const PREFIX = "zk-draft:";
const WEEK = 7 * 86400 * 1000;
const nameOf = (form) => PREFIX + form.dataset.draft;
const kept = (input) => input.name && !["hidden", "file", "password", "submit"].includes(input.type) && input.name !== "csrfmiddlewaretoken";

function keep(form) {
  const values = {};
  for (const input of form.elements) {
    if (!kept(input)) continue;
    if ((input.type === "radio" || input.type === "checkbox") && !input.checked) continue;
    (values[input.name] ??= []).push(input.value);
  }
  const some = Object.values(values).flat().some(Boolean);
  if (some) localStorage.setItem(nameOf(form), JSON.stringify({ at: Date.now(), values }));
  else localStorage.removeItem(nameOf(form));
}

function restore(form) {
  form.dataset.restored = "1";
  const draft = JSON.parse(localStorage.getItem(nameOf(form)) ?? "null");
  // A form that comes back from the server with what was typed needs nothing from us.
  if (!draft || form.hasAttribute("data-filled") || Date.now() - draft.at > WEEK) return;
  let changed = false;
  for (const input of form.elements) {
    const values = draft.values[input.name];
    if (!kept(input) || !values) continue;
    if (input.type === "radio" || input.type === "checkbox") { changed ||= input.checked !== values.includes(input.value); input.checked = values.includes(input.value); }
    else if (!input.value && values.length) { input.value = values.shift(); changed = true; }
  }
  if (changed) { if (!form.hasAttribute("data-quiet")) say(document.getElementById("zk-toast")?.dataset.draft); form.dispatchEvent(new Event("change", { bubbles: true })); }
}

function forgetAccepted() {
  for (const name of (document.querySelector("[data-accepted]")?.dataset.accepted ?? "").split(" ").filter(Boolean)) localStorage.removeItem(PREFIX + name);
}

function scan(scope) {
  if (scope.matches?.("form[data-draft]:not([data-restored])")) restore(scope);
  for (const form of scope.querySelectorAll?.("form[data-draft]:not([data-restored])") ?? []) restore(form);
}
document.addEventListener("input", (event) => { const form = event.target.closest?.("form[data-draft]"); if (form) keep(form); });
document.addEventListener("htmx:load", (event) => { forgetAccepted(); scan(event.detail.elt); });
// Accepted by the server: 2xx, also where it sends the browser elsewhere, which htmx does not call successful. A refusal or a stale
// page keeps the draft.
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form[data-draft]");
  const status = event.detail.xhr?.status ?? 0;
  if (form && status >= 200 && status < 300 && event.detail.requestConfig.verb === "post") localStorage.removeItem(nameOf(form));
});
for (const name of Object.keys(localStorage)) {
  if (name.startsWith(PREFIX) && !(Date.now() - JSON.parse(localStorage.getItem(name)).at < WEEK)) localStorage.removeItem(name);
}
// Signed out, or somebody else at the same browser: what one person typed is not the next one's to read.
const here = document.body.dataset.person;
const before = localStorage.getItem("zk-person");
if (document.querySelector("[data-forget-drafts]") || (here && before && here !== before)) {
  for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name);
}
if (here) localStorage.setItem("zk-person", here);
forgetAccepted();
scan(document);
