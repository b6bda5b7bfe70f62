// Scores what stands on standard input, one portfolio on each line, with the scripts that the site publishes: a copy of
// their folder is the first argument. Answers line by line: the scores in plain values, or what was thrown.
//
// In:  {"inputs": …, "rubric": …, "asked": [{"round": …, "as_of": …, "reading": …, "verdicts": …}], "ways": true}
// Out: [{"nodes": …, "awards": …, "gates": …, "totals": …, "level": …}, …, rounds reached, shortest ways]

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const folder = pathToFileURL(`${process.argv[2]}/`);
const lakthan = await import(new URL("evaluate.js", folder));
const cheapest = await import(new URL("cheapest.js", folder));

const exact = ({ n, d }) => `${n}/${d}`;

const finding = ({ holds, uses, parts = [] }) => [
  holds,
  uses.map(({ record, why }) => [record.indicator, `${record.register}-${record.number}`, why]),
  parts.map(finding),
];

const node = (one) => [exact(one.points), exact(one.max), one.applies, one.holds, one.awarded, one.later, one.earnedIn,
  one.requires, one.findings.map(finding)];

function plain(score) {
  return {
    nodes: lakthan.walk(score.root).map((one) => [one.path, ...node(one)]),
    awards: [...score.indicators.values()].flatMap((one) => lakthan.awards(one)).filter(([, given]) => given).map(([leaf]) => leaf.path),
    gates: score.gates.map((gate) => [gate.level.id, gate.met, exact(gate.points), exact(gate.max),
      gate.needs && exact(gate.needs), gate.failing, gate.unmet]),
    totals: score.totals.map((total) => [total.subtotal.id, exact(total.points), exact(total.max)]),
    level: score.level,
  };
}

/** What the shortest way to the next level costs, whether it leads there, and what the best of all ways costs. */
function ways(portfolio, rubric, options) {
  const before = lakthan.score(portfolio, rubric, options), found = cheapest.way(before);
  if (!found) return null;
  const met = (held) => lakthan.score(portfolio, rubric, { ...options, suppose: (condition) => held.has(condition) })
    .gates.find((gate) => gate.level.id === found.level.id).met;
  const conditions = (paths) => new Set(lakthan.walk(before.root).filter((one) => paths.includes(one.path))
    .flatMap((leaf) => leaf.findings.map((one) => one.condition)));
  const leads = found.picks === null ? null : met(conditions(found.picks.flatMap((pick) => pick.paths)));
  // Every choice of what each indicator could be made to hold, as `options` has them before the dearer ones are dropped.
  let best = null;
  const tried = [...before.indicators.values()].map((one) => cheapest.options(one, true));
  if (tried.reduce((product, list) => product * list.length, 1) > 300) return "many";
  const choose = (n, cost, paths) => {
    if (n === tried.length) {
      if ((best === null || cost < best) && met(conditions(paths))) best = cost;
      return;
    }
    for (const one of tried[n]) choose(n + 1, cost + one.cost, [...paths, ...one.picks.flatMap((pick) => pick.paths)]);
  };
  choose(0, 0, []);
  return [found.cost, leads, best];
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { inputs, rubric, asked, ways: wanted } = JSON.parse(line);
  const portfolio = lakthan.portfolioFrom(inputs);
  let answer;
  try {
    answer = asked.map(({ round, as_of: asOf, reading, verdicts }) => {
      const rulings = verdicts && lakthan.rulings(verdicts.map((one) =>
        ({ ...one, points: one.points === null ? null : lakthan.fraction(one.points) })));
      return plain(lakthan.score(portfolio, lakthan.rubricFrom(rubric, reading), { round, asOf, rulings }));
    });
    answer.push(lakthan.roundsReached(portfolio, lakthan.rubricFrom(rubric)));
    const [{ round, as_of: asOf, reading }] = asked;
    answer.push(wanted ? ways(portfolio, lakthan.rubricFrom(rubric, reading), { round, asOf }) : null);
  } catch (error) {
    answer = String(error.stack);
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
