// Scores a portfolio in the browser, from `inputs.json` and `rubric.json` as they are published.
//
// docs/rubrics.md is the definition; tests/test_evaluate.py holds this file against the Python engine. Nothing here
// touches the page, the network or a clock, and nothing that it is given is changed.
//
// Numbers are exact: a fraction is a frozen {n, d} of two BigInts, d > 0, in lowest terms. Days are ISO texts
// ("2026-01-22"): of four-digit years these compare as the days do, and no time zone can shift them.

// Fractions -------------------------------------------------------------------------------------------------------

export const ZERO = Object.freeze({ n: 0n, d: 1n });
const HUNDRED = Object.freeze({ n: 100n, d: 1n });

function reduced(n, d) {
  if (d < 0n) [n, d] = [-n, -d];
  let [a, b] = [n < 0n ? -n : n, d];
  while (b) [a, b] = [b, a % b];
  return Object.freeze(a > 1n ? { n: n / a, d: d / a } : { n, d });
}

/** A number of the published JSON: 27, 0.1, "53/7" or "123456789012345.000000001". TypeError for anything else. */
export function fraction(value) {
  if (value && typeof value === "object" && typeof value.n === "bigint") return value;
  // The shortest decimal form of a JSON number says what was meant: 0.1 is a tenth.
  const found = typeof value === "number" || typeof value === "string"
    ? /^([+-]?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?(?:\/(\d+))?$/.exec(String(value)) : null;
  if (!found) throw new TypeError(`no number: ${value}`);
  const [, sign, whole, decimals = "", exponent = "0", divisor = "1"] = found;
  const power = Number(exponent) - decimals.length;
  const n = BigInt(sign + whole + decimals) * 10n ** BigInt(Math.max(power, 0));
  const d = BigInt(divisor) * 10n ** BigInt(Math.max(-power, 0));
  if (!d) throw new TypeError(`no number: ${value}`);
  return reduced(n, d);
}

export const add = (a, b) => reduced(a.n * b.d + b.n * a.d, a.d * b.d);
export const subtract = (a, b) => reduced(a.n * b.d - b.n * a.d, a.d * b.d);
export const times = (a, b) => reduced(a.n * b.n, a.d * b.d);
export const over = (a, b) => reduced(a.n * b.d, a.d * b.n);
/** Negative, 0 or positive, as *a* is less than, equal to or more than *b*. */
export function compare(a, b) {
  const [left, right] = [a.n * b.d, b.n * a.d];
  return left < right ? -1 : left > right ? 1 : 0;
}
export const most = (numbers) => numbers.reduce((a, b) => (compare(b, a) > 0 ? b : a), ZERO);
export const sum = (numbers) => numbers.reduce(add, ZERO);
const count = (n) => Object.freeze({ n: BigInt(n), d: 1n });

/** At most two decimals, cut and not rounded: 79.995 must not be shown as 80. */
export function show(value) {
  const cut = ((value.n < 0n ? -value.n : value.n) * 100n) / value.d;
  const decimals = String(cut % 100n).padStart(2, "0").replace(/0+$/, "");
  const whole = String(cut / 100n).replace(/\B(?=(\d{3})+$)/g, ",");
  return (value.n < 0n && cut ? "-" : "") + whole + (decimals && `.${decimals}`);
}

// Reading what is published ---------------------------------------------------------------------------------------

const PROOF = ["file", "url", "reference"];
/** The register that every rubric has, as far as scores look at it. */
const CHANNELS = { fields: { date: {} }, proof: PROOF };

/** Names come from files: an object without a prototype has no `constructor` to be found by accident. */
const bare = (object) => Object.assign(Object.create(null), object);

/** The value of a field: text, true or false, {n, d}, {date}, or a list of these. */
function fieldValue(given) {
  if (Array.isArray(given)) return given.map(fieldValue);
  if (typeof given === "number") return fraction(given);
  if (given && typeof given === "object") return "date" in given ? { date: String(given.date) } : fraction(given.number);
  return given;
}

/**
 * The portfolio of an `inputs.json`: facts as fractions, records with values by name. The name of a record is that of
 * its place on the pages: `evidence-2` of an indicator, `shared-channels-1` of the portfolio itself.
 */
export function portfolioFrom(inputs) {
  const answer = (given, indicator) => {
    const records = (register, list) => list.map((one) => {
      const values = bare();
      for (const [name, value] of Object.entries(one.values)) values[name] = fieldValue(value);
      return { register, indicator, number: one.number, values,
        name: `${indicator === null ? "shared-" : ""}${register}-${one.number}`,
        kind: register === "evidence" ? String(values.kind ?? "") : register };
    });
    const facts = bare(), registers = bare();
    for (const [name, number] of Object.entries(given.facts)) facts[name] = fraction(number);
    for (const [name, list] of Object.entries(given.registers)) registers[name] = records(name, list);
    return { facts, registers, evidence: records("evidence", given.evidence),
      notApplicable: given.not_applicable, selfScore: given.self_score === null ? null : fraction(given.self_score) };
  };
  const answers = bare();
  for (const [id, given] of Object.entries(inputs.indicators)) answers[id] = answer(given, id);
  return { unit: inputs.unit, signed: inputs.signed, asOf: inputs.as_of, shared: answer(inputs.shared, null), answers };
}

/** The rubric of a `rubric.json` under a reading (null: as filed), with what goes without saying filled in. */
export function rubricFrom(given, reading = null) {
  const chosen = reading === null ? {} : (given.readings ?? []).find((one) => one.id === reading);
  if (!chosen) throw new RangeError(`no reading: ${reading}`);
  return {
    ...given,
    handling: { carry_over: true, undated: "reject", after_signature: "count", ...given.handling, ...chosen.handling },
    kinds: bare(given.kinds), facts: bare(given.facts), registers: bare(given.registers),
    sets: bare({ ...given.sets, ...chosen.sets }),
    when: bare(chosen.when), // instead of what the criterion of that path asks
    rounds: given.rounds ?? [], levels: given.levels ?? [], subtotals: given.subtotals ?? [],
  };
}

/** Every record of a portfolio. */
export function records(portfolio) {
  return [portfolio.shared, ...Object.values(portfolio.answers)].flatMap((answer) =>
    [...answer.evidence, ...Object.values(answer.registers).flat()]);
}

/** All indicators of a rubric, in its order. */
export function indicators(node) {
  return [...(node.areas ?? []).flatMap(indicators), ...(node.indicators ?? [])];
}

/** The rounds to show: the first, and each whose predecessor ended before the day asked for or the newest date. */
export function roundsReached(portfolio, rubric) {
  // The day on which a link was given up is none that the unit wrote.
  const days = records(portfolio).flatMap((one) => Object.entries(one.values))
    .flatMap(([name, value]) => (name === "dead_from" ? [] : [value].flat().map((item) => item?.date ?? "")));
  const today = portfolio.asOf ?? days.reduce((a, b) => (b > a ? b : a), portfolio.signed ?? "");
  const found = rubric.rounds.filter((round, n) => !n || rubric.rounds[n - 1].to < today).map((round) => round.id);
  return found.length ? found : [null];
}

// What counts -----------------------------------------------------------------------------------------------------
// A scope is what a condition may see: {portfolio, rubric, indicator, start, end, asOf, ruling, suppose}.

const isDay = (value) => typeof value?.date === "string";
const isNumber = (value) => typeof value?.n === "bigint";
const filled = (value) => !(value === undefined || value === null || value === "" || value.length === 0);
const texts = (value) => [value].flat().filter((item) => typeof item === "string");
/** Two values are the same if these are. */
const key = (value) => JSON.stringify(value, (_, item) => (typeof item === "bigint" ? String(item) : item));

const registerOf = (rubric, name) =>
  name === "channels" ? { proof: PROOF, fields: { ...rubric.registers.channels?.fields, ...CHANNELS.fields } }
    : rubric.registers[name];

const dated = (record, scope) =>
  record.register === "evidence" || "date" in (registerOf(scope.rubric, record.register)?.fields ?? {});

/** The evidence of a kind, or the records of a register, that the indicator may use. */
export function inView(scope, name) {
  const { shared, answers } = scope.portfolio, own = answers[scope.indicator];
  if (scope.rubric.kinds[name]) {
    const lent = shared.evidence.filter((record) => texts(record.values.indicators).includes(scope.indicator));
    return [...(own?.evidence ?? []), ...lent].filter((record) => record.kind === name);
  }
  return own?.registers[name] ?? shared.registers[name] ?? [];
}

/** Why a record in view does not count, as the catalogue's key; null where it counts. */
export function objection(record, scope, before = null) {
  const { signed } = scope.portfolio, { handling } = scope.rubric, { start, end, asOf } = scope, { values } = record;
  if (scope.ruling?.refused.has(record.name)) return "rejected";
  const proof = record.register === "evidence" ? PROOF : registerOf(scope.rubric, record.register)?.proof ?? [];
  const said = (value) => filled(value) && value !== false && !(isNumber(value) && !value.n);
  if (proof.length && !proof.some((name) => said(values[name]))) return "no_document";
  // What died after a round was closed does not change the score of that round.
  const dead = values.dead_from;
  if (isDay(dead) && !(asOf && dead.date > asOf) && !(end && dead.date > end)) return "dead_link";
  let day = isDay(values.date) ? values.date.date : null;
  if (day === null) {
    if (!dated(record, scope) || !(start || end || asOf || before)) return null;
    if (handling.undated === "reject") return "undated";
    if (!signed) return null;
    day = signed;
  }
  if (asOf && day > asOf) return "later";
  if (start && day < start) return "too_early";
  if (before ? day >= before : end && day > end) return before ? "past_deadline" : "too_late";
  if (signed && day > signed && handling.after_signature === "reject") return "after_signature";
  return null;
}

/** The records that a kind, register or set means and that pass *where*: each {record, why}. */
function gather(scope, name, where = {}, before = null) {
  const chosen = scope.rubric.sets[name];
  let uses;
  if (chosen) {
    const found = new Map(); // a record that reaches a set twice is in it once
    for (const source of chosen.from)
      for (const use of gather(scope, source, chosen.where, before))
        if (!found.has(use.record)) found.set(use.record, use);
    uses = [...found.values()];
  } else {
    uses = inView(scope, name).map((record) => ({ record, why: objection(record, scope, before) }));
  }
  return uses.filter((use) => passes(use.record, where, scope, before));
}

function passes(record, where, scope, before = null) {
  return Object.entries(where ?? {}).every(([name, test]) => passesTest(record.values[name], test, scope, before));
}

export const LIMITS = ["at_least", "more_than", "at_most", "less_than"];
const KEEPS = { at_least: (c) => c >= 0, more_than: (c) => c > 0, at_most: (c) => c <= 0, less_than: (c) => c < 0 };

/** Whether a number keeps all the limits that are set. */
export function keeps(number, limits) {
  return LIMITS.every((name) => limits[name] === undefined || KEEPS[name](compare(number, fraction(limits[name]))));
}

function passesTest(value, test, scope, before) {
  if (test !== null && typeof test === "object" && !Array.isArray(test)) {
    if (test.filled !== undefined && filled(value) !== test.filled) return false;
    if (LIMITS.every((name) => test[name] === undefined)) return true;
    const number = Array.isArray(value) ? count(value.filter((item) => !isDay(item) || inside(item.date, scope, before)).length)
      : isNumber(value) ? value : null;
    return number !== null && keeps(number, test);
  }
  // A rubric may write yes and no, which YAML 1.2 reads as text.
  const wanted = [test].flat().map((item) => key(typeof item === "number" ? fraction(item) : item));
  const given = typeof value === "boolean" ? [value, value ? "yes" : "no"] : [value].flat();
  return given.some((item) => item !== undefined && wanted.includes(key(item)));
}

function inside(day, scope, before) {
  const { start, end, asOf } = scope;
  return !(start && day < start) && !(before ? day >= before : end && day > end) && !(asOf && day > asOf);
}

/** How many records, those with equal values of the field *distinct* counted once; empty ones count each. */
function numberOf(found, distinct) {
  if (!distinct) return found.length;
  const known = found.map((record) => record.values[distinct]).filter(filled);
  return new Set(known.map(key)).size + found.length - known.length;
}

/** A fact as a condition sees it: its number where it counts, else null; and what proves it. */
function fact(scope, name) {
  const { shared, answers } = scope.portfolio;
  const stated = answers[scope.indicator]?.facts[name] ?? shared.facts[name];
  const proof = scope.rubric.facts[name].proof ?? [];
  const uses = proof.flatMap((source) => gather(scope, source));
  const counts = stated !== undefined && (!proof.length || uses.some((use) => use.why === null));
  return { value: counts ? stated : null, stated, uses };
}

// Conditions ------------------------------------------------------------------------------------------------------
// A finding is {condition, holds, uses, …}: `n` is what was counted or stated; `part` of `whole` what was compared,
// with the `share` in per cent; `parts` are the findings inside `any` and `all`.

const once = (uses) => [...new Map(uses.map((use) => [use.record, use])).values()];
const counted = (uses) => uses.filter((use) => use.why === null).map((use) => use.record);
const found = (condition, holds, uses, more = {}) => ({ condition, holds, uses: once(uses), ...more });

const RULES = {
  has(c, scope) {
    const uses = gather(scope, c.has, c.where, c.before), n = counted(uses).length;
    return found(c, n > 0, uses, { n: count(n) });
  },
  count(c, scope) {
    const uses = gather(scope, c.count, c.where, c.before);
    const n = count(numberOf(counted(uses), c.distinct ?? scope.rubric.sets[c.count]?.distinct));
    return found(c, keeps(n, c), uses, { n });
  },
  percent(c, scope) {
    const { rubric } = scope;
    if (rubric.facts[c.percent]) {
      const part = fact(scope, c.percent), whole = fact(scope, c.of);
      return share(c, part.value, whole.value, [...part.uses, ...whole.uses]);
    }
    const uses = gather(scope, c.percent), all = counted(uses), distinct = rubric.sets[c.percent]?.distinct;
    const part = count(numberOf(all.filter((record) => passes(record, c.where, scope)), distinct));
    if (!c.of) return share(c, part, count(numberOf(all, distinct)), uses);
    const whole = fact(scope, c.of);
    return share(c, part, whole.value, [...uses, ...whole.uses]);
  },
  value(c, scope) {
    const { value, uses } = fact(scope, c.value);
    return found(c, value !== null && keeps(value, c), uses, { n: value });
  },
  every(c, scope) {
    const uses = gather(scope, c.every), all = counted(uses), known = c.of ? fact(scope, c.of) : null;
    const part = all.filter((record) => passes(record, c.where, scope)).length;
    const there = count(numberOf(all, scope.rubric.sets[c.every]?.distinct));
    const least = known ? known.value && most([known.value, count(1)]) : count(1);
    const holds = part === all.length && least !== null && compare(there, least) >= 0;
    return found(c, holds, [...uses, ...(known?.uses ?? [])], { part: count(part), whole: most([least ?? ZERO, count(all.length)]) });
  },
  covers(c, scope) {
    const uses = gather(scope, c.covers, c.where);
    const wanted = periods(scope, c.each, c.from);
    const there = new Set(counted(uses).flatMap((record) => coveredBy(record, c.each, scope)));
    const missing = wanted.filter((period) => !there.has(period));
    const part = count(wanted.length - missing.length);
    return found(c, wanted.length > 0 && !missing.length, uses, { part, whole: count(wanted.length), missing });
  },
  any(c, scope) {
    return together(c, c.any, scope, (parts) => parts.some((part) => part.holds));
  },
  all(c, scope) {
    return together(c, c.all, scope, (parts) => parts.every((part) => part.holds));
  },
};

/** A share of nothing, or of what nobody knows, never holds. */
function share(condition, part, whole, uses) {
  const known = part !== null && whole !== null && whole.n !== 0n;
  const percent = known ? over(times(HUNDRED, part), whole) : null;
  return found(condition, known && keeps(percent, condition), uses, { part, whole, share: percent });
}

function together(condition, given, scope, holds) {
  const parts = given.map((part) => judge(part, scope));
  return found(condition, holds(parts), parts.flatMap((part) => part.uses), { parts });
}

/** The finding of one condition. What is only supposed holds, and is marked. */
export function judge(condition, scope) {
  const operator = Object.keys(RULES).find((name) => name in condition);
  if (!operator) throw new TypeError(`no condition of the language: ${Object.keys(condition)}`);
  const judged = RULES[operator](condition, scope);
  return !judged.holds && scope.suppose?.(condition, scope) ? { ...judged, holds: true, supposed: true } : judged;
}

const two = (n) => String(n).padStart(2, "0");

/** "2566-08" (month, common era) or "2567-Q1" (fiscal quarter, Buddhist era) of a month. */
const period = (year, month, each) => (each === "month" ? `${year}-${two(month)}`
  : `${year + 543 + (month >= 10 ? 1 : 0)}-Q${Math.floor(((month + 2) % 12) / 3) + 1}`);

function lastDay(year, month) {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}

/** The months or fiscal quarters that end inside the window. */
function periods({ start, end }, each, from = "") {
  const wanted = [];
  if (!start || !end) return wanted;
  let [year, month] = start.split("-").map(Number);
  for (;;) {
    const last = `${String(year).padStart(4, "0")}-${two(month)}-${two(lastDay(year, month))}`;
    if (last > end) return wanted;
    if (last >= from && (each === "month" || month % 3 === 0)) wanted.push(period(year, month, each));
    [year, month] = month === 12 ? [year + 1, 1] : [year, month + 1];
  }
}

/** The periods that a record says it covers, or the one of its date. */
function coveredBy(record, each, scope) {
  const said = texts(record.values.covers);
  if (said.length) {
    return said.flatMap((one) => {
      const [year, rest] = one.split("-");
      if (!rest.startsWith("Q")) return [period(Number(year), Number(rest), each)];
      if (each === "quarter") return [one];
      const first = { Q1: 10, Q2: 1, Q3: 4, Q4: 7 }[rest];
      return [0, 1, 2].map((n) => period(Number(year) - 543 - (rest === "Q1" ? 1 : 0), first + n, each));
    });
  }
  let day = record.values.date?.date;
  if (!day && dated(record, scope) && scope.rubric.handling.undated === "at_signature") day = scope.portfolio.signed;
  if (!day) return [];
  const [year, month] = day.split("-").map(Number);
  return [period(year, month, each)];
}

// The tree --------------------------------------------------------------------------------------------------------
// A node is {path, node, points, max, applies, holds, awarded, later, earnedIn, findings, requires, children}.

const leafOrNode = (path, node, more) => ({ path, node, points: ZERO, max: ZERO, applies: true, holds: false,
  awarded: false, later: false, earnedIn: null, findings: [], requires: [], children: [], ...more });

/** The address of a criterion inside its indicator: "2/3", or "2/report" where it has an id. */
const pathOf = (parent, n, criterion) => `${parent}/${criterion.id ?? n + 1}`;

function leavesOf(node, path) {
  if (!node.criteria?.length) return [[path, node]];
  return node.criteria.flatMap((child, n) => leavesOf(child, pathOf(path, n, child)));
}

/** The windows that a leaf is judged in, in turn; none for a leaf of a later round. */
function windows(rubric, own, asked) {
  const { rounds, period } = rubric;
  if (!rounds.length) return [{ id: null, from: period?.from ?? null, to: period?.to ?? null }];
  const last = rounds.findIndex((round) => round.id === asked);
  if (last < 0) throw new RangeError(`no round: ${asked}`);
  const first = own ? rounds.findIndex((round) => round.id === own) : last;
  return rounds.slice(first, rubric.handling.carry_over || first > last ? last + 1 : first + 1);
}

/** The score of one indicator. *asked* is {portfolio, rubric, round, asOf, rulings, suppose}: see `score`. */
export function indicator(node, asked) {
  const { portfolio, rubric, round, asOf, suppose } = asked, ruling = asked.rulings?.get(node.id);
  if (node.may_not_apply && portfolio.answers[node.id]?.notApplicable && !ruling?.rejects) {
    return leafOrNode(node.id, node, { applies: false });
  }
  const leaves = new Map(leavesOf(node, node.id).map(([path, leaf]) => {
    const known = windows(rubric, leaf.round, round), most = fraction(leaf.points);
    if (!known.length) return [path, leafOrNode(path, leaf, { later: true })];
    let findings = [];
    for (const { id, from, to } of known) {
      const scope = { portfolio, rubric, indicator: node.id, start: from, end: to, asOf, ruling, suppose };
      findings = (rubric.when[path] ?? leaf.when ?? []).map((condition) => judge(condition, scope));
      if (findings.every((finding) => finding.holds))
        return [path, leafOrNode(path, leaf, { holds: true, max: most, earnedIn: id, findings })];
    }
    return [path, leafOrNode(path, leaf, { max: most, findings })];
  }));
  // What a leaf requires is asked for by id, wherever in the indicator it stands. Starting from nothing, leaves that
  // require each other do not hold.
  const named = new Map([...leaves.values()].reverse().map((leaf) => [leaf.node.id, leaf]));
  const held = new Set();
  for (let before = -1; before !== held.size; ) {
    before = held.size;
    const more = [...leaves.values()].filter((leaf) => leaf.holds && (leaf.node.requires ?? []).every((id) => held.has(named.get(id))));
    more.forEach((leaf) => held.add(leaf));
  }
  for (const leaf of leaves.values()) {
    leaf.requires = (leaf.node.requires ?? []).filter((id) => !held.has(named.get(id))).map((id) => named.get(id)?.path ?? id);
    leaf.holds = held.has(leaf);
    leaf.points = leaf.holds ? leaf.max : ZERO;
  }
  const build = (criterion, path) => (criterion.criteria?.length
    ? award(criterion, path, criterion.criteria.map((child, n) => build(child, pathOf(path, n, child))))
    : leaves.get(path));
  const result = build(node, node.id), limit = ruling?.limit ?? null;
  if (limit === null) return result;
  const bounds = [limit, result.max, ...(ruling.asComputed ? [result.points] : [])];
  return { ...result, points: bounds.reduce((a, b) => (compare(b, a) < 0 ? b : a)), decided: true };
}

const weight = (child) => fraction(child.node.weight ?? 1);

/** How the points and maxima of children become their parent's. */
const AWARDS = {
  highest: (children, of) => most(children.map(of)),
  sum: (children, of) => sum(children.map(of)),
  mean(children, of) {
    const weights = sum(children.map(weight));
    return weights.n ? over(sum(children.map((child) => times(weight(child), of(child)))), weights) : ZERO;
  },
};

function award(node, path, children) {
  const how = node.award ?? "sum", applying = children.filter((child) => child.applies);
  const points = AWARDS[how](applying, (child) => child.points);
  const best = applying.find((child) => !compare(child.points, points) && (points.n || child.holds));
  for (const child of children)
    child.awarded = how === "highest" ? child === best : child.applies && (child.holds || child.points.n > 0n);
  return leafOrNode(path, node, { points, max: AWARDS[how](applying, (child) => child.max), applies: applying.length > 0, children });
}

/** A node and all below it, parents first. */
export function walk(node) {
  return [node, ...node.children.flatMap(walk)];
}

/** The leaves of a node, each with whether its points are part of the node's, all the way up. */
export function awards(node, given = true) {
  if (!node.children.length) return [[node, given && node.holds]];
  return node.children.flatMap((child) => awards(child, given && child.awarded));
}

// Levels ----------------------------------------------------------------------------------------------------------

function gate(level, root, nodes, ids, earlier) {
  const applying = (level.nodes ?? ids).map((name) => nodes.get(name)).filter((node) => node.applies);
  const points = level.nodes ? sum(applying.map((node) => node.points)) : root.points;
  const max = level.nodes ? sum(applying.map((node) => node.max)) : root.max;
  const asked = (name) => (level[name] === undefined ? null : fraction(level[name]));
  const each = asked("each_at_least"), total = asked("total_at_least"), percent = asked("percent_at_least");
  const failing = applying.filter((node) => each && compare(node.points, each) < 0).map((node) => node.path);
  const unmet = (level.requires ?? []).filter((name) => !earlier.get(name)?.met);
  const met = applying.length > 0 && !failing.length && !unmet.length
    && !(total && compare(points, total) < 0)
    && !(percent && (!max.n || compare(over(times(HUNDRED, points), max), percent) < 0));
  // The points that the level asks for in all; null where it only looks at each node.
  const needs = total || percent ? most([total ?? ZERO, percent ? over(times(percent, max), HUNDRED) : ZERO]) : null;
  return { level, met, points, max, needs, failing, unmet };
}

/** The rubric's tree from its scored indicators, with gates, level and subtotals. */
export function whole(rubric, scored) {
  const combine = (node, path) => award(node, path, node.areas?.length
    ? node.areas.map((area) => combine(area, area.id))
    : node.indicators.map((one) => scored.get(one.id)));
  const root = combine(rubric, ""), nodes = new Map(walk(root).map((node) => [node.path, node])), gates = new Map();
  for (const level of rubric.levels) gates.set(level.id, gate(level, root, nodes, [...scored.keys()], gates));
  const totals = rubric.subtotals.map((subtotal) => {
    const applying = subtotal.nodes.map((name) => nodes.get(name)).filter((node) => node.applies);
    return { subtotal, points: sum(applying.map((node) => node.points)), max: sum(applying.map((node) => node.max)) };
  });
  const met = [...gates.values()].filter((one) => one.met);
  return { root, points: root.points, max: root.max, gates: [...gates.values()], totals, indicators: scored,
    level: met.length ? met[met.length - 1].level.id : null };
}

/**
 * What verdicts come to (docs/reviews.md), by indicator: {refused: names of records, rejects, limit, asComputed}. Each
 * verdict is {indicator, evidence, verdict, points, final, stale}; stale ones and questions decide nothing.
 */
export function rulings(verdicts) {
  const standing = verdicts.filter((one) => !one.stale && (one.verdict === "accept" || one.verdict === "reject"));
  const matters = new Map();
  for (const one of standing) {
    const matter = JSON.stringify([one.indicator, one.evidence ?? null]);
    matters.set(matter, [...(matters.get(matter) ?? []), one]);
  }
  const found = new Map();
  for (const all of matters.values()) {
    const final = all.filter((one) => one.final), basis = final.length ? final : all, [{ indicator, evidence }] = all;
    const ruling = found.get(indicator) ?? { refused: new Set(), rejects: false, limit: null, asComputed: false };
    found.set(indicator, ruling);
    const rejects = basis.some((one) => one.verdict === "reject");
    if (evidence) {
      if (rejects) ruling.refused.add(evidence);
      continue;
    }
    const limits = basis.filter((one) => one.points !== null || one.verdict === "reject").map((one) => one.points ?? ZERO);
    ruling.rejects = rejects;
    ruling.limit = limits.length ? limits.reduce((a, b) => (compare(b, a) < 0 ? b : a)) : null;
    ruling.asComputed = basis.some((one) => one.verdict === "accept" && one.points === null);
  }
  return found;
}

/**
 * The score of a portfolio (`portfolioFrom`) by a rubric (`rubricFrom`), for a round (the last one unless said) and a
 * day. With *rulings* it is what reviewers left of it; *suppose* may say of a condition that does not hold, in its
 * scope, that it be taken as if it did.
 */
export function score(portfolio, rubric, { round = null, asOf = portfolio.asOf, rulings = null, suppose = null } = {}) {
  const asked = { portfolio, rubric, round: round ?? rubric.rounds.at(-1)?.id ?? null, asOf, rulings, suppose };
  return whole(rubric, new Map(indicators(rubric).map((node) => [node.id, indicator(node, asked)])));
}
