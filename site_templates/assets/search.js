// The search. lakthan.js loads this module when somebody asks for it; lakthan/search.py makes the index and says how.
// Text from the index is only ever set as text.

const SHOWN = 10; // results at a time
const LOOKED_AT = 12; // pages whose texts are loaded before the best of them are shown
const KEYS = 12; // parts of a query that are looked up at most: what is left over is found in the texts
const AROUND = 70; // characters of an excerpt before and after what was found

// How text is compared: as `normal` in lakthan/search.py ----------------------------------------------------------

const DROPPED = /[\u00ad\u034f\u061c\u115f\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]/;
const LATIN_MARK = /[\u0300-\u036f]/;
const MARK = /[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]/;
const THAI = /[\u0e00-\u0e7f]/;
const TOKEN = /[\u0e01-\u0e2e\u0e30-\u0e3a\u0e40-\u0e4e]+|[0-9]+|(?:(?![\u0e00-\u0e7f])\p{L})+/gu;

export function asciiDigits(text) {
  return text.replace(/[๐-๙]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0x0e20));
}

/** The text as it is compared, and where each of its characters stands in the original. */
export function mapped(text) {
  let letters = []; // [character, place]
  let place = 0;
  for (const original of text) {
    if (!DROPPED.test(original)) {
      for (const part of original.normalize("NFKD")) {
        if (LATIN_MARK.test(part)) continue;
        for (const small of asciiDigits(part).toLowerCase()) letters.push([small, place]);
      }
    }
    place += original.length;
  }
  for (let i = 1; i < letters.length; i++) {
    if (letters[i][0] === "เ" && letters[i - 1][0] === "เ") {
      letters[i - 1] = ["แ", letters[i - 1][1]];
      letters.splice(i, 1);
    }
  }
  for (let i = 0; i < letters.length; i++) {
    let j = i;
    while (j < letters.length && MARK.test(letters[j][0])) j++;
    if (j - i > 1) {
      const marks = new Map(letters.slice(i, j).reverse());
      const sorted = [...marks.keys()].sort().map((mark) => [mark, marks.get(mark)]);
      letters.splice(i, j - i, ...sorted);
      i += sorted.length - 1;
    }
  }
  // From here on a place in `letters` is a place in `plain`: characters outside the first plane count double.
  letters = letters.flatMap(([letter, at]) => [...letter].length === letter.length ? [[letter, at]] : [[letter[0], at], [letter[1], at]]);
  const plain = letters.map((letter) => letter[0]).join("");
  let found = "";
  const at = [];
  const add = (letter, where) => { found += letter; at.push(where); };
  for (const token of plain.matchAll(TOKEN)) {
    const thai = THAI.test(token[0][0]);
    if (!thai && !found.endsWith(" ")) add(" ", letters[token.index][1]);
    for (let i = 0; i < token[0].length; i++) add(token[0][i], letters[token.index + i][1]);
    if (!thai) add(" ", letters[token.index + token[0].length - 1][1] + 1);
  }
  return { text: found, at };
}

export function normal(text) {
  return mapped(text).text;
}

