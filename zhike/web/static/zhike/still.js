// A page that redraws itself never takes away what somebody is using. Between the press of a button and its click nothing of the page
// moves; a part in which somebody writes or has half written, in which a question, a menu or a form stands open, or a deed of which is on
// its way to the server, stays as it is: what the answer says is told to the element that asked.
// What came for it meanwhile is asked for again when it is free.
//   window.zkStill.held(part)              whether this part must not be redrawn now
//   window.zkStill.when(part, name, deed)  does it now, or as soon as part() is free; of one name only the last deed
// Every redraw nobody asked for goes through here: htmx's, set off by a "live" event or a poll, and the conversations' own.
const FIELDS = "textarea, select, input:not([type=hidden], [type=submit], [type=button], [type=reset], [type=image])";
const WRITTEN = "textarea, select, input:not([type=checkbox], [type=radio], [type=submit], [type=button], [type=reset]), [contenteditable]";
const ASKED = "details.zk-confirm[open], details.zk-menu[open], details.zk-more[open], dialog[open], [data-asked], [data-held] > *, [hx-post].htmx-request";
const TAP = 400;
const waiting = new Map();
let pressed = false, end = 0, timer = 0;

function typed(field) {
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  if (!field.matches("select")) return field.value !== field.defaultValue;
  const first = [...field.options].some((option) => option.defaultSelected) || field.multiple ? null : field.options[0];
  return [...field.options].some((option) => option.selected !== (first ? option === first : option.defaultSelected));
}

function held(part) {
  if (pressed) return true;
  if (!part?.isConnected) return false;
  const here = document.activeElement;
  if (here && part.contains(here) && (here.matches(WRITTEN) || part.contains(here.closest("[data-typing]")))) return true;
  return Boolean(part.querySelector(ASKED)) || [...part.querySelectorAll(FIELDS)].some(typed);
}

function when(part, name, deed) {
  if (held(part())) waiting.set(name, { part, deed });
  else { waiting.delete(name); deed(); }
}

function free() {
  timer = 0;
  for (const [name, { part, deed }] of [...waiting]) {
    if (held(part())) continue;
    waiting.delete(name);
    deed();
  }
}
const look = () => { if (waiting.size) timer ||= setTimeout(free); };

// The press ends with its click, which a finger's lifting brings only a moment later, or without one.
function down() { clearTimeout(end); pressed = true; }
function up(after) {
  if (!pressed) return;
  clearTimeout(end);
  end = setTimeout(() => { pressed = false; look(); }, after);
}
addEventListener("pointerdown", down, true);
addEventListener("pointerup", () => up(TAP), true);
addEventListener("pointermove", (event) => { if (event.pointerType === "mouse" && !event.buttons) up(0); }, true);
for (const name of ["click", "pointercancel", "keyup", "blur", "pagehide"]) addEventListener(name, (event) => { if (name !== "blur" || event.target === window) up(0); }, true);
addEventListener("keydown", (event) => { if ([" ", "Enter"].includes(event.key)) down(); }, true);
for (const name of ["focusout", "toggle", "close", "input", "change", "reset", "htmx:afterSettle", "htmx:afterRequest"]) addEventListener(name, look, true);

// What a deed of his own brings is put in place at once; only what came by itself waits.
const again = (element) => () => window.htmx?.trigger(element.isConnected ? element : document.getElementById(element.id) ?? element, "live");
document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, target } = event.detail;
  const cause = requestConfig?.triggeringEvent;
  if (!["live", "hx:poll:trigger"].includes(cause?.type) || !held(target)) return;
  event.detail.shouldSwap = false;
  if (cause.type === "live") when(() => target, cause.detail?.again ? cause.detail.name : requestConfig.elt, cause.detail?.again ?? again(requestConfig.elt));
});

window.zkStill = { held, when };
