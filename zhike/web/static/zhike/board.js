// The board by stage: a card is dragged or moved by keyboard; what that means the server answers with the actions that lead there.
const dialog = document.getElementById("cl-move");
let dragged = null;

function ask(url) {
  window.htmx.ajax("GET", url, { target: "#cl-move-body", swap: "innerHTML" }).then(() => { if (!dialog.open) dialog.showModal(); });
}
const moveUrl = (card, stage) => `${card.querySelector("[data-move]").getAttribute("href")}?to=${encodeURIComponent(stage)}`;

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-move]");
  if (link) { event.preventDefault(); ask(link.getAttribute("href")); }
  if (event.target.closest("[data-close]") || event.target === dialog) dialog.close();
});
// The form's own way out leads back to where one stands: the dialog closes.
dialog.addEventListener("click", (event) => {
  const away = event.target.closest(".zk-form-end a");
  if (away) { event.preventDefault(); dialog.close(); }
});
dialog.addEventListener("close", () => { document.getElementById("cl-move-body").replaceChildren(); });

const lanes = () => [...document.querySelectorAll(".cl-lane")];
function mark(card) {
  const ways = (card?.closest(".cl-lane").dataset.ways ?? "").split(" ");
  for (const lane of lanes()) {
    lane.classList.toggle("cl-open", Boolean(card) && ways.includes(lane.dataset.stage));
    lane.classList.toggle("cl-shut", Boolean(card) && !ways.includes(lane.dataset.stage) && !lane.contains(card));
  }
}
document.addEventListener("dragstart", (event) => {
  const card = event.target.closest?.(".cl-card");
  if (!card?.querySelector("[data-move]")) { if (card) event.preventDefault(); return; }
  dragged = card;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", card.dataset.number);
  mark(card);
});
document.addEventListener("dragend", () => { dragged = null; mark(null); });
document.addEventListener("dragover", (event) => {
  const lane = event.target.closest?.(".cl-lane");
  if (dragged && lane && !lane.contains(dragged)) { event.preventDefault(); event.dataTransfer.dropEffect = "move"; }
});
document.addEventListener("drop", (event) => {
  const lane = event.target.closest?.(".cl-lane");
  if (!dragged || !lane || lane.contains(dragged)) return;
  event.preventDefault();
  ask(moveUrl(dragged, lane.dataset.stage));
});

document.addEventListener("keydown", (event) => {
  const card = document.activeElement?.closest(".cl-card");
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!card || !step || event.ctrlKey || event.metaKey || event.altKey) return;
  const filled = lanes().filter((lane) => lane.querySelector(".cl-card"));
  const next = filled[filled.indexOf(card.closest(".cl-lane")) + step];
  if (!next) return;
  event.preventDefault();
  next.querySelector("[data-open]").focus();
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
});