/** A function that finds dates in text, as `dates` in lakthan/search.py: [{from, to, keys}]. */
export function dateFinder(months) {
  const names = [...new Set(months.flat())].sort((a, b) => b.length - a.length);
  const escaped = (part) => part.replace(/\./g, "\\.");
  const name = names.map((one) => one.match(/[^.]+\.?/g).map(escaped).join("\\s?")).join("|");
  const monthOf = new Map(months.flatMap((row, i) => row.map((one) => [one.replace(/\./g, "").toLowerCase(), i + 1])));
  const era = "(?:(?:พ\\.?\\s?ศ\\.?|ค\\.?\\s?ศ\\.?|พุทธศักราช|คริสต์ศักราช)\\s?)?";
  const pattern = new RegExp(
    "(?<!\\d)(?<y>\\d{4})-(?<m>\\d{1,2})-(?<d>\\d{1,2})(?!\\d)" +
    "|(?<!\\d)(?<d2>\\d{1,2})/(?<m2>\\d{1,2})/(?<y2>\\d{4}|\\d{2})(?!\\d)" +
    `|(?<n3>(?<![a-z])(?:${name}))\\s(?<d3>\\d{1,2}),\\s?(?<y3>\\d{4})(?!\\d)` +
    `|(?:(?<!\\d)(?<d4>\\d{1,2})\\s?(?:เดือน\\s?)?)?(?<n4>(?<![a-z])(?:${name}))\\s?${era}(?<y4>\\d{4}|\\d{2})(?!\\d)`,
    "gi");
  return (text) => {
    const found = [];
    for (const one of asciiDigits(text).matchAll(pattern)) {
      const g = one.groups;
      const word = g.n3 || g.n4;
      const month = word ? monthOf.get(word.replace(/[.\s]/g, "").toLowerCase()) : Number(g.m || g.m2);
      const day = g.d || g.d2 || g.d3 || g.d4;
      const written = g.y || g.y2 || g.y3 || g.y4;
      let year = Number(written);
      if (written.length === 2) year += 2500 - 543;
      else if (year >= 2400 && year <= 2700) year -= 543;
      else if (year < 1900 || year > 2157) continue;
      if (month < 1 || month > 12 || (day && (day < 1 || day > 31))) continue;
      const key = `@${String(year).padStart(4, "0")}${String(month).padStart(2, "0")}`;
      const keys = day ? [key, key + String(Number(day)).padStart(2, "0")] : [key];
      found.push({ from: one.index, to: one.index + one[0].length, keys });
    }
    return found;
  };
}

// A query ---------------------------------------------------------------------------------------------------------

/** What a query asks for: [{date: key}] and [{text: as compared}]. Thai is looked for anywhere, other words from their
 *  beginning, and a number of one or two digits as a whole. */
export function terms(query, dates) {
  const found = [];
  let rest = query;
  for (const date of dates(query).reverse()) {
    found.unshift({ date: date.keys[date.keys.length - 1] });
    rest = rest.slice(0, date.from).replace(/(?:ลว\.?|ลงวันที่|วันที่)\s*$/, "") + " " + rest.slice(date.to);
  }
  for (const word of rest.split(/\s+/u)) {
    let text = normal(word);
    if (!/(?:^| )[0-9]{1,2} $/.test(text)) text = text.replace(/ $/, "");
    if ([...text].length > 1) found.push({ text });
  }
  return found;
}

function keysOf(term, most) {
  if (term.date) return [term.date];
  const letters = [...term.text];
  if (letters.length < 3) return [term.text];
  const starts = [];
  const step = letters.length > 7 ? 3 : 1; // of a short word all, or too many pages would be looked at in vain
  for (let i = 0; i < letters.length - 3; i += step) starts.push(i);
  starts.push(letters.length - 3);
  const kept = starts.filter((_, i) => starts.length <= most || i === starts.length - 1 ||
    Math.floor(i * (most - 1) / starts.length) !== Math.floor((i - 1) * (most - 1) / starts.length));
  return [...new Set(kept.map((i) => letters.slice(i, i + 3).join("")))];
}

/** Where the terms stand in a line of text: [{from, to, term}], in order. */
export function places(line, wanted, dates) {
  const found = [];
  const dated = wanted.some((term) => term.date) ? dates(line) : [];
  const { text, at } = mapped(line);
  wanted.forEach((term, number) => {
    if (term.date) {
      for (const date of dated) if (date.keys.includes(term.date)) found.push({ from: date.from, to: date.to, term: number });
      return;
    }
    const start = term.text.startsWith(" ") ? 1 : 0;
    const end = term.text.trimEnd().length;
    for (let i = text.indexOf(term.text); i >= 0; i = text.indexOf(term.text, i + 1)) {
      let to = at[i + end - 1] + 1;
      while (to < line.length && MARK.test(line[to])) to++;
      found.push({ from: at[i + start], to, term: number });
    }
  });
  return found.sort((a, b) => a.from - b.from || b.to - a.to);
}

