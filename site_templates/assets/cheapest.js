// The shortest way to a level: which criteria to meet so that the fewest things are missing. Exact for what it counts:
// each missing document is one, each number that has to rise is one; what two indicators share is counted for both.
// Of an indicator with more than FOLLOWED open criteria only single ones, and all together, are looked at.

import { ZERO, LIMITS, add, compare, fraction, keeps, most, over, sum, times, walk } from "./evaluate.js";

const FOLLOWED = 9;

/** What it takes to make a finding hold: [{condition, amount, at}], or null where more of anything does not help. */
export function missing(finding) {
  const { condition, holds, parts } = finding;
  if (holds) return [];
  if (condition.all) return parts.map(missing).reduce((all, one) => all && one && [...all, ...one], []);
  if (condition.any) {
    const ways = parts.map(missing).filter(Boolean);
    return ways.length ? ways.reduce((a, b) => (cost(b) < cost(a) ? b : a)) : null;
  }
  const at = subject(condition);
  if (condition.has) return [{ condition, amount: 1, at }];
  if (condition.covers) return finding.missing.length ? [{ condition, amount: finding.missing.length, at }] : null;
  if (condition.every) {
    const short = Number(-((finding.part.n * finding.whole.d - finding.whole.n) / finding.whole.d));
    return [{ condition, amount: Math.max(short, 1), at }];
  }
  const target = leastOf(condition);
  if (target === null) return null;
  if (condition.count) {
    const short = target - Number(finding.n.n);
    return short > 0 ? [{ condition, amount: short, at }] : null;
  }
  // A number, or a share: one thing has to change, unless it is too large already.
  const now = condition.value ? finding.n : finding.share;
  return now && keeps(now, { at_least: condition.at_least, more_than: condition.more_than }) ? null : [{ condition, amount: 1, at }];
}

/** The smallest whole number that keeps the lower limits; null if an upper one is in its way. */
function leastOf(condition) {
  const floor = (value) => value.n / value.d - (value.n < 0n && value.n % value.d ? 1n : 0n);
  let target = 0n;
  if (condition.at_least !== undefined) { const x = fraction(condition.at_least); target = -floor({ n: -x.n, d: x.d }); }
  if (condition.more_than !== undefined) { const x = floor(fraction(condition.more_than)) + 1n; target = x > target ? x : target; }
  return keeps({ n: target, d: 1n }, condition) ? Number(target) : null;
}

