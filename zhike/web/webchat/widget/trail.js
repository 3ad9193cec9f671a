// The pages he was on. They stay in this tab until he has agreed and written; only then the product is told.
class Trail {
  constructor(talk, name) {
    this.talk = talk; this.name = name; this.told = false;
    try { this.pages = JSON.parse(sessionStorage.getItem(name)) || []; } catch { this.pages = []; }
    this.enter();
    setInterval(() => location.href !== this.here && this.enter(), 1500);
    addEventListener("pagehide", () => this.leave());
  }
  enter() {
    const now = Date.now(), before = this.pages[this.pages.length - 1];
    if (before && before.left === null) before.left = now;
    this.here = location.href;
    this.pages.push({ url: location.href.slice(0, 500), title: document.title.slice(0, 200), referrer: (document.referrer || "").slice(0, 500), at: now, left: null });
    this.pages = this.pages.slice(-20);
    this.keep();
    if (this.told) this.tell([this.pages[this.pages.length - 1]]);
  }
  leave() {
    const last = this.pages[this.pages.length - 1];
    if (last) last.left = Date.now();
    this.keep();
    if (this.told) this.tell([], true);
  }
  keep() { try { sessionStorage.setItem(this.name, JSON.stringify(this.pages)); } catch { /* not kept */ } }
  // From the first message on; `fresh` when this page knows that the earlier ones have been told.
  begin(fresh) {
    if (this.told) return;
    this.told = true;
    this.tell(fresh ? this.pages : this.pages.slice(-1));
  }
  tell(pages, left = false) {
    const now = Date.now(), ago = (at) => Math.max(0, Math.round((now - at) / 1000));
    const told = pages.map(({ at, left: gone, ...page }) => ({ ...page, ago: ago(at), ...(gone ? { left: ago(gone) } : {}) }));
    this.talk.ask("pages", { pages: told, left }, { keepalive: true }).catch(() => {});
  }
}