// The index -------------------------------------------------------------------------------------------------------

/** FNV-1a. */
export function hash(key) {
  let found = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) found = Math.imul(found ^ key.charCodeAt(i), 0x01000193) >>> 0;
  return found;
}

function reader(bytes) {
  let place = 0;
  return {
    more: () => place < bytes.length,
    number() {
      let value = 0;
      for (let shift = 1; ; shift *= 128) {
        const byte = bytes[place++];
        value += (byte & 127) * shift;
        if (byte < 128) return value;
      }
    },
    take(length) { return bytes.subarray(place, place += length); },
  };
}

function runs(bytes) {
  const found = [];
  const list = reader(bytes);
  let next = 0;
  while (list.more()) {
    const step = list.number();
    next += step >> 1;
    found.push(next++);
    if (step & 1) for (let more = list.number(); more >= 0; more--) found.push(next++);
  }
  return found;
}

function both(lists) {
  if (!lists.length) return [];
  const [first, ...others] = [...lists].sort((a, b) => a.length - b.length);
  return others.reduce((found, list) => {
    const known = new Set(list);
    return found.filter((one) => known.has(one));
  }, first);
}

export class Index {
  static async open(address) {
    const base = new URL(address, document.baseURI);
    return new Index(base, await (await got(new URL("index.json", base))).json());
  }

  constructor(base, facts) {
    this.base = base;
    this.facts = facts;
    this.dates = dateFinder(facts.months);
    this.parts = new Map();
  }

  part(name, read) {
    if (!this.parts.has(name)) {
      const loading = got(new URL(`${name}.bin`, this.base))
        .then((answer) => new Response(answer.body.pipeThrough(new DecompressionStream("deflate"))).arrayBuffer())
        .then((buffer) => read(new Uint8Array(buffer)));
      loading.catch(() => this.parts.delete(name)); // so that it can be tried again
      this.parts.set(name, loading);
    }
    return this.parts.get(name);
  }

  /** The pages under a key: everywhere, and those that have it in their title. */
  async pages(key) {
    const part = await this.part(`g/${hash(key) % this.facts.shards}`, (bytes) => {
      const found = new Map();
      const decoder = new TextDecoder();
      const list = reader(bytes);
      while (list.more()) {
        found.set(decoder.decode(list.take(list.number())), [list.take(list.number()), list.take(list.number())]);
      }
      return found;
    });
    const held = part.get(key);
    return held ? [runs(held[0]), runs(held[1])] : [[], []];
  }

  async page(number) {
    const { per } = this.facts;
    const part = await this.part(`t/${Math.floor(number / per)}`, (bytes) => JSON.parse(new TextDecoder().decode(bytes)));
    const [url, title, kind, about, passages] = part[number % per];
    return { url, title, kind, about, passages: passages.map(([anchor, heading, text]) => ({ anchor, heading, text })) };
  }

  /** The pages that may have what is asked for, the best first; `partial` if none has all of it. */
  async candidates(wanted, filters) {
    const most = Math.max(2, Math.floor(KEYS / wanted.length));
    const chosen = Object.entries(filters).filter(([, value]) => value).map(([name, value]) => `@${name[0]}:${value}`);
    const [within, ...lists] = await Promise.all([
      Promise.all(chosen.map((key) => this.pages(key))),
      ...wanted.slice(0, KEYS).map((term) => Promise.all(keysOf(term, most).map((key) => this.pages(key)))),
    ]);
    const allowed = chosen.length ? new Set(both(within.map((list) => list[0]))) : null;
    const points = new Map(); // page → [terms, terms in its title]
    for (const list of lists) {
      const inTitle = new Set(both(list.map((one) => one[1])));
      for (const page of both(list.map((one) => one[0]))) {
        if (allowed && !allowed.has(page)) continue;
        const known = points.get(page) || [0, 0];
        points.set(page, [known[0] + 1, known[1] + (inTitle.has(page) ? 1 : 0)]);
      }
    }
    const whole = [...points].filter(([, [count]]) => count === lists.length);
    const found = whole.length ? whole : [...points];
    found.sort(([a, [many, titled]], [b, [many2, titled2]]) => many2 - many || titled2 - titled || a - b);
    return { pages: found.map(([page]) => page), partial: !whole.length };
  }
}

