// 依据: the clause behind something opens over the page; without this the link simply leads to its page.
const box = document.createElement("dialog");
box.className = "zk-why-box";
let opened = null;

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a.zk-why");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (box.contains(link)) return;
  event.preventDefault();
  opened = link;
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
  if (!box.open) box.showModal();
}

// A click beside the box closes it; the reader is back where he was.
box.addEventListener("click", (event) => { if (event.target === box || event.target.closest("[data-why-close]")) box.close(); });
box.addEventListener("close", () => opened?.focus());
