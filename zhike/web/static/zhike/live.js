// One stream a page. What it says is only that something happened; the fragments concerned are fetched again through their own gate.
//   <body data-feed="/live">                      where to listen
//   data-live="case:7 clock notice"               what a fragment listens to: "kind:id", a kind of subject, a family of facts, or "*"
// The browser reconnects by itself with Last-Event-ID, so nothing is missed; a lost connection is said in one line.
const say = (words) => document.dispatchEvent(new CustomEvent("zk:say", { detail: words }));

const feed = document.body.dataset.feed;
const line = document.getElementById("zk-link");
let waiting = new Set();
let timer = 0;
let lost = 0;
const slow = new Map();

function concerned(element, topics) {
  return element.dataset.live.split(" ").some((name) => name === "*" || topics.has(name));
}

// data-live-every="1500": a part that much happens to is fetched again at most so often, and once more after the last of it.
// What somebody is using waits until he is done (still.js).
const trigger = (element) => window.zkStill.when(() => element, element, () => { if (element.isConnected) window.htmx?.trigger(element, "live"); });
function fetchAgain(element) {
  const every = Number(element.dataset.liveEvery ?? 0);
  if (!every) { trigger(element); return; }
  if (slow.has(element.id)) { slow.set(element.id, true); return; }
  slow.set(element.id, false);
  trigger(element);
  setTimeout(() => {
    const again = slow.get(element.id);
    slow.delete(element.id);
    const now = document.getElementById(element.id);
    if (again && now) fetchAgain(now);
  }, every);
}

function refresh() {
  timer = 0;
  const topics = waiting;
  waiting = new Set();
  for (const element of document.querySelectorAll("[data-live]")) {
    if (concerned(element, topics)) fetchAgain(element);
  }
  document.dispatchEvent(new CustomEvent("zk:live", { detail: [...topics] }));
}

function heard(message) {
  let fact = {};
  try { fact = JSON.parse(message.data); } catch { return; }
  // Whoever needs the fact itself, at once: the screen of conversations.
  document.dispatchEvent(new CustomEvent("zk:fact", { detail: fact }));
  waiting.add("*");
  if (fact.subject) waiting.add(fact.subject).add(fact.subject.split(":")[0]);
  if (fact.type) waiting.add(fact.type.split(".")[0]);
  // A burst of facts is one refresh.
  timer ||= setTimeout(refresh, 60);
}

function everything() {
  document.dispatchEvent(new CustomEvent("zk:reset"));
  for (const element of document.querySelectorAll("[data-live]")) trigger(element);
}

let source = null;
function connect() {
  source = new EventSource(feed);
  source.onmessage = heard;
  // Somebody is typing or has read: true for seconds, kept nowhere.
  source.addEventListener("passing", (message) => {
    try { document.dispatchEvent(new CustomEvent("zk:passing", { detail: JSON.parse(message.data) })); } catch { /* not ours */ }
  });
  // Too much was missed to be told one by one: everything that lives is fetched again.
  source.addEventListener("reset", everything);
  source.onopen = () => {
    clearTimeout(lost);
    if (!line.hidden) { line.hidden = true; say(line.dataset.back); everything(); }
    lost = 0;
  };
  source.onerror = () => {
    lost ||= setTimeout(() => { line.textContent = line.dataset.lost; line.hidden = false; }, 2000);
    if (source.readyState === EventSource.CLOSED) again();
  };
}

// The stream was refused. Whose session has ended is shown nothing any more; what he typed is kept for when he is back.
async function again() {
  const look = new AbortController();
  const status = await fetch(feed, { signal: look.signal, cache: "no-store" }).then((answer) => answer.status, () => 0);
  look.abort();
  if (status === 401) location.replace(`/sign-in?ended=1&next=${encodeURIComponent(location.pathname + location.search)}`);
  else setTimeout(connect, 5000);
}
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => { if (event.persisted && feed) connect(); });

if (feed && line && window.EventSource) connect();
