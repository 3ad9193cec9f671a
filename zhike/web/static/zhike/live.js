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
  waiting.add("*");
  if (fact.subject) waiting.add(fact.subject).add(fact.subject.split(":")[0]);
  if (fact.type) waiting.add(fact.type.split(".")[0]);
  // A burst of facts is one refresh.
  timer ||= setTimeout(refresh, 60);
}

function everything() {
  for (const element of document.querySelectorAll("[data-live]")) {
    if (!element.contains(document.activeElement?.closest?.("[data-typing]"))) window.htmx?.trigger(element, "live");
  }
}

let source = null;
function connect() {
  source = new EventSource(feed);
  source.onmessage = heard;
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
