// What the workbench and “what if” share: the data of the portfolio, words, elements, and the score shown in the page.
// Whatever a unit or a reviewer wrote goes into the page as text, never as markup.

import * as lakthan from "./evaluate.js";

const THAI = "๐๑๒๓๔๕๖๗๘๙";

/** An element. *attributes*: `on…` are listeners, true and false set and leave out, all else is text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** The page: its data, its words, and what it shows of a score. */
export class Bench {
  constructor(root) {
    this.root = root;
    this.words = JSON.parse(root.dataset.words);
    this.names = JSON.parse(root.dataset.names);
    this.replaced = JSON.parse(root.dataset.replaced);
    this.sheets = new Map([...document.querySelectorAll("[data-indicator]")].map((one) => [one.dataset.indicator, one]));
    this.asked = new Map([...document.querySelectorAll("[data-condition]")].map((one) =>
      [one.dataset.condition, one.querySelector("[data-asked]").textContent]));
    this.status = element("p", { role: "status", "aria-live": "polite", class: "lk-hidden" });
    root.append(this.status);
  }

  async load() {
    const read = async (address) => {
      const answer = await fetch(address, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    };
    [this.inputs, this.rubricData] = await Promise.all([read(this.root.dataset.inputs), read(this.root.dataset.rubric)]);
    this.portfolio = lakthan.portfolioFrom(this.inputs);
    this.rubric = lakthan.rubricFrom(this.rubricData);
    this.reached = lakthan.roundsReached(this.portfolio, this.rubric);
  }

  /** A text of the catalogue, filled in; of its forms for one and for many the one that *n* asks for. */
  say(name, values = {}) {
    return this.words[name].replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
  }

  digits(text) {
    return this.root.dataset.digits === "thai" ? String(text).replace(/\d/g, (digit) => THAI[digit]) : String(text);
  }

  number(fraction) {
    return this.digits(lakthan.show(fraction));
  }

  level(id) {
    return id === null ? this.words.none : this.names.levels[id] ?? id;
  }

  /** The score in a line, as it is read aloud. */
  line(score) {
    const values = { points: this.number(score.points), max: this.number(score.max) };
    return this.say("now", { ...values, level: this.rubric.levels.length ? this.level(score.level) : "" }).replace(/[,\s]+$/, "");
  }

  /** Says it to who does not see it; once at rest, or every key would be answered. */
  announce(text) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => { this.status.textContent = text; }, 400);
  }

  /** The scores side by side, then each level: [[label, score]], the last is the one that moves. */
  board(columns) {
    const moving = columns.at(-1)[1], first = columns.at(-2)[1];
    const cells = columns.map(([label, score]) => element("div", { class: score === moving ? "lk-tally__now" : null },
      element("dt", {}, label), element("dd", {}, element("strong", {}, this.number(score.points)),
        element("small", {}, `/${this.number(score.max)}`),
        this.rubric.levels.length ? element("span", {}, this.level(score.level)) : null)));
    const gates = moving.gates.map((gate, n) => {
      const moved = gate.met !== first.gates[n].met;
      return element("li", { class: `lk-tally__gate lk-tally__gate--${gate.met ? "yes" : "no"}${moved ? " lk-tally__gate--moved" : ""}`, "data-gate": gate.level.id },
        element("span", { "aria-hidden": "true" }, gate.met ? "✓" : "✗"),
        element("b", {}, this.names.levels[gate.level.id]), " ",
        gate.met ? this.words.met : this.words.unmet, " ",
        element("small", {}, `${this.number(gate.points)}/${this.number(gate.needs ?? gate.max)}`));
    });
    const board = element("section", { class: "lk-tally", "aria-label": this.words.board },
      element("dl", { class: "lk-tally__scores" }, ...cells), gates.length ? element("ul", { class: "lk-tally__gates" }, ...gates) : null);
    if (this.shown) this.shown.replaceWith(board);
    else this.root.before(board); // beside the sheets, or it could not stay in sight of them
    this.shown = board;
  }

  /** Each indicator, criterion and condition as in *score*; what differs from *filed* says how it is now. */
  paint(score, filed, reading = null) {
    const other = reading ? this.replaced[reading] ?? {} : {};
    for (const [id, sheet] of this.sheets) {
      const node = score.indicators.get(id), before = filed.indicators.get(id);
      this.points(sheet, node, before);
      const was = new Map(lakthan.walk(before).map((one) => [one.path, one]));
      for (const [leaf, awarded] of lakthan.awards(node)) {
        const item = sheet.querySelector(`[data-leaf="${CSS.escape(leaf.path)}"]`);
        if (!item) continue;
        item.classList.toggle("lk-sheet__rung--on", awarded);
        item.classList.toggle("lk-sheet__rung--later", leaf.later);
        leaf.findings.forEach((finding, n) => this.condition(sheet, `${leaf.path}#${n}`, finding, was.get(leaf.path)?.findings[n], other));
      }
    }
  }

  points(sheet, node, before) {
    let cell = sheet.querySelector("[data-now]");
    if (!cell) {
      cell = element("dd", { "data-now": true });
      const box = element("div", { class: "lk-sheet__now" }, element("dt", {}, this.words[this.root.dataset.bench === "review" ? "verified" : "supposed"]), cell);
      sheet.querySelector("[data-scores]").insertBefore(box, sheet.querySelector("[data-scores]").lastElementChild);
    }
    cell.textContent = node.applies ? `${this.number(node.points)}/${this.number(node.max)}` : "–";
    const moved = lakthan.compare(node.points, before.points);
    cell.parentElement.dataset.moved = moved > 0 ? "up" : moved < 0 ? "down" : "";
  }

  condition(sheet, name, finding, before, other) {
    const item = sheet.querySelector(`[data-condition="${CSS.escape(name)}"]`);
    if (!item) return;
    item.classList.toggle("lk-cond--yes", finding.holds);
    item.classList.toggle("lk-cond--no", !finding.holds);
    item.classList.toggle("lk-sheet__cond--supposed", Boolean(finding.supposed));
    item.querySelector("[data-asked]").textContent = other[name] ?? this.asked.get(name);
    const found = item.querySelector(":scope > div > [data-found]");
    if (found) {
      if (found.dataset.was === undefined) found.dataset.was = found.textContent;
      const now = this.measured(finding);
      found.textContent = before && now === this.measured(before) && finding.holds === before.holds && !(name in other) ? found.dataset.was : now;
    }
    (finding.parts ?? []).forEach((part, n) => this.condition(sheet, `${name}.${n}`, part, before?.parts?.[n], other));
  }

  /** What a finding counted, in a few words. */
  measured({ n, part, whole, share }) {
    if (n) return this.say("foundNumber", { n: this.number(n) });
    if (!part || !whole) return "";
    const percent = share ? ` (${this.number(share)} %)` : "";
    return this.say("foundShare", { part: this.number(part), whole: this.number(whole) }) + percent;
  }
}

/** Brings the page to life; where that cannot be, what stands in it stays and says why. */
export async function start(run) {
  const bench = new Bench(document.querySelector("[data-bench]"));
  const notice = document.querySelector("[data-needs-script]");
  try {
    await bench.load();
    await run(bench);
    notice.remove();
    bench.root.dataset.ready = "";
  } catch (error) {
    notice.querySelector("p").textContent = bench.say("broken", { why: error.message });
    console.error(error);
  }
}
