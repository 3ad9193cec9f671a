// 依据: the clause behind something opens over the page, and so does any link marked data-box; without this it leads to its page.
const box = document.createElement("dialog");
box.className = "zk-why-box";
let opened = null;

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a.zk-why, a[data-box]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (box.contains(link)) return;
  event.preventDefault();
  opened = document.activeElement === document.body ? link : document.activeElement;
  try {
    const answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
    if (!answer.ok) throw new Error(answer.status);
    show(await answer.text());
  } catch {
    location.assign(link.href);
  }
});

function show(html) {
  if (!box.isConnected) document.body.append(box);
  box.replaceChildren(document.createRange().createContextualFragment(html));
  box.setAttribute("aria-label", box.querySelector("h1, h2")?.textContent.trim() ?? "");
  if (!box.open) box.showModal();
}

// A click beside the box closes it; the reader is back where he was.
box.addEventListener("click", (event) => { if (event.target === box || event.target.closest("[data-why-close]")) box.close(); });
box.addEventListener("close", () => (opened?.checkVisibility?.() ? opened : document.getElementById("main"))?.focus());
