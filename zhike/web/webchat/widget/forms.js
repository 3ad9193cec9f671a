// What stands in the window when there is no conversation: the form before the first message, the message outside the hours, the rating.
const KINDS = { phone: "tel", email: "email" }, FILLS = { phone: "tel", email: "email", name: "name" };

function field(title, input, optional = "") {
  const problem = make("span", { class: "problem", role: "alert", id: `p-${input.name}` });
  input.setAttribute("aria-describedby", problem.id);
  return make("label", {}, make("span", {}, title, optional && make("small", {}, optional)), input, problem);
}

function faults(form, problems) {
  let first = null;
  for (const problem of form.querySelectorAll(".problem")) {
    const name = problem.id.slice(2), input = form.elements[name];
    problem.textContent = problems[name] || "";
    input?.setAttribute("aria-invalid", problems[name] ? "true" : "false");
    if (problems[name] && !first) first = input;
  }
  first?.focus();
}

const values = (form) => Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));

// Sent once however often the button is pressed; what was typed is kept in this browser until it has arrived.
function sent(form, widget, work) {
  form.addEventListener("input", () => widget.keep("form", values(form)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "1";
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    try { await work(values(form)); } catch (error) {
      if (error instanceof Refused && error.told.problems) faults(form, error.told.problems);
      const say = form.querySelector(":scope > .wrong");
      say.textContent = error instanceof Refused ? error.message : widget.say("failednet");
    } finally { delete form.dataset.busy; button.disabled = false; }
  });
  return form;
}

function consent(widget, told) {
  if (!told.consent) return null;
  const box = make("input", { type: "checkbox", name: "consent", value: told.consent.version, id: "agree" });
  const problem = make("span", { class: "problem", role: "alert", id: "p-consent" });
  return make("div", { class: "consent" }, make("p", {}, linked(told.consent.words)), make("label", { class: "check", for: "agree" }, box, widget.say("agree")), problem);
}

function asked(widget, told, kept) {
  const optional = widget.say("optional");
  const inputs = told.fields.map((each) => field(each.title,
    make("input", { name: each.id, type: KINDS[each.id] || "text", autocomplete: FILLS[each.id] || "off", maxlength: 120, value: kept[each.id] || "", "aria-required": each.required }), each.required ? "" : optional));
  if (told.topics.length) {
    const options = told.topics.map((each) => make("option", { value: each.id, selected: each.id === kept.topic }, each.title));
    inputs.push(field(widget.say("topic"), make("select", { name: "topic", "aria-required": true }, make("option", { value: "" }, widget.say("choose")), options)));
  }
  return inputs;
}

const area = (name, value, longest) => { const text = make("textarea", { name, rows: 2, maxlength: longest }); text.value = value || ""; return text; };

function openingForm(widget, told) {
  const kept = widget.kept("form");
  const form = make("form", { class: "form", novalidate: true }, make("p", { class: "welcome" }, told.welcome), asked(widget, told, kept),
    field(widget.say("question"), area("words", kept.words, told.longest)), consent(widget, told), make("p", { class: "wrong", role: "alert" }),
    make("button", { type: "submit", class: "main" }, widget.say("begin")));
  return sent(form, widget, (typed) => widget.begin(typed, form));
}

const moment = (text, locale) => `${day(new Date(text), locale)} ${hour(new Date(text), locale)}`;

