// Files for a message: chosen, pasted or dropped, taken in at once, shown as chips until the message goes.
const say = (words) => document.dispatchEvent(new CustomEvent("zk:say", { detail: words }));
const form = () => document.getElementById("wb-compose");
const chips = () => document.getElementById("wb-files");
const MOST = 9, BIGGEST = 10 * 1024 * 1024;
// What was taken in and not yet sent is part of the draft, for as long as the server keeps it (records/attachments.py: 24 hours).
const KEPT = 23 * 3600 * 1000;
const draftOf = (draft) => `zk-draft:${draft}/files`;
const kept = (draft) => (JSON.parse(localStorage.getItem(draftOf(draft)) ?? "null")?.files ?? []).filter((file) => Date.now() - file.at < KEPT);
function keep(draft, files) {
  if (files.length) localStorage.setItem(draftOf(draft), JSON.stringify({ at: Date.now(), files }));
  else localStorage.removeItem(draftOf(draft));
}
const forget = (draft, token) => keep(draft, kept(draft).filter((file) => file.token !== token));
const sizeOf = (bytes) => `${Math.max(1, Math.round(bytes / 1024))} KB`;

function chipOf(named, words) {
  const draft = form().dataset.draft;
  const chip = document.createElement("li");
  chip.dataset.name = named;
  const name = Object.assign(document.createElement("span"), { textContent: named });
  const state = Object.assign(document.createElement("small"), { className: "quiet", textContent: words });
  const drop = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: chips().dataset.remove });
  drop.addEventListener("click", () => { forget(draft, chip.dataset.token); chip.remove(); document.getElementById("wb-words")?.focus(); });
  chip.append(name, state, drop);
  chips().append(chip);
  return { chip, name, state };
}

// Files of a draft that was left, and of a message that was refused, stand there again.
function restore(files) {
  const here = new Set([...chips().querySelectorAll("[data-token]")].map((chip) => chip.dataset.token));
  for (const file of files) if (!here.has(file.token)) chipOf(file.name, file.size ? sizeOf(file.size) : "").chip.dataset.token = file.token;
}
document.addEventListener("zk:talk", () => { if (form()) restore(kept(form().dataset.draft)); });
document.addEventListener("zk:files", (event) => {
  if (!form()) return;
  const files = event.detail.map((file) => ({ at: Date.now(), ...file }));
  restore(files);
  keep(form().dataset.draft, [...kept(form().dataset.draft), ...files]);
});

async function take(file) {
  if (chips().children.length >= MOST) { say(chips().dataset.most); return; }
  if (file.size > BIGGEST) { say(chips().dataset.tooBig.replace("@", file.name)); return; }
  const draft = form().dataset.draft;
  const { chip, name, state } = chipOf(file.name, chips().dataset.busy);
  chip.dataset.uploading = "";
  const body = new FormData();
  body.append("file", file, file.name);
  const answer = await fetch(form().dataset.upload, { method: "POST", body, headers: { "X-CSRFToken": form().elements.csrfmiddlewaretoken.value } }).catch(() => null);
  delete chip.dataset.uploading;
  if (answer?.ok) {
    const taken = await answer.json();
    chip.dataset.token = taken.token;
    chip.dataset.name = taken.name;
    name.textContent = taken.name;
    state.textContent = sizeOf(taken.size);
    keep(draft, [...kept(draft), { token: taken.token, name: taken.name, size: taken.size, at: Date.now() }]);
    return;
  }
  chip.remove();
  const why = answer?.status === 422 ? (await answer.json()).why : "";
  say(why || document.getElementById("zk-toast")?.dataset[answer?.status === 413 ? "unreadable" : "failed"]);
}

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length || !form()?.contains(event.target)) return;
  event.preventDefault();
  files.forEach(take);
});
document.addEventListener("dragover", (event) => {
  if (!form() || !event.dataTransfer?.types.includes("Files") || !event.target.closest("#wb-middle")) return;
  event.preventDefault();
  form().classList.add("wb-drop-here");
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form()?.classList.remove("wb-drop-here"); });
document.addEventListener("drop", (event) => {
  form()?.classList.remove("wb-drop-here");
  const files = [...(event.dataTransfer?.files ?? [])];
  if (!files.length || !form() || !event.target.closest("#wb-middle")) return;
  event.preventDefault();
  files.forEach(take);
});
document.addEventListener("click", (event) => { if (event.target.closest("[data-pick-file]")) document.getElementById("wb-file").click(); });
document.addEventListener("change", (event) => {
  if (event.target.id !== "wb-file") return;
  [...event.target.files].forEach(take);
  event.target.value = "";
});
if (form() && !document.getElementById("wb-messages")?.hasAttribute("data-first")) restore(kept(form().dataset.draft));