async function got(url) {
  const answer = await fetch(url, { cache: "no-cache" }); // parts of two builds do not fit together
  if (!answer.ok) throw new Error(`${answer.status} ${url}`);
  return answer;
}

/** A page that has what is asked for, with where and how well; null if it was only thought to. */
export function judged(page, wanted, dates, partial) {
  const seen = new Set();
  const note = (found) => { found.forEach((one) => seen.add(one.term)); return found; };
  const inTitle = note(places(page.title, wanted, dates));
  const inAbout = note(places(page.about, wanted, dates));
  let best = null;
  for (const passage of page.passages) {
    const here = new Set();
    let line = null;
    const lines = passage.text.split("\n");
    for (const [number, text] of lines.entries()) {
      const found = note(places(text, wanted, dates));
      if (!found.length) continue;
      const kinds = new Set(found.map((one) => one.term)).size;
      found.forEach((one) => here.add(one.term));
      if (!line || kinds > line.kinds) line = { text, found, kinds, after: lines[number + 1] };
    }
    if (!line) continue;
    const inHeading = places(passage.heading, wanted, dates).length > 0;
    const worth = here.size * 10 + line.kinds * 4 + (inHeading ? 3 : 0);
    if (!best || worth > best.worth) best = { passage, line, worth };
  }
  if (!seen.size || (!partial && seen.size < wanted.length)) return null;
  const titled = new Set(inTitle.map((one) => one.term)).size;
  return { page, inTitle, inAbout, best, worth: seen.size * 100 + titled * 60 + (best ? best.worth : 0) };
}

/** The results of a query, in steps: `next()` gives the next ones. */
export class Search {
  constructor(index, query, filters) {
    this.index = index;
    this.filters = filters;
    this.terms = terms(query, index.dates);
    this.ready = [];
    this.looked = 0;
    this.wrong = 0;
  }

  async next() {
    if (!this.found) this.found = await this.index.candidates(this.terms, this.filters);
    const { pages, partial } = this.found;
    while (this.ready.length < SHOWN && this.looked < pages.length) {
      const numbers = pages.slice(this.looked, this.looked + LOOKED_AT);
      const loaded = await Promise.all(numbers.map((number) => this.index.page(number)));
      this.looked += numbers.length;
      const good = loaded.map((page) => judged(page, this.terms, this.index.dates, partial)).filter(Boolean);
      this.wrong += loaded.length - good.length;
      good.sort((a, b) => b.worth - a.worth); // stable: the order of the index stays where pages are of equal worth
      this.ready.push(...good);
    }
    return this.ready.splice(0, SHOWN);
  }

  get count() { return this.found.pages.length - this.wrong; }
  get exact() { return this.looked >= this.found.pages.length; }
  get partial() { return this.found.partial && this.terms.length > 1 && this.count > 0; }
  get more() { return this.ready.length > 0 || !this.exact; }
}

// What is seen ----------------------------------------------------------------------------------------------------

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  // Thai on a page in another language says so, for those who listen.
  if (children.length && document.documentElement.lang !== "th" && THAI.test(made.textContent)) made.lang = "th";
  return made;
}

