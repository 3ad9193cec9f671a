// The messages of one conversation, by seq, and those of the outbox below them. What is already there is changed, never drawn twice.
class Log {
  constructor(widget) {
    this.widget = widget; this.messages = new Map(); this.drawn = new Map(); this.number = "";
    this.box = make("div", { class: "log", role: "log", "aria-live": "polite", tabindex: "0" });
    this.earlier = make("button", { type: "button", class: "quiet", hidden: true, onclick: () => widget.loadEarlier() }, widget.say("earlier"));
  }
  get first() { return Math.min(...this.messages.keys()); }
  get last() { return this.messages.size ? Math.max(...this.messages.keys()) : 0; }
  clear() { this.messages.clear(); this.drawn.clear(); this.box.replaceChildren(); }

  take(messages) {
    let fresh = 0;
    for (const message of messages) {
      if (!this.messages.has(message.seq) && message.side !== "customer") fresh += 1;
      this.messages.set(message.seq, message);
    }
    return fresh;
  }

  // Redraw only what changed: a message that stands keeps its element, its picture and a selection in it.
  show(read, pending) {
    const stay = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 60, lines = [];
    let before = "";
    if (!this.earlier.hidden) lines.push(this.earlier);
    const known = [...this.messages.values()].sort((a, b) => a.seq - b.seq);
    const own = known.filter((each) => each.side === "customer").pop();
    for (const message of known) {
      const today = day(new Date(message.at), this.widget.locale);
      if (today !== before) lines.push(this.once(`day ${today}`, today, () => make("p", { class: "day" }, today)));
      before = today;
      const mark = own === message && read >= message.seq;
      lines.push(this.once(message.key || `seq ${message.seq}`, JSON.stringify([message, mark]), () => this.line(message, mark)));
    }
    const stored = new Set(known.map((each) => each.key));
    for (const each of pending.filter((one) => !stored.has(one.key))) lines.push(this.once(each.key, JSON.stringify(each), () => this.waiting(each)));
    lines.forEach((line, at) => this.box.children[at] !== line && this.box.insertBefore(line, this.box.children[at] || null));
    while (this.box.children.length > lines.length) this.box.lastChild.remove();
    if (stay) this.box.scrollTop = this.box.scrollHeight;
  }
  once(name, state, draw) {
    const known = this.drawn.get(name);
    if (known && known.state === state) return known.line;
    const line = draw();
    this.drawn.set(name, { state, line });
    return line;
  }

  line(message, mark) {
    const { say, locale } = this.widget, at = new Date(message.at);
    if (message.side === "system") return make("p", { class: "system" }, message.words);
    const mine = message.side === "customer";
    const words = message.recalled ? make("p", { class: "words recalled" }, say("recalled")) : message.words ? make("p", { class: "words" }, linked(message.words)) : null;
    const notes = [make("time", { datetime: message.at }, hour(at, locale)), message.edited && !message.recalled && say("edited"), mark && say("read")].filter(Boolean);
    return make("div", { class: `message ${mine ? "mine" : "theirs"}` }, make("span", { class: "who" }, say(mine ? "me" : "agent")),
      words, message.files.map((file) => this.file(file)), make("p", { class: "notes" }, notes.flatMap((note) => [note, " "])));
  }

  file(file) {
    const { say, talk } = this.widget, label = say("download", { name: file.name });
    const get = async () => (await talk.ask(`files/${file.token}`, undefined, { raw: true })).blob();
    const fetchAndSave = () => get().then((blob) => save(blob, file.name)).catch((error) => this.widget.complain(error));
    if (file.picture && window.createImageBitmap) {
      const canvas = make("canvas", { role: "img", "aria-label": file.name, width: 220, height: 140 });
      get().then((blob) => draw(canvas, blob)).catch(() => { canvas.width = canvas.height = 1; });
      return make("button", { type: "button", class: "picture", title: label, "aria-label": label, onclick: fetchAndSave }, canvas);
    }
    return make("button", { type: "button", class: "file", title: label, onclick: fetchAndSave }, icon("file"), make("span", {}, file.name), make("small", {}, size(file.size)));
  }

  waiting(each) {
    const { say } = this.widget;
    const state = each.failed
      ? make("p", { class: "notes failed", role: "alert" }, each.failed, " ", make("button", { type: "button", onclick: () => this.widget.again(each.key) }, say("retry")), " ", make("button", { type: "button", onclick: () => this.widget.drop(each.key) }, say("remove")))
      : make("p", { class: "notes" }, each.slow ? say("slow", { n: each.slow }) : say(each.tried ? "retrying" : "sending"));
    return make("div", { class: "message mine pending" }, make("span", { class: "who" }, say("me")), each.words ? make("p", { class: "words" }, each.words) : null,
      (each.names || []).map((name) => make("span", { class: "file" }, icon("file"), name)), state);
  }
}
