// The widget: a button in the corner and a window. What is said lives in `talk`, what is shown in `log`; here they meet.
class Widget {
  constructor(script) {
    const data = script.dataset, chosen = data.lang || document.documentElement.lang || navigator.language || "zh";
    this.language = /^zh/i.test(chosen) ? "zh-hans" : "en";
    this.locale = this.language === "en" ? "en" : "zh-CN";
    this.words = WORDS[this.language === "en" ? "en" : "zh"];
    this.say = (name, put = {}) => this.words[name].replace(/\{(\w+)\}/g, (_, key) => put[key]);
    this.data = data; this.token = data.token || "";
    this.talk = new Talk(new URL(script.src).origin, data.inbox, this.language);
    this.conversation = null; this.survey = null; this.told = null; this.unread = 0; this.chips = []; this.sending = false; this.isOpen = false; this.begun = false;
    this.talk.heard = (fact) => this.heard(fact);
    this.talk.passing = (told) => this.passing(told);
    this.talk.linked = (up) => this.link(up);
    addEventListener("storage", (event) => event.key === this.talk.store.name && this.elsewhere());
    document.addEventListener("visibilitychange", () => this.see());
    addEventListener("online", () => this.flush());
  }

  get kept() { return (name) => (this.talk.store.data.kept || {})[name] || {}; }
  keep(name, value) {
    const data = this.talk.store.data;
    data.kept = { ...(data.kept || {}), [name]: value };
    this.talk.store.save();
  }

  async start() {
    this.told = await this.talk.ask("settings");
    this.hoursAt = performance.now();
    if (this.told.trail) this.trail = new Trail(this.talk, `zhike:${this.told.inbox}:pages`);
    this.build();
    if (this.talk.store.data.begun) await this.load();
    this.invite();
    if (this.conversation && this.token) this.identify(this.token);
  }

  // ---- the frame

  build() {
    this.host = make("div", { "data-zhike-chat": "" });
    const root = this.host.attachShadow({ mode: "open" }), sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const colour = /^#[0-9a-f]{6}$/i.test(this.data.colour || "") ? this.data.colour : this.told.colour;
    this.host.style.setProperty("--accent", colour);
    this.host.style.setProperty("--ink", ink(colour));
    this.host.setAttribute("lang", this.locale);
    this.host.className = `${this.data.side || this.told.side} ${this.data.theme || ""}`;
    this.badge = make("span", { class: "badge", hidden: true });
    this.button = make("button", { type: "button", class: "launch", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => this.open() }, icon("chat"), make("span", {}, this.say("open")), this.badge);
    this.log = new Log(this);
    this.body = make("div", { class: "body" });
    this.state = make("p", { class: "state", role: "status" });
    this.line = make("p", { class: "line", role: "status", hidden: true });
    const menu = make("details", { class: "menu" }, make("summary", { "aria-label": this.say("menu"), title: this.say("menu") }, icon("dots")),
      make("div", {}, this.menuSave = make("button", { type: "button", onclick: () => this.save() }, this.say("transcript")),
        this.menuEnd = make("button", { type: "button", onclick: () => this.askEnd() }, this.say("end"))));
    this.menu = menu;
    this.panel = make("section", { class: "panel", role: "dialog", "aria-label": this.told.title, hidden: true, onkeydown: (event) => this.key(event) },
      make("header", {}, make("div", {}, make("b", {}, this.told.title), this.state), menu,
        make("button", { type: "button", class: "icon", "aria-label": this.say("minimise"), title: this.say("minimise"), onclick: () => this.close() }, icon("down"))),
      this.line, this.body);
    root.append(this.button, this.panel);
    document.body.append(this.host);
    this.root = root;
    this.composer = this.makeComposer();
  }

