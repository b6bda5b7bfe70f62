// Review files (docs/reviews.md): written as YAML of the plainest sort, read with js-yaml, which is only loaded then.

import { fraction } from "./evaluate.js";

/** Letters that nobody sees, and that the loader refuses. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]/gu;

/** Text as somebody meant it: what cannot be seen is not written. */
export const clean = (text) => String(text).replace(UNSEEN, "").replace(/\r\n?/g, "\n").trim();

/** A text in double quotes: as in JSON, which is YAML too. */
const quoted = (text) => JSON.stringify(clean(text));

/** The file: *about* is {role, date, round, final, note}, *verdicts* as they stand in a file. */
export function write(about, verdicts) {
  const lines = ["lakthan: 1", `role: ${quoted(about.role)}`, `date: ${about.date}`];
  if (about.round) lines.push(`round: ${quoted(about.round)}`);
  lines.push(`final: ${about.final ? "true" : "false"}`);
  if (clean(about.note ?? "")) lines.push(`note: ${quoted(about.note)}`);
  lines.push(verdicts.length ? "verdicts:" : "verdicts: []");
  for (const one of verdicts) {
    lines.push(`- indicator: ${quoted(one.indicator)}`);
    if (one.evidence) lines.push(`  evidence: ${quoted(one.evidence)}`);
    lines.push(`  seen: ${quoted(one.seen)}`, `  verdict: ${one.verdict}`);
    if (one.points) lines.push(`  points: ${quoted(one.points)}`);
    if (clean(one.reason ?? "")) lines.push(`  reason: ${quoted(one.reason)}`);
    if (one.answer) lines.push(`  answer: ${quoted(one.answer)}`);
    if (one.answered) lines.push(`  answered: ${one.answered}`);
  }
  return `${lines.join("\n")}\n`;
}

const DIGITS = "๐๑๒๓๔๕๖๗๘๙";
export const ascii = (text) => String(text).replace(/[๐-๙]/g, (digit) => DIGITS.indexOf(digit));

/** A day in ISO form, of either era; empty where it is no such day. */
export function day(text) {
  const found = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(ascii(text ?? "").trim());
  if (!found) return "";
  const year = Number(found[1]) >= 2400 ? Number(found[1]) - 543 : Number(found[1]);
  return `${year}-${found[2].padStart(2, "0")}-${found[3].padStart(2, "0")}`;
}

/** The exact number that a text is, or null. */
export function number(text) {
  try {
    return fraction(ascii(text).trim().replace(/^\./, "0."));
  } catch {
    return null;
  }
}

const text = (value) => (typeof value === "string" ? value : "");

/** A review file read: {about, verdicts}, every value a text but `final`. Error for what is none. */
export async function read(source) {
  const yaml = await import("./vendor/js-yaml.js");
  // Every scalar stays the text that was written: no number is rounded, no word becomes true or a date.
  const found = yaml.load(source, { schema: yaml.FAILSAFE_SCHEMA });
  return reviewOf(found);
}

/** A review from the objects of a file, or of `inputs.json`. */
export function reviewOf(found) {
  if (!found || typeof found !== "object" || !Array.isArray(found.verdicts ?? []) || !(found.lakthan || text(found.role))) throw new TypeError("review");
  const verdicts = (found.verdicts ?? []).filter((one) => one && typeof one === "object").map((one) => ({
    indicator: ascii(text(one.indicator)), evidence: ascii(text(one.evidence)), seen: text(one.seen).toLowerCase(),
    verdict: ["accept", "reject", "ask"].includes(one.verdict) ? one.verdict : "",
    points: one.points === null || one.points === undefined ? "" : String(one.points),
    reason: text(one.reason), answer: text(one.answer), answered: day(one.answered),
  }));
  return { about: { role: text(found.role), date: day(found.date), round: text(found.round), note: text(found.note),
    final: found.final === true || found.final === "true" || found.final === "yes" }, verdicts: verdicts.filter((one) => one.verdict) };
}
