// Scores what stands on standard input, one portfolio on each line, with the evaluator that the site publishes; its
// address is the first argument. Answers line by line: the score in plain values, or what was thrown.
//
// In:  {"inputs": …, "rubric": …, "asked": [{"round": …, "as_of": …, "reading": …}]}
// Out: [{"nodes": …, "gates": …, "totals": …, "level": …}]

import { createInterface } from "node:readline";
import { readFile } from "node:fs/promises";

// By its content: Node takes a `.js` file for an older sort of module where no package.json says otherwise.
const source = await readFile(process.argv[2]);
const lakthan = await import(`data:text/javascript;base64,${source.toString("base64")}`);

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

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { inputs, rubric, asked } = JSON.parse(line);
  const portfolio = lakthan.portfolioFrom(inputs);
  let answer;
  try {
    answer = asked.map(({ round, as_of: asOf, reading }) =>
      plain(lakthan.score(portfolio, lakthan.rubricFrom(rubric, reading), { round, asOf })));
    answer.push(lakthan.roundsReached(portfolio, lakthan.rubricFrom(rubric)));
  } catch (error) {
    answer = String(error.stack);
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