  makeComposer() {
    const { say } = this;
    this.text = make("textarea", { rows: 1, maxlength: this.told.longest, placeholder: say("write"), "aria-label": say("write"), oninput: () => this.typed(), onkeydown: (event) => this.enter(event), onpaste: (event) => this.paste(event) });
    this.text.value = this.kept("draft").words || "";
    this.chipBox = make("div", { class: "chips" });
    this.wrong = make("p", { class: "wrong", role: "alert" });
    const picker = make("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true", onchange: () => { this.attach([...picker.files]); picker.value = ""; } });
    const clip = make("button", { type: "button", class: "icon", "aria-label": say("attach"), title: say("attach"), onclick: () => picker.click() }, icon("clip"));
    const form = make("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); this.send(); } }, this.wrong, this.chipBox,
      make("div", { class: "row" }, this.told.files ? [clip, picker] : null, this.text, make("button", { type: "submit", class: "icon go", "aria-label": say("send"), title: say("send") }, icon("send"))));
    return form;
  }

  key(event) {
    if (event.key === "Escape") { event.stopPropagation(); this.menu.open ? (this.menu.open = false) : this.close(); }
  }

  open() {
    if (this.isOpen) return;
    this.isOpen = true;
    this.panel.hidden = false; this.button.hidden = true; this.bubble?.remove(); this.bubble = null;
    this.askHours();
    this.button.setAttribute("aria-expanded", "true");
    this.show();
    (this.body.querySelector("input, select, textarea") || this.panel.querySelector("button"))?.focus();
    this.see();
  }
  // Whether somebody answers may have changed since the page was opened; what is being typed is not touched.
  async askHours() {
    const known = this.hoursAt || 0, now = performance.now();
    if ((this.conversation && this.conversation.state !== "closed") || now - known < 5000) return;
    this.hoursAt = now;
    const told = await this.talk.ask("settings").catch(() => null);
    if (!told || told.open === this.told.open) return;
    Object.assign(this.told, { open: told.open, opens_at: told.opens_at, why: told.why });
    if (this.isOpen && !this.panel.querySelector("form.form .chip")) this.show();
  }
  close() {
    this.isOpen = false;
    this.panel.hidden = true; this.button.hidden = false;
    this.button.setAttribute("aria-expanded", "false");
    this.button.focus();
  }

  // ---- what is shown

  show() {
    const live = this.conversation && this.conversation.state !== "closed", ended = this.conversation && !live;
    this.menu.hidden = !this.conversation; this.menuEnd.hidden = !live;
    this.state.textContent = this.status();
    const needsForm = this.told.fields.length || this.told.topics.length || this.told.consent;
    const view = live || this.talk.store.data.outbox.length ? "talk" : ended && !this.fresh ? "ended" : !this.told.open ? "offline" : needsForm ? "form" : "talk";
    if (view !== this.view || view === "ended") this.lay(view);
    this.showLog();
  }
  lay(view) {
    const was = this.view;
    this.view = view;
    const chat = () => [this.log.box, this.typing = make("p", { class: "typing", role: "status" })];
    if (view === "talk") this.body.replaceChildren(...chat(), this.composer);
    else if (view === "ended") { if (was !== view || this.ending !== Boolean(this.survey)) this.body.replaceChildren(...chat(), this.endBox()); }
    else this.body.replaceChildren(view === "form" ? openingForm(this, this.told) : offlineForm(this, this.told));
    if (view === "talk" && !this.log.messages.size && !this.conversation) this.log.box.replaceChildren(make("p", { class: "system" }, this.told.welcome));
    if (view === "talk" && was && this.isOpen && was !== "talk") this.text.focus();
    this.log.box.scrollTop = this.log.box.scrollHeight;
  }
  showLog() {
    if (this.view !== "talk" && this.view !== "ended") return;
    const pending = this.talk.store.data.outbox;
    if (!this.log.messages.size && !pending.length) return;
    this.log.show(this.conversation ? this.conversation.read : 0, this.view === "talk" ? pending : []);
    if (this.atEnd) { this.log.box.scrollTop = this.log.box.scrollHeight; this.atEnd = false; }
  }
  status() {
    const held = this.conversation;
    if (!held) return this.told.open ? "" : this.say("offlinenow");
    if (held.state === "closed") return this.say("ended");
    if (held.state === "open") return held.agent ? this.say("withagent", { name: held.agent }) : "";
    if (held.state === "offered") return this.say("offered");
    const wait = held.wait === null || held.wait === undefined ? "" : held.wait < 60 ? this.say("waitshort") : this.say("wait", { n: Math.ceil(held.wait / 60) });
    return (held.ahead ? this.say("ahead", { n: held.ahead }) : this.say("next")) + wait;
  }
  endBox() {
    this.ending = Boolean(this.survey);
    const why = this.say(this.conversation.ended_by === "customer" ? "endedyou" : "ended");
    return make("div", { class: "ended" }, make("p", {}, why), this.survey ? ratingForm(this, this.told) : null,
      make("button", { type: "button", class: this.survey ? "quiet" : "main", onclick: () => this.anew() }, this.say("again")));
  }
  anew() {
    this.fresh = true; this.conversation = null; this.survey = null; this.log.clear(); this.view = "";
    this.talk.ask("settings").then((told) => { this.told = told; }).catch(() => {}).finally(() => { this.show(); this.body.querySelector("input, select, textarea")?.focus(); });
  }

  // ---- what comes in

  async load() {
    const told = await this.talk.ask("state").catch(() => null);
    if (!told) { setTimeout(() => this.load(), spread(5000)); return; }
    this.talk.position = told.position;
    if (told.conversation) this.takeState(told, true);
    if (told.conversation && told.conversation.state !== "closed") this.talk.listen();
    this.flush();
  }
  takeState(told, whole = false) {
    const fresh = told.conversation;
    if (whole || !this.conversation || fresh.number !== this.conversation.number) {
      if (this.log.number !== fresh.number) this.log.clear();
      this.log.number = fresh.number;
      this.log.earlier.hidden = !told.more;
      this.atEnd = true;
    }
    this.conversation = fresh; this.survey = told.survey || null; this.fresh = false;
    const heard = this.log.take(told.messages);
    if (heard && !whole && !this.visible) { this.unread += heard; this.showUnread(); }
    if (heard && this.typing) this.typing.textContent = "";
    if (this.isOpen) this.show();
    this.begun = true;
    this.trail?.begin(whole === "new");
    this.see();
    if (fresh.state === "closed") this.talk.hush();
    this.wait();
    if (this.survey && this.survey.reminder && !this.isOpen) this.remind();
  }
  heard(fact) {
    if (fact.type === "reset") { this.load(); return; }
    if (fact.type === "conversation.changed") { this.refresh(fact.seq); return; }
    this.refresh();
  }
  // One question at a time; whatever is heard meanwhile asks once more.
  async refresh(only = 0) {
    if (only) (this.changed ||= new Set()).add(only);
    if (this.asking) { this.askAgain = true; return; }
    this.asking = true;
    try {
      do {
        this.askAgain = false;
        const number = this.conversation ? this.conversation.number : "";
        for (const seq of [...(this.changed || [])]) {
          this.changed.delete(seq);
          if (this.log.messages.has(seq)) this.takeState(await this.talk.ask(`state?number=${number}&only=${seq}`));
        }
        let told;
        do {
          told = await this.talk.ask(`state?number=${number}&after=${this.log.last || 0}`);
          if (told.conversation) this.takeState(told);
        } while (told.more && told.messages.length);
      } while (this.askAgain);
    } catch { setTimeout(() => this.refresh(), spread(3000)); } finally { this.asking = false; }
  }
  async loadEarlier() {
    const before = this.log.box.scrollHeight, told = await this.talk.ask(`state?number=${this.conversation.number}&before=${this.log.first}`).catch(() => null);
    if (!told) return;
    this.log.take(told.messages);
    this.log.earlier.hidden = !told.more;
    this.showLog();
    this.log.box.scrollTop = this.log.box.scrollHeight - before;
  }
  passing(told) {
    if (!this.conversation || told.number !== this.conversation.number || told.side !== "staff") return;
    if (told.kind === "read") { this.conversation.read = Math.max(this.conversation.read, told.seq); this.showLog(); return; }
    if (!this.typing) return;
    this.typing.textContent = this.say("typing");
    clearTimeout(this.typingEnds);
    this.typingEnds = setTimeout(() => { this.typing.textContent = ""; }, 6000);
  }
  link(up) {
    clearTimeout(this.lost);
    if (up) {
      if (!this.line.hidden) { this.line.textContent = this.say("back"); setTimeout(() => { this.line.hidden = true; }, 2000); }
      this.flush();
    } else this.lost = setTimeout(() => { this.line.textContent = this.say("lost"); this.line.hidden = false; }, 2000);
  }

  // Others are taken meanwhile: his place is asked for again now and then, while he looks at it.
  wait() {
    clearTimeout(this.waiting);
    if (!this.conversation || this.conversation.state !== "waiting") return;
    this.waiting = setTimeout(() => { this.visible ? this.refresh() : this.wait(); }, spread(20000));
  }

  // ---- what has been read

  get visible() { return this.isOpen && document.visibilityState === "visible"; }
  see() {
    if (!this.visible || !this.conversation) return;
    this.unread = 0; this.showUnread();
    const theirs = [...this.log.messages.values()].filter((each) => each.side !== "customer").map((each) => each.seq), seq = Math.max(0, ...theirs);
    if (seq <= (this.talk.store.data.seen?.[this.conversation.number] || 0)) return;
    this.talk.store.data.seen = { [this.conversation.number]: seq };
    this.talk.store.save();
    this.talk.ask("read", { seq }).catch(() => {});
  }
  showUnread() {
    this.badge.hidden = !this.unread;
    this.badge.textContent = this.unread > 99 ? "99+" : String(this.unread);
    this.badge.setAttribute("aria-label", this.say("unread", { n: this.unread }));
  }

  // ---- what goes out

  typed() {
    this.keep("draft", { words: this.text.value });
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, 120)}px`;
    const now = performance.now();
    if (this.conversation && this.text.value && now >= (this.tellTyping || 0)) {
      this.tellTyping = now + 3000;
      this.talk.ask("typing", {}).catch(() => {});
    }
  }
  enter(event) {
    // While a Chinese word is being composed, Enter takes the word.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) { event.preventDefault(); this.send(); }
  }
  paste(event) {
    const files = [...(event.clipboardData?.files || [])];
    if (files.length && this.told.files) { event.preventDefault(); this.attach(files); }
  }
  attach(files) {
    this.wrong.textContent = "";
    for (const file of files.slice(0, 9 - this.chips.length)) {
      if (file.size > this.told.most) { this.wrong.textContent = this.say("toobig", { n: Math.round(this.told.most / 1048576) }); continue; }
      const name = file.name || "picture.png", state = make("small", {}, this.say("uploading", { n: 0 }));
      const chip = { file, token: "", box: make("span", { class: "chip" }, icon("file"), make("span", {}, name), state) };
      const remove = make("button", { type: "button", "aria-label": this.say("removefile", { name }), onclick: () => { file.stop?.(); this.unchip(chip); } }, icon("close"));
      chip.box.append(remove); chip.name = name;
      this.chips.push(chip); this.chipBox.append(chip.box);
      this.talk.upload(file, (n) => { state.textContent = this.say("uploading", { n }); }).then((kept) => { chip.token = kept.token; chip.name = kept.name; state.textContent = size(kept.size); if (chip.wanted) this.send(); })
        .catch((error) => { this.unchip(chip); this.complain(error); });
    }
  }
  unchip(chip) { chip.box.remove(); this.chips = this.chips.filter((each) => each !== chip); }
  complain(error) { this.wrong.textContent = error instanceof Refused ? error.message : this.say("failednet"); }

  send() {
    const words = this.text.value.trim();
    if (this.chips.some((chip) => !chip.token)) { this.chips.forEach((chip) => { chip.wanted = true; }); return; }
    if (!words && !this.chips.length) return;
    this.put(words, this.chips.map((chip) => chip.token), this.chips.map((chip) => chip.name));
    this.chips = []; this.chipBox.replaceChildren(); this.wrong.textContent = "";
    this.text.value = ""; this.typed(); this.tellTyping = 0; this.text.focus();
  }
  put(words, files = [], names = [], form = undefined) {
    const data = this.talk.store.data;
    data.outbox.push({ key: random(16), words, files, names, form });
    this.talk.store.save();
    this.atEnd = true;
    this.show();
    return this.flush();
  }
  async begin(typed) {
    const { words, ...form } = typed;
    if (!words.trim()) throw new Refused(422, { words: "", problems: { words: this.say("needed") } });
    const key = this.kept("beginKey").key || random(16);
    this.keep("beginKey", { key });
    await this.post({ key, words, files: [], form });
    this.keep("form", {}); this.keep("beginKey", {});
  }
  // One after the other, each until it has arrived: order is kept, and a key makes a second arrival nothing.
  async flush() {
    if (this.sending) return;
    this.sending = true;
    try {
      for (;;) {
        const next = this.talk.store.data.outbox.find((each) => !each.failed);
        if (!next) break;
        try {
          await this.post(next);
          this.drop(next.key);
        } catch (error) {
          if (error instanceof Refused && error.status === 429) {
            next.slow = Math.min(60, error.told.wait || 5);
            this.showLog();
            await new Promise((go) => { setTimeout(go, 1000 * next.slow); });
            delete next.slow;
            continue;
          }
          if (error instanceof Refused) { next.failed = error.message; this.talk.store.save(); this.showLog(); continue; }
          next.tried = (next.tried || 0) + 1;
          this.talk.store.save(); this.showLog();
          setTimeout(() => this.flush(), spread(Math.min(30000, 1000 * 2 ** Math.min(5, next.tried))));
          break;
        }
      }
    } finally { this.sending = false; }
  }
  async post({ key, words, files, form }) {
    const body = { key, words, files, form: form || {}, token: this.token, page: location.href, referrer: document.referrer };
    const opening = !this.conversation || this.conversation.state === "closed";
    let told;
    try { told = await this.talk.ask("messages", body); } catch (error) {
      if (error instanceof Refused && error.told.error === "closed") { Object.assign(this.told, { open: false, opens_at: error.told.opens_at, why: error.told.why }); this.keep("form", { ...(form || {}), words }); this.drop(key); this.view = ""; this.show(); return; }
      if (error instanceof Refused && error.told.error === "other_person") { this.forget(); return this.post({ key, words, files: [], form }); }
      if (error instanceof Refused && error.told.error === "token") { this.token = ""; return this.post({ key, words, files, form }); }
      throw error;
    }
    this.talk.store.data.begun = true;
    this.talk.store.data.outbox = this.talk.store.data.outbox.filter((each) => each.key !== key);
    this.talk.store.save();
    const last = this.log.last, seq = told.messages[0]?.seq || 0;
    if (opening) { this.takeState(told, "new"); this.talk.position = null; this.talk.listen(); this.refresh(); }
    // Something of the other side's came in between: it is asked for first, so that nothing is passed over.
    else if (seq > last + 1) { this.showLog(); await this.refresh(); } else this.takeState(told);
  }
  again(key) {
    const each = this.talk.store.data.outbox.find((one) => one.key === key);
    if (each) { delete each.failed; this.talk.store.save(); this.showLog(); this.flush(); }
  }
  drop(key) {
    this.talk.store.data.outbox = this.talk.store.data.outbox.filter((each) => each.key !== key);
    this.talk.store.save();
    this.showLog();
  }
  elsewhere() {
    const before = this.talk.store.data.secret, begun = this.talk.store.data.begun;
    this.talk.store.read();
    if (this.talk.store.data.secret !== before) { this.talk.hush(); this.conversation = null; this.log.clear(); this.view = ""; }
    if (!begun && this.talk.store.data.begun) this.load();
    if (this.isOpen) this.show();
  }

  // ---- the end, and what comes after it

  askEnd() {
    this.menu.open = false;
    const box = make("div", { class: "ask", role: "alertdialog", "aria-label": this.say("endsure") }, make("p", {}, this.say("endsure")),
      make("div", { class: "row" }, make("button", { type: "button", class: "main", onclick: async () => { box.remove(); try { this.takeState(await this.talk.ask("end", {})); } catch (error) { this.complain(error); } } }, this.say("yes")),
        make("button", { type: "button", class: "quiet", onclick: () => { box.remove(); this.text.focus(); } }, this.say("no"))));
    this.body.append(box);
    box.querySelector("button").focus();
  }
  async save() {
    this.menu.open = false;
    try { save(await (await this.talk.ask("transcript", undefined, { raw: true })).blob(), `${this.conversation.number}.txt`); } catch (error) { this.complain(error); }
  }
  rated(words) {
    this.survey = null;
    const box = this.body.querySelector(".ended");
    box?.querySelector(".rating")?.replaceWith(make("p", { class: "thanks", role: "status", tabindex: "-1" }, words || this.say("thanks")));
    this.ending = false;
    box?.querySelector(".thanks")?.focus();
  }
  rateLater() { this.talk.ask("survey", { later: true }).catch(() => {}); this.survey = null; this.body.querySelector(".rating")?.remove(); this.ending = false; }
  remind() {
    this.talk.ask("survey", { later: true }).catch(() => {});
    this.offer(this.told.question, this.say("rate"));
  }

  // ---- invitations

  invite() {
    if (this.conversation && this.conversation.state !== "closed") return;
    if (!this.told.open) return;
    let seen = false;
    try { seen = Boolean(sessionStorage.getItem(`zhike:${this.told.inbox}:invited`)); } catch { /* then once a page */ }
    if (seen) return;
    for (const rule of this.told.invitations) {
      const pattern = new RegExp(`^${(rule.pages || "*").replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*")}$`);
      if (!pattern.test(location.pathname)) continue;
      setTimeout(() => {
        if (this.isOpen || this.bubble || (this.conversation && this.conversation.state !== "closed")) return;
        try { sessionStorage.setItem(`zhike:${this.told.inbox}:invited`, "1"); } catch { /* once a page */ }
        this.offer(rule.words, this.say("talk"));
      }, rule.after * 1000);
      return;
    }
  }
  offer(words, action) {
    this.bubble?.remove();
    this.bubble = make("div", { class: "bubble", role: "complementary", "aria-label": this.told.title }, make("p", {}, words),
      make("div", { class: "row" }, make("button", { type: "button", class: "main", onclick: () => this.open() }, action),
        make("button", { type: "button", class: "quiet", onclick: () => { this.bubble.remove(); this.bubble = null; } }, this.say("dismiss"))));
    this.root.append(this.bubble);
  }

  // ---- for the site

  async identify(token) {
    this.token = token || "";
    if (!this.token || !this.conversation) return;
    try { await this.talk.ask("identity", { token: this.token }); } catch (error) {
      if (error instanceof Refused && error.told.error === "other_person") this.forget();
    }
  }
  forget() {
    this.talk.hush(); this.talk.store.forget(); this.talk.position = null;
    this.conversation = null; this.survey = null; this.begun = false; this.log.clear(); this.log.number = ""; this.view = "";
    if (this.isOpen) this.show();
  }
}