// Files that go with a message that is left: each is sent as soon as it is chosen, and named when the form goes.
function fileField(widget, told) {
  const { say, talk } = widget, box = make("div", { class: "chips" }), wrong = make("p", { class: "wrong", role: "alert" }), chosen = [];
  const take = (file) => {
    if (file.size > told.most) { wrong.textContent = say("toobig", { n: Math.round(told.most / 1048576) }); return; }
    const state = make("small", { role: "status" }, say("uploading", { n: 0 })), one = { token: "" };
    const away = () => { file.stop?.(); chip.remove(); chosen.splice(chosen.indexOf(one), 1); };
    const chip = make("span", { class: "chip" }, icon("file"), make("span", {}, file.name), state, make("button", { type: "button", "aria-label": say("removefile", { name: file.name }), onclick: away }, icon("close")));
    one.sent = talk.upload(file, (n) => { state.textContent = say("uploading", { n }); }, "?left=1").then((kept) => { one.token = kept.token; state.textContent = size(kept.size); })
      .catch((error) => { away(); wrong.textContent = error instanceof Refused ? error.message : say("failednet"); });
    chosen.push(one); box.append(chip);
  };
  const picker = make("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true", onchange: () => { wrong.textContent = ""; [...picker.files].slice(0, 9 - chosen.length).forEach(take); picker.value = ""; } });
  const button = make("button", { type: "button", class: "quiet", onclick: () => picker.click() }, icon("clip"), " ", say("addfiles"));
  const tokens = async () => { await Promise.all(chosen.map((one) => one.sent)); return chosen.map((one) => one.token); };
  return { box: make("div", { class: "attach" }, button, picker, box, wrong), tokens };
}

function offlineForm(widget, told) {
  const kept = widget.kept("form"), say = widget.say, files = told.files ? fileField(widget, told) : null;
  const when = told.opens_at ? say("offline", { when: moment(told.opens_at, widget.locale) }) : told.why || say("offlinenow");
  if (!told.offline) return make("div", { class: "form" }, make("p", { class: "welcome" }, when));
  const named = new Set(told.fields.map((each) => each.id));
  const more = ["phone", "email"].filter((name) => !named.has(name)).map((name) => field(say(name), make("input", { name, type: KINDS[name], autocomplete: FILLS[name], maxlength: 120, value: kept[name] || "" }), say("optional")));
  const form = make("form", { class: "form", novalidate: true }, make("p", { class: "welcome" }, when, told.why ? "" : ` ${say("leave")}`), asked(widget, told, kept), more,
    field(say("question"), area("words", kept.words, told.longest)), files && files.box, consent(widget, told), make("p", { class: "wrong", role: "alert" }),
    make("button", { type: "submit", class: "main" }, say("submit")));
  const key = widget.kept("offlineKey").key || random(16);
  widget.keep("offlineKey", { key });
  return sent(form, widget, async (typed) => {
    const left = await widget.talk.ask("offline", { form: typed, key, token: widget.token, files: files ? await files.tokens() : [] });
    widget.keep("form", {}); widget.keep("offlineKey", {});
    const done = make("div", { class: "form", tabindex: "-1" }, make("p", { class: "welcome", role: "status" }, say("left", { number: left.number })), left.due ? make("p", { class: "welcome" }, say("leftdue", { when: moment(left.due, widget.locale) })) : null, make("button", { type: "button", class: "quiet", onclick: () => { widget.view = ""; widget.show(); } }, say("another")));
    form.replaceWith(done);
    done.focus();
  });
}

function ratingForm(widget, told) {
  const { say } = widget;
  const stars = [1, 2, 3, 4, 5].map((number) => make("label", { class: "star" },
    make("input", { type: "radio", name: "score", value: number, "aria-label": say("star", { n: number }) }), icon("star")));
  const form = make("form", { class: "rating", novalidate: true }, make("fieldset", {}, make("legend", {}, told.question), make("div", { class: "stars" }, stars)),
    field(say("comment"), area("comment", "", 1000)), make("p", { class: "wrong", role: "alert" }),
    make("div", { class: "row" }, make("button", { type: "submit", class: "main" }, say("rate")), make("button", { type: "button", class: "quiet", onclick: () => widget.rateLater() }, say("later"))));
  form.addEventListener("change", () => {
    const chosen = Number(values(form).score || 0);
    [...form.querySelectorAll(".star")].forEach((star, at) => star.classList.toggle("on", at < chosen));
  });
  return sent(form, widget, async (typed) => {
    const answer = await widget.talk.ask("survey", { score: Number(typed.score || 0), comment: typed.comment });
    widget.rated(answer.words);
  });
}
