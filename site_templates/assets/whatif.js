// “What if”: numbers, documents, rounds and readings are supposed, and the score follows. Nothing is kept or sent.

import * as lakthan from "./evaluate.js";
import { element, start } from "./bench.js";
import { covers, missing, way } from "./cheapest.js";

start((bench) => {
  const { words, portfolio, root } = bench;
  const supposed = new Map(); // name of a condition → {indicator, condition}
  const without = new Map(); // indicator → names of records
  const numbers = new Map(); // "shared:name" or "1.1:name" → fraction
  let round = bench.reached.at(-1), reading = null;

  // What is supposed -----------------------------------------------------------------------------------------------

  function changed() {
    if (!numbers.size) return portfolio;
    const facts = (answer, owner) => {
      const own = Object.assign(Object.create(null), answer.facts);
      for (const [key, value] of numbers) if (key.startsWith(`${owner}:`)) own[key.slice(owner.length + 1)] = value;
      return { ...answer, facts: own };
    };
    const answers = Object.assign(Object.create(null), portfolio.answers);
    for (const id of bench.sheets.keys())
      if (answers[id] || [...numbers.keys()].some((key) => key.startsWith(`${id}:`)))
        answers[id] = facts(answers[id] ?? { facts: {}, registers: Object.create(null), evidence: [] }, id);
    return { ...portfolio, shared: facts(portfolio.shared, "shared"), answers };
  }

  function scored() {
    const rubric = lakthan.rubricFrom(bench.rubricData, reading), all = [...supposed.values()];
    const rulings = new Map([...without].map(([id, names]) => [id, { refused: names, rejects: false, limit: null }]));
    const suppose = (condition, scope) => all.some((one) => one.indicator === scope.indicator && covers(one.condition, condition));
    const now = changed();
    const filed = lakthan.score(portfolio, bench.rubric, { round });
    return { filed, score: lakthan.score(now, rubric, { round, rulings, suppose: all.length ? suppose : null }) };
  }

  // Showing it -----------------------------------------------------------------------------------------------------

  const waySlot = element("div", { class: "lk-way lk-callout" });

  function update() {
    const { filed, score } = scored();
    bench.board([[words.filed, filed], [words.supposed, score]]);
    bench.paint(score, filed, reading);
    for (const [id, sheet] of bench.sheets) ticks(sheet, id, score.indicators.get(id));
    showWay(score);
    const n = supposed.size + numbers.size + [...without.values()].reduce((total, names) => total + names.size, 0);
    summary.textContent = n ? bench.say("changed", { n: bench.digits(n) }) : "";
    reset.disabled = !n && reading === null && round === bench.reached.at(-1);
    bench.announce(bench.line(score));
  }

  /** A box at each condition that does not hold, or only because it is supposed to. */
  function ticks(sheet, id, node) {
    const shown = new Set();
    const tick = (name, finding) => {
      (finding.parts ?? []).forEach((part, n) => tick(`${name}.${n}`, part));
      if (finding.parts || (finding.holds && !finding.supposed)) return;
      const item = sheet.querySelector(`[data-condition="${CSS.escape(name)}"] > div`);
      if (!item) return;
      shown.add(name);
      let box = item.querySelector(":scope > .lk-tick input");
      if (!box) {
        box = element("input", { type: "checkbox", "data-suppose": name });
        item.append(element("label", { class: "lk-tick" }, box, element("span", {}, words.suppose),
          element("span", { class: "lk-hidden" }, `: ${item.querySelector("[data-asked]").textContent}`)));
        box.addEventListener("change", () => {
          if (box.checked) supposed.set(name, { indicator: id, condition: box.condition });
          // What a larger wish brought along goes with it.
          else for (const [key, one] of supposed) if (one.indicator === id && covers(one.condition, box.condition)) supposed.delete(key);
          update();
        });
      }
      box.condition = finding.condition;
      box.checked = Boolean(finding.supposed);
    };
    for (const leaf of lakthan.walk(node)) leaf.findings.forEach((finding, n) => tick(`${leaf.path}#${n}`, finding));
    for (const box of sheet.querySelectorAll("[data-suppose]")) if (!shown.has(box.dataset.suppose)) box.closest("label").remove();
  }

  function showWay(score) {
    const found = way(score), parts = [];
    if (!bench.rubric.levels.length) parts.push(element("p", {}, words.noLevels));
    else if (!found) parts.push(element("p", {}, element("strong", {}, words.top)));
    else if (!found.picks) parts.push(element("p", {}, bench.say("noWay", { level: bench.level(found.level.id) })));
    else {
      const items = found.picks.map((pick) => element("li", {},
        element("a", { href: `#indicator-${pick.indicator}` }, bench.names.indicators[pick.indicator]),
        element("ul", {}, ...pick.needs.map((need) => element("li", {}, textOf(score, pick.indicator, need.condition),
          need.amount > 1 ? element("span", { class: "lk-muted" }, ` (+${bench.digits(need.amount)})`) : null)))));
      parts.push(element("p", {}, element("strong", {}, bench.say("way", { level: bench.level(found.level.id) }))),
        element("ul", { class: "lk-way__list" }, ...items),
        element("p", {}, element("button", { type: "button", class: "lk-act", "data-take": true, onclick: () => take(score, found) }, words.take)),
        element("p", { class: "lk-muted" }, words.wayHow));
    }
    waySlot.replaceChildren(...parts);
  }

  /** What a condition asks, in the words that stand beside it. */
  function textOf(score, indicator, wanted) {
    const sheet = bench.sheets.get(indicator);
    const search = (name, finding) => (finding.condition === wanted ? name
      : (finding.parts ?? []).map((part, n) => search(`${name}.${n}`, part)).find(Boolean));
    for (const leaf of lakthan.walk(score.indicators.get(indicator)))
      for (const [n, finding] of leaf.findings.entries()) {
        const name = search(`${leaf.path}#${n}`, finding);
        if (name) return sheet.querySelector(`[data-condition="${CSS.escape(name)}"] [data-asked]`)?.textContent ?? name;
      }
    return "";
  }

  function take(score, found) {
    let n = 0;
    for (const pick of found.picks)
      for (const leaf of lakthan.walk(score.indicators.get(pick.indicator)).filter((one) => pick.paths.includes(one.path)))
        leaf.findings.forEach((finding, at) => (missing(finding) ?? []).forEach((need) => {
          supposed.set(`${leaf.path}#${at} ${need.at}`, { indicator: pick.indicator, condition: need.condition });
          n += 1;
        }));
    update();
    bench.announce(`${bench.say("taken", { n: bench.digits(n) })} ${bench.line(scored().score)}`);
    root.scrollIntoView({ block: "start" });
    root.focus({ preventScroll: true });
  }

  // The controls ---------------------------------------------------------------------------------------------------

  const choice = (label, chosen, pairs, change) => {
    const select = element("select", { onchange: () => { change(select.value || null); update(); } },
      ...pairs.map(([value, text]) => element("option", { value: value ?? "", selected: value === chosen }, text)));
    return element("label", { class: "lk-field" }, element("span", {}, label), select);
  };

  const summary = element("span", { class: "lk-muted" });
  const reset = element("button", { type: "button", class: "lk-act lk-act--plain", onclick: () => {
    supposed.clear();
    without.clear();
    numbers.clear();
    [round, reading] = [bench.reached.at(-1), null];
    build();
    update();
    bench.announce(words.wasReset);
  } }, words.reset);
  const settings = element("div", { class: "lk-settings", role: "group", "aria-label": words.settings });

  function build() {
    const parts = [];
    if (bench.rubric.rounds.length)
      parts.push(choice(words.round, round, bench.rubric.rounds.map(({ id }) => [id, bench.names.rounds[id]]), (value) => { round = value; }));
    if (bench.rubricData.readings?.length)
      parts.push(choice(words.reading, reading, [[null, words.asFiled], ...bench.rubricData.readings.map(({ id }) => [id, bench.names.readings[id]])],
        (value) => { reading = value; }));
    settings.replaceChildren(...parts, reset, summary);
    for (const [id, sheet] of bench.sheets) {
      for (const item of sheet.querySelectorAll("[data-fact]")) number(item, id);
      for (const item of sheet.querySelectorAll("[data-record]")) leaveOut(item, id);
    }
  }

  function number(item, id) {
    const name = item.dataset.fact, own = portfolio.answers[id]?.facts[name], stated = own ?? portfolio.shared.facts[name];
    const key = `${own === undefined && portfolio.shared.facts[name] !== undefined ? "shared" : id}:${name}`;
    const title = item.querySelector("[data-fact-name]").textContent;
    const field = element("input", { type: "text", inputmode: "decimal", class: "lk-number", size: 7, "data-key": key,
      "aria-label": bench.say("number", { what: title }), value: stated ? bench.digits(lakthan.show(stated).replaceAll(",", "")) : "" });
    field.addEventListener("input", () => {
      const text = field.value.trim().replace(/[๐-๙]/g, (digit) => "๐๑๒๓๔๕๖๗๘๙".indexOf(digit)).replaceAll(",", "");
      let value = null;
      try { if (text) value = lakthan.fraction(text); } catch { /* said below */ }
      field.setAttribute("aria-invalid", String(Boolean(text) && value === null));
      field.title = text && value === null ? words.badNumber : "";
      if (value === null || (stated && !lakthan.compare(value, stated))) numbers.delete(key);
      else numbers.set(key, value);
      for (const other of document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)) if (other !== field) other.value = field.value;
      update();
    });
    item.querySelector("[data-fact-value] strong, [data-fact-value] input").replaceWith(field);
  }

  function leaveOut(item, id) {
    item.querySelector(".lk-tick")?.remove();
    item.classList.remove("lk-sheet__record--out");
    const title = item.querySelector(".lk-sheet__title").textContent;
    const box = element("input", { type: "checkbox", "data-without": item.dataset.record, onchange: () => {
      const names = without.get(id) ?? new Set();
      names[box.checked ? "add" : "delete"](item.dataset.record);
      without.set(id, names);
      item.classList.toggle("lk-sheet__record--out", box.checked);
      update();
    } });
    item.append(element("label", { class: "lk-tick" }, box, element("span", {}, words.without), element("span", { class: "lk-hidden" }, `: ${title}`)));
  }

  root.tabIndex = -1;
  root.append(settings, waySlot, element("p", { class: "lk-muted" }, words.private));
  build();
  update();
  clearTimeout(bench.waiting); // nothing has moved yet
});
