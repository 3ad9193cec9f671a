// What every page does: the theme switch, one press is one submission, errors of requests said in words.
const root = document.documentElement;

if (matchMedia("(max-width: 760px)").matches) for (const part of document.querySelectorAll("details[data-close-narrow]")) part.open = false;

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-theme]");
  if (button) choose(button);
  for (const menu of document.querySelectorAll("details.zk-menu[open], details.zk-confirm[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

function choose(button) {
  const theme = button.dataset.theme;
  document.cookie = `theme=${theme}; path=/; SameSite=Lax; max-age=${theme ? 31536000 : 0}`;
  root.toggleAttribute("data-theme-chosen", Boolean(theme));
  root.setAttribute("data-bs-theme", theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
}

// Navigation that does not fit a telephone is pushed along until it shows where one is.
for (const here of document.querySelectorAll(".zk-tabs [aria-current], .ad-nav [aria-current]")) {
  here.parentElement.scrollLeft = Math.max(0, here.offsetLeft - here.parentElement.offsetLeft - 24);
}

for (const today of document.querySelectorAll(".at-scroll thead .at-today")) {
  const table = today.closest(".at-scroll");
  table.scrollLeft = Math.max(0, today.offsetLeft - table.clientWidth / 2);
}

// A form marked data-once is sent once; the server's submission key is the real guard, this only shows it.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]") || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  if (!form.matches("[hx-post]:not([hx-trigger])")) setTimeout(() => busy(form, true));
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => free(form)));
// A form may also ask something while it is filled in (who may be the same customer): only its sending is waited for.
const sends = (event) => event.detail.requestConfig?.triggeringEvent?.type === "submit";
document.addEventListener("htmx:beforeRequest", (event) => { if (sends(event)) busy(event.target, true); });
// A page nobody looks at asks for nothing; it catches up when it is looked at again.
document.addEventListener("htmx:beforeRequest", (event) => { if (document.hidden && event.target.matches?.("[data-poll]")) event.preventDefault(); });
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const part of document.querySelectorAll("[data-poll]")) window.htmx?.trigger(part, "live");
});
document.addEventListener("htmx:afterRequest", (event) => { if (sends(event)) free(event.target); });

function busy(element, on) {
  if (!element.matches?.("form")) return;
  for (const button of element.querySelectorAll("button[type=submit]")) button.toggleAttribute("aria-busy", on);
  if (element.matches("[data-once]")) still(element, on);
}
// What is typed while a form is on its way would be lost with the answer: it takes nothing until then, and the reader's place comes back.
const places = new WeakMap();
function still(form, on) {
  if (on && form.contains(document.activeElement)) places.set(form, document.activeElement);
  form.inert = on;
  if (on) return;
  if (document.activeElement === document.body) places.get(form)?.focus({ preventScroll: true });
  places.delete(form);
}
function free(element) {
  if (!element.matches?.("form")) return;
  delete element.dataset.sent;
  busy(element, false);
}

function say(words) {
  const toast = document.getElementById("zk-toast");
  if (!toast || !words) return;
  toast.textContent = words;
  toast.classList.add("shown");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => toast.classList.remove("shown"), 6000);
}
if (document.getElementById("zk-toast")?.textContent.trim()) say(document.getElementById("zk-toast").textContent.trim());
const toast = () => document.getElementById("zk-toast")?.dataset ?? {};
document.addEventListener("htmx:sendError", () => say(toast().failed));
document.addEventListener("htmx:responseError", (event) => {
  const words = { 400: toast().unreadable, 401: toast().signedOut, 403: toast().refused, 413: toast().unreadable };
  say(words[event.detail.xhr.status] ?? toast().failed);
});
document.addEventListener("zk:say", (event) => say(event.detail));

// After a refusal the reader's place is the refusal itself.
const focusTold = (scope) => {
  const place = scope.querySelector?.("[data-focus]");
  place?.focus({ preventScroll: true });
  (place?.closest("form") ?? place)?.scrollIntoView({ block: place.closest("form") ? "start" : "nearest" });
};
document.addEventListener("htmx:load", (event) => { focusTold(event.detail.elt); shown(event.detail.elt); });
focusTold(document);

// Fields that a choice brings up: data-shown-when is {field: [values]}; all must match.
function shown(scope) {
  for (const field of (scope.closest?.("form") ?? scope).querySelectorAll?.("[data-shown-when]") ?? []) {
    const form = field.closest("form");
    const wanted = Object.entries(JSON.parse(field.dataset.shownWhen));
    const is = wanted.every(([name, values]) => new FormData(form).getAll(name).some((value) => values.includes(value)));
    field.hidden = !is;
    for (const input of field.querySelectorAll("input, select, textarea")) input.disabled = !is;
  }
}
document.addEventListener("change", (event) => shown(event.target));
shown(document);

// Rows of a table inside a form: add another, take one away.
document.addEventListener("click", (event) => {
  const add = event.target.closest("[data-add-row]");
  if (add) {
    const body = add.closest(".zk-rows").querySelector("tbody");
    const number = Number(body.dataset.next);
    const copy = add.closest(".zk-rows").querySelector("template").content.cloneNode(true);
    for (const input of copy.querySelectorAll("[name], [id], [for]")) {
      for (const name of ["name", "id", "for"]) if (input.hasAttribute(name)) input.setAttribute(name, input.getAttribute(name).replace("{n}", number));
    }
    body.dataset.next = number + 1;
    body.append(copy);
    body.lastElementChild.querySelector("input, select")?.focus();
  }
});

// A file input is a button of ours; the names chosen stand beside it.
document.addEventListener("change", (event) => {
  const chosen = event.target.matches("input[type=file]") && event.target.parentElement.querySelector("[data-chosen]");
  if (chosen) chosen.textContent = [...event.target.files].map((file) => file.name).join(", ");
});

// On a telephone the rows of a table stand under each other: each figure brings the name of its column.
function named(scope) {
  for (const table of scope.querySelectorAll?.("table.zk-named") ?? []) {
    const titles = [...table.querySelectorAll("thead th")].map((title) => title.textContent.trim());
    for (const row of table.tBodies[0]?.rows ?? []) {
      [...row.cells].forEach((cell, at) => { if (titles[at] && !cell.matches(".wide")) cell.dataset.title = titles[at]; });
    }
  }
}
document.addEventListener("htmx:load", (event) => named(event.detail.elt));
named(document);

// A button that copies what another element holds; where the browser refuses, it is selected to be copied by hand.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.value ?? source.innerText);
      say(button.dataset.copied);
    } catch { if (source.select) source.select(); else getSelection().selectAllChildren(source); }
  }
  if (event.target.closest("[data-print]")) print();
});
document.addEventListener("focusin", (event) => { if (event.target.matches("input[data-select]")) event.target.select(); });
