// Signs of life of who answers queues, and the time in his state ticking. Without a control on the page nothing runs.
const EVERY = 20000;
const start = document.body.dataset.liveClock;
const offset = start ? Date.parse(start) - Date.now() : 0;
const control = () => document.getElementById("zk-presence");

async function beat() {
  const here = control();
  if (!here?.dataset.beat) return;
  try {
    const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
    const answer = await fetch(here.dataset.beat, { method: "POST", headers, credentials: "same-origin" });
    const mark = answer.headers.get("X-Presence");
    const open = here.querySelector("details[open]");
    if (mark && mark !== here.dataset.mark && !open) window.htmx?.trigger(here, "live");
  } catch { /* the next beat tries again; the bar says that the connection is lost */ }
}

const two = (n) => String(n).padStart(2, "0");
function clock(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000)), h = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  return h ? `${h}:${rest}` : rest;
}

function tick() {
  const place = control()?.querySelector("[data-since]");
  if (!place) return;
  const now = Date.now() + offset, since = Date.parse(place.dataset.since), until = Date.parse(place.dataset.until ?? "");
  place.textContent = clock(now - since) + (until ? ` / ${clock(until - since)}` : "");
  control().classList.toggle("zk-late", Boolean(until) && now > until);
}

setInterval(beat, EVERY);
document.addEventListener("visibilitychange", () => { if (!document.hidden) beat(); });
document.addEventListener("htmx:load", (event) => { if (event.detail.elt.id === "zk-presence") { tick(); beat(); } });
if (start) setInterval(tick, 1000);
