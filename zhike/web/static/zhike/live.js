// One stream a page. What it says is only that something happened; the fragments concerned are fetched again through their own gate.
//   <body data-feed="/live">                      where to listen
//   data-live="case:7 clock notice"               what a fragment listens to: "kind:id", "kind", or "*"
// The browser reconnects by itself with Last-Event-ID, so nothing is missed; a lost connection is said in one line.
const say = (words) => document.dispatchEvent(new CustomEvent("zk:say", { detail: words }));

const feed = document.body.dataset.feed;
const line = document.getElementById("zk-link");
let waiting = new Set();
let timer = 0;
let lost = 0;

function concerned(element, topics) {
  return element.dataset.live.split(" ").some((name) => name === "*" || topics.has(name));
}

function refresh() {
  timer = 0;
  const topics = waiting;
  waiting = new Set();
  for (const element of document.querySelectorAll("[data-live]")) {
    if (!concerned(element, topics) || element.contains(document.activeElement?.closest?.("[data-typing]"))) continue;
    window.htmx?.trigger(element, "live");
  }
  document.dispatchEvent(new CustomEvent("zk:live", { detail: [...topics] }));
}

function heard(message) {
  let fact = {};
  try { fact = JSON.parse(message.data); } catch { return; }
  const kind = fact.subject_kind ?? fact.subject?.[0];
  const id = fact.subject_id ?? fact.subject?.[1];
  waiting.add("*");
  if (kind) waiting.add(kind).add(`${kind}:${id}`);
  const type = fact.type ?? message.type;
  if (type) waiting.add(type.split(".")[0]);
  // A burst of facts is one refresh.
  timer ||= setTimeout(refresh, 120);
}

function connect() {
  const source = new EventSource(feed);
  source.onmessage = heard;
  source.addEventListener("fact", heard);
  source.onopen = () => {
    if (!lost) return;
    lost = 0;
    line.hidden = true;
    say(line.dataset.back);
    waiting.add("*");
    for (const element of document.querySelectorAll("[data-live]")) window.htmx?.trigger(element, "live");
  };
  source.onerror = () => {
    lost ||= setTimeout(() => { if (source.readyState !== EventSource.OPEN) { line.textContent = line.dataset.lost; line.hidden = false; } }, 2000);
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
  };
  addEventListener("pagehide", () => source.close());
}

if (feed && line && window.EventSource) connect();