/** Text with what was found in `mark`. */
function marked(text, found, from = 0, to = text.length) {
  const parts = [];
  let place = from;
  for (const one of found) {
    const start = Math.max(one.from, place);
    const end = Math.min(one.to, to);
    if (end <= start) continue;
    parts.push(text.slice(place, start), element("mark", {}, text.slice(start, end)));
    place = end;
  }
  parts.push(text.slice(place, to));
  return parts;
}

/** Around what was found, and what follows a short line; never cut within a Latin word or before a mark. */
function excerpt({ text, found, after }) {
  let from = Math.max(0, found[0].from - AROUND);
  let to = Math.min(text.length, Math.max(found[0].to, from + 2 * AROUND) + 20);
  const inside = (place) => place > 0 && place < text.length &&
    (MARK.test(text[place]) || /^[a-z0-9]{2}$/i.test(text.slice(place - 1, place + 1)) || /[\u0e30\u0e32\u0e33\udc00-\udfff]/.test(text[place]) || /[\u0e40-\u0e44]/.test(text[place - 1]));
  while (inside(from)) from--;
  while (inside(to)) to++;
  const short = to === text.length && text.length < AROUND && after && after.length > 15 && after.length < 2 * AROUND;
  return [from > 0 ? "… " : "", ...marked(text, found, from, to), to < text.length ? " …" : short ? ` · ${after}` : ""];
}

let forms = 0;

class View {
  constructor(box, address, { keep = false } = {}) {
    Object.assign(this, { box, keep, id: `lk-search-${++forms}`, turn: 0 });
    this.opened = Index.open(address);
  }

