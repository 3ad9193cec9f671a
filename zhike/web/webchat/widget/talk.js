// The way to the product and back: one secret of this browser, an outbox that survives, a stream that goes on where it was.
const SECRET = /^[A-Za-z0-9_-]{43}$/;

function random(bytes) {
  const drawn = crypto.getRandomValues(new Uint8Array(bytes));
  return btoa(String.fromCharCode(...drawn)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// What must outlive the page. A browser that keeps nothing gets a widget that forgets, not one that fails.
class Store {
  constructor(name) { this.name = name; this.memory = null; this.read(); }
  read() {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(this.name)); } catch { kept = this.memory; }
    this.data = kept && typeof kept === "object" ? kept : this.memory || {};
    if (!SECRET.test(this.data.secret || "")) this.data = { secret: random(32) };
    if (!Array.isArray(this.data.outbox)) this.data.outbox = [];
  }
  save() {
    this.memory = this.data;
    try { localStorage.setItem(this.name, JSON.stringify(this.data)); } catch { /* kept in memory */ }
  }
  forget() { this.data = { secret: random(32), outbox: [] }; this.save(); }
}

// Half to one and a half of it, by chance.
const spread = (pause) => pause * (0.5 + Math.random());

class Refused extends Error {
  constructor(status, told) { super(told.words || String(status)); this.status = status; this.told = told; }
}

class Talk {
  constructor(base, inbox, language) {
    this.base = base; this.inbox = inbox; this.language = language;
    this.store = new Store(`zhike:${inbox}`);
    this.position = null; this.stream = null; this.tries = 0;
    this.heard = () => {}; this.passing = () => {}; this.linked = () => {};
  }

  get headers() { return { "Authorization": `Visitor ${this.store.data.secret}`, "Accept-Language": this.language }; }

  async ask(path, body, more = {}) {
    const asked = { headers: { ...this.headers }, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer", ...more };
    if (body !== undefined) {
      asked.method = "POST"; asked.body = JSON.stringify(body); asked.headers["Content-Type"] = "application/json";
    }
    const answer = await fetch(`${this.base}/chat/${this.inbox}/${path}`, asked);
    if (answer.status >= 500) throw new Error(String(answer.status));
    if (more.raw && answer.ok) return answer;
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(answer.status, told);
    return told;
  }

  // Upload with progress: fetch has none.
  upload(file, progress, left = "") {
    return new Promise((resolve, reject) => {
      const way = new XMLHttpRequest(), form = new FormData();
      form.append("file", file, file.name || "picture.png");
      way.open("POST", `${this.base}/chat/${this.inbox}/files${left}`);
      for (const [name, value] of Object.entries(this.headers)) way.setRequestHeader(name, value);
      way.upload.onprogress = (at) => at.lengthComputable && progress(Math.round(100 * at.loaded / at.total));
      way.onload = () => {
        let told = {};
        try { told = JSON.parse(way.responseText); } catch { /* said below */ }
        way.status < 300 ? resolve(told) : reject(new Refused(way.status, told));
      };
      way.onerror = () => reject(new Error("network"));
      way.send(form);
      file.stop = () => way.abort();
    });
  }

  // Server-sent events over fetch: an EventSource could not carry the secret, and it has no place in an address.
  async listen() {
    if (this.stream) return;
    const stop = this.stream = new AbortController();
    while (!stop.signal.aborted) {
      try {
        const headers = { "Authorization": this.headers.Authorization };
        if (this.position !== null) headers["Last-Event-ID"] = String(this.position);
        const address = `${this.base}/chat/live?inbox=${encodeURIComponent(this.inbox)}`;
        const answer = await fetch(address, { headers, credentials: "omit", cache: "no-store", signal: stop.signal });
        if (answer.status === 401 || answer.status === 403) break;
        if (!answer.ok) throw new Error(String(answer.status));
        this.tries = 0; this.linked(true);
        await this.follow(answer.body.getReader());
      } catch { /* the next attempt follows */ }
      if (stop.signal.aborted) break;
      this.linked(false);
      // The product says, to each another moment, when to come back first; thousands that lost it at once do not come at once.
      const pause = this.tries ? spread(Math.min(20000, 1000 * 2 ** this.tries)) : this.retry || spread(2500);
      this.tries += 1;
      await new Promise((go) => { setTimeout(go, pause); addEventListener("online", go, { once: true }); });
    }
    if (this.stream === stop) this.stream = null;
  }

  async follow(reader) {
    const decoder = new TextDecoder();
    let text = "", last = performance.now();
    // A network that died without a word: the product gives a sign of life every fifteen seconds.
    const watch = setInterval(() => performance.now() - last > 45000 && reader.cancel().catch(() => {}), 5000);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        last = performance.now();
        text += decoder.decode(value, { stream: true });
        const blocks = text.split("\n\n");
        text = blocks.pop();
        blocks.forEach((block) => this.take(block));
      }
    } finally { clearInterval(watch); }
  }

  take(block) {
    const fields = {};
    for (const line of block.split("\n")) {
      const at = line.indexOf(": ");
      if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2);
    }
    if (fields.id) this.position = Number(fields.id);
    if (/^\d{1,6}$/.test(fields.retry || "")) this.retry = Number(fields.retry);
    let told = {};
    try { told = JSON.parse(fields.data || "{}"); } catch { return; }
    if (fields.event === "passing") this.passing(told);
    else if (fields.event === "reset" || fields.event === "ready") this.heard({ type: fields.event });
    else if (told.type) this.heard(told);
  }

  hush() { this.stream?.abort(); this.stream = null; }
}