/** What a condition is about, whatever it asks of it: two with the same subject are met by the same things. */
export function subject(condition) {
  const { source, note, ...asked } = condition;
  for (const name of LIMITS) delete asked[name];
  if (asked.has) { asked.count = asked.has; delete asked.has; }
  return JSON.stringify(Object.entries(asked).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether who has met *met* has met *condition* too: the same, or less of the same. */
export function covers(met, condition) {
  if (subject(met) !== subject(condition)) return false;
  const bounds = (one) => (one.has ? { at_least: 1 } : one), a = bounds(met), b = bounds(condition);
  if (b.at_most !== undefined || b.less_than !== undefined) return JSON.stringify(a) === JSON.stringify(b);
  const low = (one) => one.at_least ?? one.more_than;
  if (low(b) === undefined) return true;
  if (low(a) === undefined) return false;
  const order = compare(fraction(low(a)), fraction(low(b)));
  return order > 0 || (order === 0 && (a.at_least === undefined || b.more_than === undefined));
}

const cost = (needs) => needs.reduce((total, need) => total + need.amount, 0);

/** Needs with those of one subject put together. */
function merged(needs) {
  const largest = new Map();
  for (const need of needs) if (!(largest.get(need.at)?.amount >= need.amount)) largest.set(need.at, need);
  return [...largest.values()];
}

function combine(node, values) {
  if (node.node.award === "highest") return most(values);
  if (node.node.award !== "mean") return sum(values);
  const weights = node.children.filter((child) => child.applies).map((child) => fraction(child.node.weight ?? 1)), all = sum(weights);
  return all.n ? over(sum(values.map((value, n) => times(value, weights[n]))), all) : ZERO;
}

/** The points of a node if the leaves of these paths held too. */
function worth(node, held) {
  if (node.decided) return node.points;
  if (!node.children.length) return node.holds || held.has(node.path) ? node.max : ZERO;
  return combine(node, node.children.filter((child) => child.applies).map((child) => worth(child, held)));
}

/** What an indicator could be worth, and at what cost: [{value, cost, picks}]; unless *all*, only what no other beats. */
export function options(node, all = false) {
  const now = { value: node.points, cost: 0, picks: [] };
  if (!node.applies || node.decided) return [now];
  const leaves = walk(node).filter((one) => !one.children.length), byPath = new Map(leaves.map((leaf) => [leaf.path, leaf]));
  /** A leaf with all that it requires. */
  const withRequired = (leaf, seen = new Map()) => {
    if (seen.has(leaf.path)) return seen;
    seen.set(leaf.path, leaf);
    leaf.requires.forEach((path) => byPath.has(path) && withRequired(byPath.get(path), seen));
    return seen;
  };
  const open = leaves.filter((leaf) => !leaf.holds && !leaf.later && leaf.max.n > 0n).flatMap((leaf) => {
    const needed = [...withRequired(leaf).values()];
    const needs = needed.flatMap((one) => one.findings).map(missing);
    if (needed.some((one) => one.later) || needs.includes(null)) return [];
    return [{ paths: needed.map((one) => one.path), needs: needs.flat() }];
  });
  const subsets = open.length <= FOLLOWED
    ? [...Array(2 ** open.length).keys()].map((bits) => open.filter((_, n) => bits & (1 << n)))
    : [[], ...open.map((one) => [one]), open];
  const found = subsets.map((chosen) => {
    const needs = merged(chosen.flatMap((one) => one.needs));
    const value = worth(node, new Set(chosen.flatMap((one) => one.paths)));
    return { value, cost: cost(needs), picks: needs.length ? [{ indicator: node.path, needs, paths: chosen.flatMap((one) => one.paths) }] : [] };
  });
  return all ? found : kept([now, ...found]);
}

/** Only options that no other beats. */
function kept(list) {
  const left = [];
  for (const one of [...list].sort((a, b) => a.cost - b.cost || compare(b.value, a.value)))
    if (!left.some((other) => beats(other, one))) left.push(one);
  return left;
}

const beats = (a, b) => a.cost <= b.cost && compare(a.value, b.value) >= 0
  && (a.sums ?? []).every((value, n) => compare(value, b.sums[n]) >= 0);

/** The level after the last one met, with the shortest way to it: {level, cost, picks}; picks null where there is none. */
export function way(score) {
  const last = score.gates.map((gate) => gate.met).lastIndexOf(true), next = score.gates[last + 1];
  if (!next) return null;
  const levels = [next.level], all = score.gates.map((gate) => gate.level);
  for (const one of levels) levels.push(...all.filter((other) => (one.requires ?? []).includes(other.id) && !levels.includes(other)));
  const floors = new Map();
  for (const one of levels) if (one.each_at_least !== undefined)
    for (const id of one.nodes ?? score.indicators.keys()) floors.set(id, most([floors.get(id) ?? ZERO, fraction(one.each_at_least)]));
  const listed = levels.filter((one) => one.nodes);

  const visit = (node) => {
    let found;
    if (!node.applies) found = [{ value: ZERO, cost: 0, picks: [], sums: listed.map(() => ZERO) }];
    else if (score.indicators.has(node.path)) found = options(node).map((one) => ({ ...one, sums: listed.map(() => ZERO) }));
    else {
      const children = node.children.filter((child) => child.applies);
      const weight = (child) => (node.node.award === "mean" ? fraction(child.node.weight ?? 1) : { n: 1n, d: 1n });
      const total = node.node.award === "mean" ? sum(children.map(weight)) : { n: 1n, d: 1n };
      found = children.reduce((left, child) => {
        const right = visit(child).map((one) => ({ ...one, value: total.n ? over(times(one.value, weight(child)), total) : ZERO }));
        return kept(left.flatMap((a) => right.map((b) => ({
          value: node.node.award === "highest" ? most([a.value, b.value]) : add(a.value, b.value),
          cost: a.cost + b.cost, picks: [...a.picks, ...b.picks], sums: a.sums.map((value, n) => add(value, b.sums[n])),
        }))));
      }, [{ value: ZERO, cost: 0, picks: [], sums: listed.map(() => ZERO) }]);
    }
    const floor = floors.get(node.path);
    return found.filter((one) => !node.applies || !floor || compare(one.value, floor) >= 0).map((one) => ({ ...one,
      sums: one.sums.map((value, n) => (node.applies && listed[n].nodes.includes(node.path) ? add(value, one.value) : value)) }));
  };

  const nodes = new Map(walk(score.root).map((node) => [node.path, node]));
  const reaches = (level, value) => {
    const { max } = score.gates.find((gate) => gate.level === level);
    if (![...(level.nodes ?? score.indicators.keys())].some((id) => nodes.get(id).applies)) return false;
    if (level.total_at_least !== undefined && compare(value, fraction(level.total_at_least)) < 0) return false;
    return level.percent_at_least === undefined
      || (max.n > 0n && compare(over(times({ n: 100n, d: 1n }, value), max), fraction(level.percent_at_least)) >= 0);
  };
  const reached = visit(score.root).filter((one) =>
    levels.every((level) => reaches(level, level.nodes ? one.sums[listed.indexOf(level)] : one.value)));
  const best = reached.sort((a, b) => a.cost - b.cost || compare(b.value, a.value))[0];
  return { level: next.level, cost: best?.cost ?? null, picks: best?.picks ?? null };
}
