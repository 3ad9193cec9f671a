// What tells somebody who looks elsewhere: a tone (only after he asked for it), the number in the title, a supervisor's whisper.
const KEY = "zk-sound";
const button = document.getElementById("wb-sound");
let context = null;

function draw() {
  const on = localStorage.getItem(KEY) === "1";
  button.setAttribute("aria-pressed", String(on));
  button.querySelector("use")?.setAttribute("href", button.querySelector("use").getAttribute("href").replace(/#.*/, on ? "#volume" : "#volume-off"));
}

function tone(pitch) {
  if (localStorage.getItem(KEY) !== "1") return;
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
  const source = context.createOscillator(), loud = context.createGain(), now = context.currentTime;
  source.frequency.value = pitch;
  loud.gain.setValueAtTime(0.0001, now);
  loud.gain.exponentialRampToValueAtTime(0.12, now + 0.02);
  loud.gain.exponentialRampToValueAtTime(0.0001, now + 0.35);
  source.connect(loud).connect(context.destination);
  source.start(now);
  source.stop(now + 0.4);
}

button.addEventListener("click", () => {
  const on = localStorage.getItem(KEY) !== "1";
  localStorage.setItem(KEY, on ? "1" : "0");
  draw();
  document.dispatchEvent(new CustomEvent("zk:say", { detail: on ? button.dataset.on : button.dataset.off }));
  if (on) tone(660);
});

function badge() {
  const rows = [...document.querySelectorAll('[data-group="mine"] .wb-row, [data-group="helping"] .wb-row')];
  const news = rows.reduce((sum, row) => sum + Number(row.dataset.unread), 0) + document.querySelectorAll('[data-group="offers"] .wb-row').length;
  const base = document.title.replace(/^\(\d+\+?\) /, "");
  document.title = news ? `(${news > 99 ? "99+" : news}) ${base}` : base;
}
document.addEventListener("zk:counted", badge);

const mine = (id) => document.getElementById(`wb-row-${id}`)?.closest('[data-group="mine"], [data-group="helping"]');
document.addEventListener("zk:fact", (event) => {
  const fact = event.detail;
  const id = (fact.subject ?? "").split(":")[1];
  if (fact.type === "conversation.written" && fact.payload.side === "customer" && mine(id)) tone(520);
  if (fact.type === "conversation.whispered" && document.body.dataset.person === `staff:${fact.payload.staff}`) whispered(fact.payload);
});
document.addEventListener("zk:new-row", (event) => { if (event.detail.group === "offers") tone(780); });

// The words come through the message's own gate.
async function whispered({ number, message }) {
  tone(880);
  const base = document.getElementById("wb-list").dataset.rows.replace(/\/rows$/, "");
  const answer = await fetch(`${base}/${encodeURIComponent(number)}/messages/${Number(message)}`).catch(() => null);
  if (!answer?.ok) return;
  const part = document.createElement("template");
  part.innerHTML = (await answer.text()).trim();
  const place = document.getElementById("wb-whispers");
  const box = document.createElement("section");
  box.append(
    Object.assign(document.createElement("b"), { textContent: place.dataset.title }),
    Object.assign(document.createElement("p"), { textContent: `${part.content.querySelector(".wb-by b")?.textContent ?? ""} · ${number}` }),
    Object.assign(document.createElement("div"), { className: "wb-words", textContent: part.content.querySelector(".wb-words")?.textContent ?? "" }),
  );
  const open = Object.assign(document.createElement("a"), { className: "btn btn-sm", textContent: place.dataset.open, href: `${base}/${number}` });
  open.dataset.talk = number;
  const done = Object.assign(document.createElement("button"), { className: "btn btn-sm", type: "button", textContent: place.dataset.close });
  for (const each of [open, done]) each.addEventListener("click", () => { box.remove(); window.zkTalk.home(); });
  box.append(open, done);
  place.append(box);
}

draw();
badge();
