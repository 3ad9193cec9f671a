// Files for a message: chosen, pasted or dropped, taken in at once, shown as chips until the message goes.
const say = (words) => document.dispatchEvent(new CustomEvent("zk:say", { detail: words }));
const form = () => document.getElementById("wb-compose");
const chips = () => document.getElementById("wb-files");
const MOST = 9, BIGGEST = 10 * 1024 * 1024;

async function take(file) {
  if (chips().children.length >= MOST) return;
  const chip = document.createElement("li");
  chip.dataset.uploading = "";
  chip.dataset.name = file.name;
  const name = Object.assign(document.createElement("span"), { textContent: file.name });
  const state = Object.assign(document.createElement("small"), { className: "quiet", textContent: chips().dataset.busy });
  const drop = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: chips().dataset.remove });
  drop.addEventListener("click", () => chip.remove());
  chip.append(name, state, drop);
  chips().append(chip);
  const body = new FormData();
  body.append("file", file, file.name);
  const answer = await fetch(form().dataset.upload, { method: "POST", body, headers: { "X-CSRFToken": form().elements.csrfmiddlewaretoken.value } }).catch(() => null);
  delete chip.dataset.uploading;
  if (answer?.ok) {
    const kept = await answer.json();
    chip.dataset.token = kept.token;
    chip.dataset.name = kept.name;
    name.textContent = kept.name;
    state.textContent = `${Math.max(1, Math.round(kept.size / 1024))} KB`;
    return;
  }
  chip.remove();
  const why = answer?.status === 422 ? (await answer.json()).why : "";
  say(why || document.getElementById("zk-toast")?.dataset[answer?.status === 413 || file.size > BIGGEST ? "unreadable" : "failed"]);
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