  async build() {
    const index = this.index = await this.opened;
    const { words, filters } = index.facts;
    this.words = words;
    const id = this.id;
    this.field = element("input", { type: "search", id, name: "q", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      maxlength: "200", enterkeyhint: "search", "aria-describedby": `${id}-hint` });
    this.status = element("p", { class: "lk-search__status", role: "status" });
    this.list = element("ol", { class: "lk-search__list", "aria-label": words.results });
    this.button = element("button", { type: "button", class: "lk-search__more", hidden: "" }, words.more);
    this.selects = {};
    const row = element("div", { class: "lk-search__filters" });
    for (const [name, choices] of Object.entries(filters)) {
      if (choices.length < 2) continue;
      const select = this.selects[name] = element("select", { id: `${id}-${name}`, name },
        element("option", { value: "" }, words.any), ...choices.map(([value, text]) => element("option", { value }, text)));
      row.append(element("div", {}, element("label", { for: `${id}-${name}` }, words[name]), select));
      select.addEventListener("change", () => this.ask());
    }
    const form = element("form", { class: "lk-search__form", role: "search", "aria-label": words.title },
      element("label", { for: id }, words.field), this.field,
      element("p", { class: "lk-search__hint", id: `${id}-hint` }, words.hint), row);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask().then(() => this.links()[0]?.focus());
    });
    this.field.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), 150);
    });
    this.button.addEventListener("click", () => this.more());
    this.box.addEventListener("keydown", (event) => this.step(event));
    this.box.replaceChildren(form, this.status, this.list, this.button);
  }

  links() { return [...this.list.querySelectorAll("a")]; }

  step(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp" || event.target.matches("select")) return;
    const stops = [this.field, ...this.links()];
    const place = stops.indexOf(document.activeElement);
    if (place < 0) return;
    const next = stops[place + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  say(name, n) {
    const digits = (text) => this.index.facts.digits === "thai" ? text.replace(/[0-9]/g, (d) => String.fromCharCode(d.charCodeAt(0) + 0x0e20)) : text;
    this.status.textContent = name ? this.words[name].replace("{n}", digits(String(n))) : "";
  }

  async ask() {
    clearTimeout(this.timer);
    const turn = ++this.turn;
    const query = this.field.value.trim();
    const filters = Object.fromEntries(Object.entries(this.selects).map(([name, select]) => [name, select.value]));
    if (this.keep) {
      const kept = new URLSearchParams(Object.entries({ q: query, ...filters }).filter(([, value]) => value));
      history.replaceState(null, "", kept.size ? `?${kept}` : location.pathname);
    }
    const search = new Search(this.index, query, filters);
    if (!search.terms.length) {
      this.list.replaceChildren();
      this.button.hidden = true;
      this.say(query ? "short" : "");
      return;
    }
    this.box.setAttribute("aria-busy", "true");
    const slow = setTimeout(() => turn === this.turn && this.say("busy"), 400);
    try {
      const results = await search.next();
      if (turn !== this.turn) return;
      this.search = search;
      this.list.replaceChildren(...results.map((result) => this.item(result)));
      this.told();
    } catch (error) {
      if (turn !== this.turn) return;
      this.list.replaceChildren();
      this.button.hidden = true;
      this.say("failed");
    } finally {
      clearTimeout(slow);
      if (turn === this.turn) this.box.removeAttribute("aria-busy");
    }
  }

  told() {
    const { count, exact, partial, more } = this.search;
    this.button.hidden = !more;
    this.say(partial ? "some" : !count ? "none" : !exact ? "found_about" : count === 1 ? "found_one" : "found", count);
  }

  async more() {
    const search = this.search;
    try {
      const items = (await search.next()).map((result) => this.item(result));
      if (search !== this.search) return;
      this.list.append(...items);
      this.told();
      items[0]?.querySelector("a").focus();
    } catch (error) {
      this.say("failed");
    }
  }

  item({ page, inTitle, inAbout, best }) {
    const url = new URL(`../../${page.url}`, this.index.base);
    if (best && best.passage.anchor && !inTitle.length) url.hash = best.passage.anchor;
    const kind = this.index.facts.filters.kind.find(([name]) => name === page.kind);
    const item = element("li", {},
      element("a", { href: url.href }, ...marked(page.title, inTitle)),
      element("p", { class: "lk-search__about" }, element("span", { class: "lk-tag" }, kind ? kind[1] : page.kind), " ",
        ...marked(page.about, inAbout)));
    if (best) {
      const { heading } = best.passage;
      const named = heading && heading !== best.line.text ? [element("b", {}, heading), " "] : [];
      item.append(element("p", { class: "lk-search__excerpt" }, ...named, ...excerpt(best.line)));
    }
    return item;
  }
}

/** The page of the search: what stands in its address is asked at once. */
export async function mount(box, link) {
  const view = new View(box, link.dataset.index, { keep: true });
  await view.build();
  const given = new URLSearchParams(location.search);
  view.field.value = given.get("q") || "";
  for (const [name, select] of Object.entries(view.selects)) {
    select.value = given.get(name) || "";
    if (select.selectedIndex < 0) select.value = "";
  }
  if (view.field.value) await view.ask();
}

let dialog;

/** The search over any page. What is typed while the index is on its way is not lost. */
export async function open(link) {
  if (dialog) {
    dialog.showModal();
    dialog.querySelector("input")?.select();
    return;
  }
  const name = link.getAttribute("aria-label");
  const field = element("input", { type: "search", "aria-label": name, maxlength: "200" });
  const box = element("div", { class: "lk-search" }, element("div", { class: "lk-search__form" }, field));
  const close = element("button", { type: "button", class: "lk-search__close", "aria-label": "×" }, "×");
  dialog = element("dialog", { class: "lk-dialog md-typeset", "aria-label": name }, close, box);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return; // a field of this sort would only be emptied
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  dialog.addEventListener("click", (event) => event.target.closest("a") && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
  const view = new View(box, link.dataset.index);
  try {
    await view.build();
  } catch (error) {
    dialog.remove();
    dialog = null;
    location.assign(link.href); // its page says what can be done
    return;
  }
  close.setAttribute("aria-label", view.words.close);
  close.title = view.words.close;
  view.field.value = field.value;
  view.field.focus();
  if (field.value) await view.ask();
}
