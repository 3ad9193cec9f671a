// Time left ticks on the page only where the server's clock runs (body[data-live-clock]); in a frozen sandbox the words stay as sent.
const words = JSON.parse(document.getElementById("zk-words")?.textContent ?? "{}");
const start = document.body.dataset.liveClock;
const offset = start ? Date.parse(start) - Date.now() : 0;

const count = (n, one, many) => (n === 1 ? words[one] : words[many]).replace("@", n);

function span(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  const d = Math.floor(seconds / 86400), h = Math.floor((seconds % 86400) / 3600), m = Math.floor((seconds % 3600) / 60);
  const parts = d ? [count(d, "day", "days"), h && count(h, "hour", "hours")]
    : h ? [count(h, "hour", "hours"), m && count(m, "minute", "minutes")] : [count(m, "minute", "minutes")];
  return parts.filter(Boolean).join(" ");
}

function tick() {
  const now = Date.now() + offset;
  for (const clock of document.querySelectorAll("[data-due]")) {
    const left = Date.parse(clock.dataset.due) - now;
    const which = left < 0 ? "late" : "left";
    const text = Math.abs(left) < 60000 ? words[`${which}_moment`] : words[which].replace("@", span(left));
    const place = clock.querySelector(".zk-left");
    if (place && place.textContent !== text) place.textContent = text;
    if (left < 0 && !clock.classList.contains("zk-overdue")) {
      clock.classList.remove("zk-running", "zk-warned");
      clock.classList.add("zk-overdue");
      const word = clock.querySelector(".zk-word");
      if (word) word.textContent = words.overdue;
    }
  }
}
if (start) { tick(); setInterval(tick, 5000); }
