// The reviewers' workbench: verdicts on indicators and on what they show, the score that they leave, and the review
// file that comes of it. What a reviewer writes is kept in this browser, under the address of the portfolio.

import * as lakthan from "./evaluate.js";
import { element, start } from "./bench.js";
import { clean, day, number, read, reviewOf, write } from "./review-file.js";

const VERSION = 1;
/** Of what is kept in the browser: another version is not read. */

start((bench) => {
  const { words, portfolio, inputs, root } = bench;
  const place = `lakthan.review.${new URL(root.dataset.inputs, location).pathname}`;
  const seenOf = marks();
  const orders = new Map(); // matter → its place on the page
  let state = { version: VERSION, about: { role: "", date: today(), round: bench.reached.at(-1) ?? "", final: false, note: "", name: "review" }, verdicts: {} };

  // Keeping ---------------------------------------------------------------------------------------------------------

  function today() {
    const now = new Date();
    return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}-${String(now.getDate()).padStart(2, "0")}`;
  }

  function recall() {
    try {
      const kept = JSON.parse(localStorage.getItem(place));
      if (kept?.version === VERSION && kept.verdicts && kept.about) state = { version: VERSION, about: { ...state.about, ...kept.about }, verdicts: kept.verdicts };
    } catch { /* nothing kept, or nothing that can be read */ }
  }

  function keep() {
    try {
      localStorage.setItem(place, JSON.stringify(state));
      keeping.textContent = words.kept;
      keeping.classList.remove("lk-judge__lost");
    } catch {
      keeping.textContent = words.notKept;
      keeping.classList.add("lk-judge__lost");
    }
  }

  // Verdicts --------------------------------------------------------------------------------------------------------
  // A matter is "1.1" or "1.1#evidence-3".

  /** What there is to be seen, by matter: the mark of the record or indicator as it is now. */
  function marks() {
    const found = new Map(Object.entries(inputs.seen ?? {}));
    const lists = (answer) => [["evidence", answer.evidence], ...Object.entries(answer.registers)];
    const shared = new Map(lists(inputs.shared).flatMap(([register, list]) =>
      list.map((one) => [`shared-${register}-${one.number}`, one.seen])));
    for (const [id, sheet] of bench.sheets) {
      const own = inputs.indicators[id] && new Map(lists(inputs.indicators[id]).flatMap(([register, list]) =>
        list.map((one) => [`${register}-${one.number}`, one.seen])));
      for (const item of sheet.querySelectorAll("[data-record]")) {
        const name = item.dataset.record;
        found.set(`${id}#${name}`, own?.get(name) ?? shared.get(name) ?? "");
      }
    }
    return found;
  }

  const split = (matter) => [matter.split("#")[0], matter.split("#")[1] ?? ""];
  const stale = (matter, one) => Boolean(one.seen) && one.seen !== seenOf.get(matter);
  /** What has a verdict, in the order of the page. */
  const given = () => Object.entries(state.verdicts).filter(([matter, one]) => one.verdict && seenOf.has(matter))
    .sort(([a], [b]) => orders.get(a) - orders.get(b));

  function rulings() {
    return lakthan.rulings(given().map(([matter, one]) => {
      const [indicator, evidence] = split(matter);
      const points = one.points && !evidence && one.verdict !== "ask" ? number(one.points) : null;
      return { indicator, evidence, verdict: one.verdict, points, final: state.about.final, stale: stale(matter, one) };
    }));
  }

  function update() {
    const round = state.about.round || null;
    const score = lakthan.score(portfolio, bench.rubric, { round, rulings: rulings() });
    bench.board([[words.filed, filed()], [words.verified, score]]);
    bench.paint(score, filed());
    const looked = new Set(given().map(([matter]) => split(matter)[0]));
    progress.textContent = looked.size === bench.sheets.size ? words.finished
      : bench.say("seenSoFar", { n: bench.digits(looked.size), whole: bench.digits(bench.sheets.size) });
    next.disabled = looked.size === bench.sheets.size;
    preview.textContent = text();
    if (complaints.childElementCount) complain();
    bench.announce(bench.line(score));
  }

  // At each indicator -----------------------------------------------------------------------------------------------

  const shown = new Map(); // matter → what shows its verdict anew

  function controls(matter, what, max) {
    const name = `verdict-${matter}`, own = () => state.verdicts[matter] ?? {};
    const change = (values) => {
      state.verdicts[matter] = { verdict: "", points: "", reason: "", answer: "", answered: "", seen: "", ...own(), ...values };
      if (!state.verdicts[matter].verdict) delete state.verdicts[matter];
      else if (!own().seen) state.verdicts[matter].seen = seenOf.get(matter) ?? "";
      keep();
      show();
      update();
    };
    const radios = ["", "accept", "reject", "ask"].map((value) => element("label", { class: `lk-choice lk-choice--${value || "none"}` },
      element("input", { type: "radio", name, value, onchange: () => change({ verdict: value }) }), element("span", {}, words[value || "yetOpen"])));
    const reason = element("textarea", { rows: 2, oninput: () => { own().reason = reason.value; keep(); update(); } });
    const label = element("span", {});
    const reasonField = element("label", { class: "lk-field lk-field--wide" }, label, reason);
    const points = max && element("input", { type: "text", inputmode: "decimal", size: 5, class: "lk-number",
      oninput: () => { own().points = points.value.trim(); keep(); show(); update(); } });
    const pointsField = points && element("label", { class: "lk-field" }, element("span", {}, bench.say("pointsField", { max: bench.number(max) })), points);
    const answer = element("p", { class: "lk-judge__answer" });
    const again = element("p", { class: "lk-judge__stale" }, words.stale, " ",
      element("button", { type: "button", class: "lk-act lk-act--plain", onclick: () => {
        change({ seen: seenOf.get(matter) ?? "" });
        set.querySelector("input:checked").focus();
      } }, words.again));
    const set = element("fieldset", { class: "lk-judge", "data-matter": matter },
      element("legend", {}, words.verdict, element("span", { class: "lk-hidden" }, `: ${what}`)), element("div", { class: "lk-choices" }, ...radios), again, pointsField, reasonField, answer);

    function show() {
      const one = own(), verdict = one.verdict ?? "";
      for (const radio of set.querySelectorAll("[type=radio]")) radio.checked = radio.value === verdict;
      set.dataset.verdict = verdict;
      label.textContent = verdict === "ask" ? words.question : words.reason;
      if (reason.value !== (one.reason ?? "")) reason.value = one.reason ?? "";
      if (points && points.value !== (one.points ?? "")) points.value = one.points ?? "";
      reasonField.hidden = !verdict || (verdict === "accept" && !one.points && !one.reason);
      if (pointsField) pointsField.hidden = verdict !== "accept" && verdict !== "reject";
      if (points) points.setAttribute("aria-invalid", String(Boolean(one.points) && !fits(matter, one.points)));
      answer.hidden = !one.answer;
      answer.textContent = one.answer ? `${words.answer}: ${one.answer}` : "";
      again.hidden = !verdict || !stale(matter, one);
    }
    shown.set(matter, show);
    return set;
  }

  const filedIn = new Map(); // round → the score without any verdict
  function filed() {
    const round = state.about.round || null;
    if (!filedIn.has(round)) filedIn.set(round, lakthan.score(portfolio, bench.rubric, { round }));
    return filedIn.get(round);
  }

  const largest = (id) => filed().indicators.get(id).max;

  function fits(matter, given) {
    const value = number(given);
    return value !== null && value.n >= 0n && lakthan.compare(value, largest(split(matter)[0])) <= 0;
  }

  // The file --------------------------------------------------------------------------------------------------------

  /** The verdicts as the file has them. */
  function listed() {
    return given().map(([matter, one]) => {
      const [indicator, evidence] = split(matter);
      const points = !evidence && one.verdict !== "ask" && one.points ? exact(one.points) : "";
      const asked = one.verdict === "ask";
      return { indicator, evidence, ...one, points, answer: asked ? one.answer : "", answered: asked && one.answer ? one.answered : "" };
    });
  }

  function exact(given) {
    const value = number(given);
    return value ? (value.d === 1n ? String(value.n) : `${value.n}/${value.d}`) : given;
  }

  const text = () => write({ ...state.about, date: day(state.about.date) }, listed());

  function titleOf(matter) {
    const [id, evidence] = split(matter), sheet = bench.sheets.get(id);
    const title = evidence && sheet.querySelector(`[data-record="${CSS.escape(evidence)}"] .lk-sheet__title`)?.textContent;
    return `${bench.digits(id)}${title ? ` · ${title}` : ""}`;
  }

  /** What keeps the file from being one, each with where it can be mended. */
  function wanting() {
    const found = [], { about } = state;
    if (!clean(about.role)) found.push([words.wantRole, fields.role]);
    if (!day(about.date)) found.push([words.wantDate, fields.date]);
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$/.test(about.name)) found.push([words.wantName, fields.name]);
    if (!given().length) found.push([words.nothing, root]);
    for (const [matter, one] of given()) {
      const set = document.querySelector(`[data-matter="${CSS.escape(matter)}"]`), what = titleOf(matter);
      const pointed = !split(matter)[1] && one.points && one.verdict !== "ask";
      if ((one.verdict !== "accept" || pointed) && !clean(one.reason ?? "")) found.push([bench.say("wantReason", { what }), set.querySelector("textarea")]);
      if (pointed && !fits(matter, one.points))
        found.push([bench.say("wantPoints", { what, max: bench.number(largest(split(matter)[0])) }), set.querySelector(".lk-number")]);
      if (!one.seen) found.push([bench.say("wantSeen", { what }), set.querySelector("input")]);
    }
    return found;
  }

  function complain() {
    const found = wanting();
    complaints.replaceChildren(...(found.length ? [element("p", {}, element("strong", {}, words.wanting)), element("ul", {},
      ...found.map(([said, where]) => element("li", {}, element("button", { type: "button", class: "lk-linklike", onclick: () => { where.scrollIntoView({ block: "center" }); where.focus(); } }, said))))] : []));
    return found.length > 0;
  }

  function save() {
    if (complain()) {
      complaints.focus();
      return;
    }
    const name = `${state.about.name}.yml`;
    const address = URL.createObjectURL(new Blob([text()], { type: "application/yaml" }));
    element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    said(`${bench.say("saved", { name })} ${bench.say("where", { path: `content/${inputs.unit}/${inputs.rubric}/reviews/${name}` })}`);
  }

  function take(review, name) {
    const about = { ...state.about, ...review.about, name, date: review.about.date || state.about.date };
    if (!bench.rubric.rounds.some((one) => one.id === about.round)) about.round = bench.rubric.rounds.at(-1)?.id ?? "";
    const verdicts = {};
    let left = 0;
    // What is said of a record for one indicator goes before what is said of it for all.
    for (const one of [...review.verdicts].sort((a, b) => Boolean(a.indicator) - Boolean(b.indicator))) {
      const ids = one.indicator ? [one.indicator] : [...bench.sheets.keys()];
      const known = ids.map((id) => (one.evidence ? `${id}#${found(id, one)}` : id)).filter((matter) => seenOf.has(matter));
      if (!known.length) left += 1;
      for (const matter of known) {
        const { verdict, points, reason, answer, answered, seen } = one;
        verdicts[matter] = { verdict, points, reason, answer, answered, seen };
      }
    }
    state = { version: VERSION, about, verdicts };
    keep();
    fill();
    update();
    said([bench.say("opened", { n: bench.digits(review.verdicts.length - left) }), left ? bench.say("left", { n: bench.digits(left) }) : ""].join(" "));
  }

  /** The record of an indicator that a verdict is on: as it was seen and so named, else as it was seen, else so named. */
  function found(id, one) {
    const same = [...seenOf].filter(([matter, seen]) => matter.startsWith(`${id}#`) && seen && seen === one.seen).map(([matter]) => split(matter)[1]);
    return same.includes(one.evidence) ? one.evidence : same[0] ?? one.evidence;
  }

  async function open(file) {
    if (!file) return;
    try {
      take(await read(await file.text()), file.name.replace(/\.ya?ml$/i, ""));
    } catch (error) {
      said(error instanceof TypeError ? bench.say("other", { path: file.name }) : bench.say("unreadable", { why: error.message.split("\n")[0] }));
    }
  }

  // The page --------------------------------------------------------------------------------------------------------

  const field = (label, input, hint) => element("label", { class: "lk-field" }, element("span", {}, label), input, hint ? element("small", {}, hint) : null);
  const about = (key, input) => {
    input.addEventListener("input", () => { state.about[key] = input.type === "checkbox" ? input.checked : input.value; keep(); update(); });
    return input;
  };
  const fields = {
    role: about("role", element("input", { type: "text", autocomplete: "off" })),
    date: about("date", element("input", { type: "date" })),
    name: about("name", element("input", { type: "text", autocomplete: "off", spellcheck: "false" })),
    note: about("note", element("textarea", { rows: 2 })),
    final: about("final", element("input", { type: "checkbox" })),
    round: about("round", element("select", {}, ...bench.rubric.rounds.map(({ id }) => element("option", { value: id }, bench.names.rounds[id])))),
  };
  const progress = element("p", { class: "lk-judge__progress" });
  const next = element("button", { type: "button", class: "lk-act lk-act--plain", onclick: () => {
    const looked = new Set(given().map(([matter]) => split(matter)[0]));
    const open = [...bench.sheets].find(([id]) => !looked.has(id));
    if (!open) return;
    document.getElementById(`indicator-${open[0]}`)?.scrollIntoView({ block: "start" });
    open[1].querySelector("[data-matter] input").focus({ preventScroll: true });
  } }, words.next);
  const keeping = element("p", { class: "lk-muted" });
  const message = element("p", { role: "status", class: "lk-judge__message" });
  const complaints = element("div", { class: "lk-judge__complaints", tabindex: "-1" });
  const preview = element("code", {});
  const picker = element("input", { type: "file", accept: ".yml,.yaml,text/yaml,application/yaml", onchange: () => { open(picker.files[0]); picker.value = ""; } });
  const sure = element("div", { class: "lk-judge__sure", hidden: true, role: "group", "aria-label": words.clearSure }, element("p", {}, words.clearSure),
    element("button", { type: "button", class: "lk-act", onclick: () => {
      state.verdicts = {};
      try { localStorage.removeItem(place); } catch { /* nothing was kept */ }
      sure.hidden = true;
      clear.focus();
      fill();
      update();
      said(words.cleared);
    } }, words.yes),
    element("button", { type: "button", class: "lk-act lk-act--plain", onclick: () => { sure.hidden = true; clear.focus(); } }, words.no));
  const clear = element("button", { type: "button", class: "lk-act lk-act--plain", onclick: () => {
    sure.hidden = false;
    sure.querySelector("button").focus();
  } }, words.clear);
  const published = (inputs.reviews ?? []).map((one) => element("button", { type: "button", class: "lk-act lk-act--plain",
    onclick: () => take(reviewOf({ ...one, verdicts: one.verdicts.map((v) => ({ ...v, indicator: v.indicator ?? "", evidence: v.evidence ?? "" })) }), one.name) },
    bench.say("load", { name: one.name, role: one.role })));

  function said(text) {
    message.textContent = text;
  }

  /** Everything that can be filled in as it is kept. */
  function fill() {
    for (const [key, input] of Object.entries(fields)) {
      if (key === "final") input.checked = Boolean(state.about.final);
      else input.value = state.about[key] ?? "";
    }
    for (const show of shown.values()) show();
  }

  recall();
  for (const [id, sheet] of bench.sheets) {
    orders.set(id, orders.size);
    sheet.querySelector("[data-verdict]").append(controls(id, bench.names.indicators[id], largest(id)));
    for (const item of sheet.querySelectorAll("[data-record]")) {
      const matter = `${id}#${item.dataset.record}`;
      orders.set(matter, orders.size);
      item.append(controls(matter, item.querySelector(".lk-sheet__title").textContent));
    }
  }
  root.append(
    element("div", { class: "lk-judge__bar" }, progress, next),
    element("details", { class: "lk-judge__about", open: !state.about.role }, element("summary", {}, words.thisReview),
      element("div", { class: "lk-settings" }, field(words.role, fields.role, words.roleHint), field(words.date, fields.date),
        bench.rubric.rounds.length ? field(words.round, fields.round) : null, field(words.file, fields.name, words.fileHint),
        element("label", { class: "lk-field lk-field--wide" }, element("span", {}, words.note), fields.note),
        element("label", { class: "lk-tick" }, fields.final, element("span", {}, words.final)))),
    element("div", { class: "lk-judge__file" },
      element("button", { type: "button", class: "lk-act", "data-save": true, onclick: save }, words.save),
      element("label", { class: "lk-act lk-act--plain lk-act--file" }, picker, element("span", {}, words.open)), clear, ...published),
    sure, complaints, message, keeping,
    element("details", { class: "lk-judge__preview" }, element("summary", {}, words.preview), element("pre", { tabindex: "0" }, preview)));
  root.tabIndex = -1;
  fill();
  keep();
  update();
  clearTimeout(bench.waiting); // nothing has moved yet
});
