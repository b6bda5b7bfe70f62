"""The commands: help, exit statuses, formats, languages, and names that nobody knows."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from lakthan import (
    __version__,
    cli,
    diagnostics,
    diff,
    difftext,
    load,
    messages,
    owning,
    scaffold,
    signoff,
    spoken,
    strictyaml,
    thai,
    upkeep,
)
from lakthan.messages import Language
from lakthan.rubric import CONDITIONS, PROOF, Indicator, Rubric
from tests.conftest import ROOT, Sandbox, command, python

MOI = "content/dip-ict/moi-moral-2569"
COMMANDS = ("build", "serve", "check", "score", "explain", "init", "new", "new unit", "new evidence")
QUIET = ("--today", "2026-11-20")
"""A day on which no deadline is near."""


def in_thai_letters(text: str) -> bool:
    return any("\u0e00" <= letter <= "\u0e7f" for letter in text)


# Help ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_says_what_it_does_and_what_each_option_means(name: str) -> None:
    for flag in ("--help", "-h"):
        result = CliRunner().invoke(cli.main, ["--lang", "en", *name.split(), flag])
        assert result.exit_code == 0
        usage, _, rest = result.stdout.partition("\n\n")
        assert usage.startswith("Usage:")
        about, _, options = rest.partition("Options:\n")
        assert len(about.split()) >= 8
        entries = [line for line in options.splitlines() if line.startswith("  -")]
        assert entries


def test_formats_that_are_offered_are_those_that_there_are() -> None:
    def offered(command: click.Command, option: str) -> tuple[str, ...]:
        kind = next(one.type for one in command.params if one.name == option)
        assert isinstance(kind, click.Choice)
        return tuple(kind.choices)

    assert offered(owning.show_command, "form") == tuple(signoff.FORMATS)
    assert offered(upkeep.diff_command, "form") == tuple(difftext.FORMATS)
    assert offered(upkeep.diff_command, "fail_on") == tuple(diff.FAIL_ON)


def test_what_makes_pages_and_documents_is_not_imported_before_it_is_needed() -> None:
    heavy = ("jinja2", "docx", "xlsxwriter", "mkdocs", "segno", "typst", "lakthan.pages", "lakthan.exports")
    told = f"import sys, lakthan.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


KILLED = """
import multiprocessing, os, sys
from concurrent.futures.process import BrokenProcessPool
from lakthan import cli, writer
def killed(self, done, pieces):
    if multiprocessing.parent_process():
        os.kill(os.getpid(), 9)
    assert sys.platform != "linux"
    raise BrokenProcessPool  # as it would be told where processes were forked
writer._Bench.pieces = killed
cli.main()
"""


def test_whoever_lost_a_process_is_told_and_nothing_is_left_behind(small: Sandbox) -> None:
    small.write("build/.spool-0/1", "of a build that was killed")
    told = python(["-c", KILLED, "--lang", "en", "build", "--pages-only", "--processes", "2"], small.root)
    assert told.returncode == 1
    assert "--processes 1" in told.stderr
    assert "Traceback" not in told.stderr
    assert {path.name for path in small.path("build").iterdir()} <= {".lock", "docs"}


def test_every_option_has_a_description() -> None:
    pending = [("lakthan", cli.main)]
    while pending:
        name, found = pending.pop()
        for parameter in found.params:
            if parameter.param_type_name == "option":
                assert getattr(parameter, "help", None), f"{name} {parameter.opts}"
        pending += [(f"{name} {key}", child) for key, child in getattr(found, "commands", {}).items()]


def test_the_commands_promised_are_there() -> None:
    listed = CliRunner().invoke(cli.main, ["--lang", "en", "--help"]).stdout
    assert all(f"\n  {name.split()[0]} " in listed for name in COMMANDS)


def helped(monkeypatch: pytest.MonkeyPatch, locale: str, *args: str) -> str:
    monkeypatch.setenv("LC_ALL", locale)
    return CliRunner().invoke(cli.main, args).stdout


def test_help_is_in_the_language_of_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    english, thai = "List everything wrong", "บอกทุกสิ่งที่ผิด"
    assert english in helped(monkeypatch, "en_US.UTF-8", "check", "--help")
    assert thai in helped(monkeypatch, "th_TH.UTF-8", "check", "--help")
    assert thai in helped(monkeypatch, "en_US.UTF-8", "--lang", "th", "check", "--help")
    assert english in helped(monkeypatch, "th_TH.UTF-8", "--lang", "en", "check", "--help")
    assert thai in helped(monkeypatch, "en_US.UTF-8", "--lang", "th", "--help")
    assert "แสดงข้อความนี้แล้วจบ" in helped(monkeypatch, "th_TH.UTF-8", "check", "--help")
    assert "นับคำเตือนด้วย" in helped(monkeypatch, "th_TH.UTF-8", "check", "--help")
    # And afterwards all stands as in the code.
    assert str(cli.main.commands["check"].help).startswith(english)


def test_help_in_thai_is_about_all_that_there_is() -> None:
    texts = yaml.safe_load((Path(spoken.__file__).parent / "help" / "th.yml").read_text(encoding="utf-8"))
    commands = dict(spoken.below("", cli.main))
    options = {p.help for found in commands.values() for p in found.params if isinstance(p, click.Option)}
    assert set(texts["commands"]) == set(commands)
    assert set(texts["options"]) == options - {None} | {"Show this message and exit."}
    written = [*texts["commands"].values(), *texts["options"].values()]
    assert all(map(in_thai_letters, written))
    # Help is broken at spaces: what is longer than a column would be cut anywhere.
    for texts_, column in ((texts["commands"], 70), (texts["options"], 44)):
        longest = max((word for text in texts_.values() for word in text.split()), key=len)
        assert len(longest) <= column, longest


@pytest.mark.parametrize("name", COMMANDS)
def test_the_commands_promised_are_explained_in_thai(name: str) -> None:
    shown = CliRunner().invoke(cli.main, ["--lang", "th", *name.split(), "--help"]).stdout
    assert in_thai_letters(shown.partition("Options:")[0])


def test_the_version() -> None:
    assert CliRunner().invoke(cli.main, ["--version"]).stdout == f"lakthan, version {__version__}\n"


# Exit statuses ---------------------------------------------------------------------------------------------------


def test_nothing_to_complain_about_is_status_0(as_it_is: Sandbox) -> None:
    as_it_is.run("check", *QUIET)
    as_it_is.run("score")
    as_it_is.run("explain", "unknown-rubric")


def test_findings_are_status_1(sample: Sandbox) -> None:
    sample.replace(f"{MOI}/1.md", "signed: 33", "signed: many")
    assert "1.md:3:9" in sample.run("check", status=1).stdout
    assert "wrong-number" in sample.run("score", status=1).stderr
    assert "wrong-number" in sample.run("build", "--pages-only", status=1).stderr


def test_warnings_are_findings_only_where_asked(sample: Sandbox) -> None:
    sample.run("check", status=0)
    sample.run("check", "--strict", status=1)
    sample.run("build", "--pages-only", "--strict", status=1)
    assert not list(sample.docs.rglob("*.md"))


@pytest.mark.parametrize(
    "args",
    [
        "nonsense",
        "score --format xml",
        "score no-such-unit",
        "score dip-ict --round 6m",
        "score --reading no-such-reading",
        "score oae-demo --round 9m",
        "score --as-of yesterday",
        "score --as-of 2569-02-30",
        "check --format yaml",
        "check --today soon",
        "explain no-such-code",
        "new unit ไทย",
        "new unit ../outside",
        "new unit /absolute",
        "new unit a --rubric no-such-rubric",
        "new evidence no-such-unit moi-moral-2569",
        "new evidence dip-ict no-such-rubric",
        "new evidence dip-ict moi-moral-2569 10",
        "new evidence dip-ict",
        "init elsewhere --rubric no-such-rubric",
        "build --as-of never",
        "check no/such/file.md",
    ],
)
@pytest.mark.parametrize("lang", messages.LANGUAGES)
def test_usage_is_status_2_with_a_reason_and_no_traceback(as_it_is: Sandbox, args: str, lang: Language) -> None:
    result = as_it_is.run(*args.split(), status=2, lang=lang)
    assert result.stdout == ""
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr
    assert not as_it_is.path("elsewhere").exists()


@pytest.mark.parametrize("args", ["check", "score", "build", "serve", "new unit a", "new evidence a b"])
def test_a_folder_without_a_project_is_refused(tmp_path: Path, args: str) -> None:
    result = Sandbox(tmp_path).run(*args.split(), status=2)
    assert "lakthan init" in result.stderr
    assert str(tmp_path) in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_misspelt_name_is_told_what_there_is(as_it_is: Sandbox) -> None:
    told = as_it_is.run("new", "evidence", "dip-ict", "moi", status=2).stderr
    assert "moi-moral-2569" in told
    assert "oae-unit-2567" in told


def test_a_broken_project_gives_findings_and_no_traceback(sample: Sandbox) -> None:
    """Files that cannot be read at all, of every sort."""
    sample.path(f"{MOI}/1.md").write_bytes(b"---\nself_score: \xff\n---\n")
    sample.write(f"{MOI}/2.md", "---\nevidence: [\n---\n")
    sample.write(f"{MOI}/3.md", "no front matter at all")
    sample.write("rubrics/oae-unit-2567.yml", "- a list\n")
    sample.write("content/dip-ict/unit.yml", "name: {th: ก}\n")
    sample.write("content/site.yml", "nonsense: 1\n")
    for form in ("full", "concise", "json"):
        shown = sample.run("check", "--format", form, status=1).stdout
        for file in (f"{MOI}/1.md", f"{MOI}/2.md", "rubrics/oae-unit-2567.yml", "content/dip-ict/unit.yml"):
            assert file in shown
    sample.run("score", status=1)
    sample.run("build", "--pages-only", status=1)


# check -----------------------------------------------------------------------------------------------------------


def test_check_names_each_file_and_place(sample: Sandbox) -> None:
    sample.replace(f"{MOI}/1.md", "signed: 33", "signedd: 33")
    sample.replace(f"{MOI}/7.md", "follow-up-2-placeholder.pdf", "gone.pdf")
    sample.replace("rubrics/moi-moral-2569.yml", "max: 27", "max: 28")
    concise = sample.run("check", "--format", "concise", *QUIET, status=1).stdout.splitlines()
    full = sample.run("check", *QUIET, status=1).stdout
    document = sample.problems(*QUIET, status=1)
    for file, code in (
        (f"{MOI}/1.md", "unknown-key"),
        (f"{MOI}/7.md", "missing-file"),
        ("rubrics/moi-moral-2569.yml", "maximum-differs"),
    ):
        (one,) = (problem for problem in document if problem["file"] == file and problem["code"] == code)
        place = f"{one['file']}:{one['line']}:{one['column']}"
        assert any(line.startswith(f"{place}: {one['severity']}[{code}] ") for line in concise)
        assert f" --> {place}\n" in full
        line = sample.read(file).splitlines()[one["line"] - 1]
        assert f" {one['line']} | {line}\n" in full
        assert set(one["message"]) == set(one["help"]) == {"th", "en"}
    # The sentence that ends the list counts it.
    errors = sum(one["severity"] == "error" for one in document)
    assert concise[-1].startswith(f"checked: errors {errors}, ")


def test_check_can_be_narrowed_to_a_file_or_folder(as_it_is: Sandbox) -> None:
    everything = as_it_is.problems(*QUIET)
    one_unit = as_it_is.problems(*QUIET, "content/dip-ict")
    assert one_unit == [one for one in everything if one["file"].startswith("content/dip-ict/")]
    assert 0 < len(one_unit) < len(everything)
    assert {one["file"] for one in as_it_is.problems(*QUIET, f"./{MOI}/7.md")} == {f"{MOI}/7.md"}
    assert as_it_is.problems(*QUIET, f"{MOI}/1.md") == []


def test_check_tells_of_deadlines_that_are_near(as_it_is: Sandbox) -> None:
    near = [one for one in as_it_is.problems("--today", "15 ก.ค. 2567") if one["code"] == "deadline-near"]
    assert near
    assert {one["severity"] for one in near} == {"note"}
    assert any("31 Jul 2024" in one["message"]["en"] and "31 ก.ค. 2567" in one["message"]["th"] for one in near)
    for day in ("2024-06-15", "2024-09-01"):
        assert not [one for one in as_it_is.problems("--today", day) if one["code"] == "deadline-near"]


# Formats and languages -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("args", ["check", "score", "score --verbose", "explain unknown-rubric"])
def test_messages_come_in_both_languages(as_it_is: Sandbox, args: str) -> None:
    in_thai = as_it_is.run(*args.split(), lang="th").stdout
    in_english = as_it_is.run(*args.split(), lang="en").stdout
    assert in_thai != in_english
    assert in_thai_letters(in_thai)
    if args.startswith("explain"):
        assert not in_thai_letters(in_english)


def test_the_language_follows_the_locale(as_it_is: Sandbox) -> None:
    for locale, expected in (("en_GB.UTF-8", False), ("th_TH.UTF-8", True), ("C.UTF-8", True)):
        result = command(["lakthan.cli", "explain", "unknown-rubric"], as_it_is.root, LC_ALL=locale)
        assert result.returncode == 0, result.stderr
        assert in_thai_letters(result.stdout) is expected


def test_output_is_utf8_whatever_the_locale(as_it_is: Sandbox) -> None:
    plain = {"LC_ALL": "C", "PYTHONIOENCODING": "", "PYTHONUTF8": "0"}
    result = command(["lakthan.cli", "--lang", "th", "score", "dip-ict"], as_it_is.root, **plain)
    assert result.returncode == 0, result.stderr
    assert "ประกาศเจตนารมณ์" in result.stdout
    assert "�" not in result.stdout


def test_json_is_the_same_in_every_language(as_it_is: Sandbox) -> None:
    for args in (("score", "--format", "json"), ("check", "--format", "json", *QUIET)):
        assert as_it_is.run(*args, lang="th").stdout == as_it_is.run(*args, lang="en").stdout


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("dip-ict", ["dip-ict"]),
        ("moi-moral-2569", ["demo-dyeing", "demo-standards", "dip-ict"]),
        ("dip-ict/moi-moral-2569", ["dip-ict"]),
        ("oae-demo", ["oae-demo", "oae-demo"]),
    ],
)
def test_portfolios_are_chosen_by_unit_or_rubric(as_it_is: Sandbox, name: str, found: list[str]) -> None:
    assert [one["unit"] for one in as_it_is.scores(name)] == found


def test_one_round_may_be_asked_for(as_it_is: Sandbox) -> None:
    for name, points in (("6m", 57), ("12m", 100.5)):
        entry = as_it_is.score("oae-demo", "--round", name)
        assert (entry["round"], entry["points"]) == (name, points)


def test_score_as_of_a_day_in_either_era(as_it_is: Sandbox) -> None:
    # The first report is of 22 May 2026, the second of 28; what has no date counts as of the signature, 27 May.
    days = {"21 พ.ค. 2569": 0, "26 พ.ค. 2569": 1, "2026-05-27": 24, "๒๗/๕/๒๕๖๙": 24, "2569-05-28": 27}
    for day, points in days.items():
        assert as_it_is.score("dip-ict", "--as-of", day)["points"] == points


def test_the_reasons_of_every_condition_where_asked(as_it_is: Sandbox) -> None:
    short = as_it_is.run("score", "dip-ict").stdout
    long = as_it_is.run("score", "dip-ict", "--verbose").stdout
    assert "33/34 = 97.05 %" not in short
    assert "33/34 = 97.05 % (needs at least 80 %)" in long
    assert "dip-ict/moi-moral-2569: 27/27 points" in short


# explain ---------------------------------------------------------------------------------------------------------


def test_explain_lists_every_code(as_it_is: Sandbox) -> None:
    listed = as_it_is.run("explain").stdout.split()
    assert listed == sorted(listed)
    assert set(listed) == set(diagnostics.codes())
    assert len(listed) > 20


@pytest.mark.parametrize("code", diagnostics.codes())
@pytest.mark.parametrize("lang", messages.LANGUAGES)
def test_each_code_has_a_manual_page(tmp_path: Path, code: str, lang: Language) -> None:
    text = Sandbox(tmp_path).run("explain", code, lang=lang).stdout
    assert len(text.strip()) > 60
    assert in_thai_letters(text) or lang == "en"


# new and init ----------------------------------------------------------------------------------------------------


PROJECT = load.load(ROOT).project
REAL = [(rubric.id, indicator.id) for rubric in PROJECT.rubrics.values() for indicator in rubric.every_indicator()]


def asked_for(rubric: Rubric, indicator: Indicator) -> set[str]:
    """The facts, kinds of evidence and registers that the conditions of an indicator name, also by way of sets."""
    found: set[str] = set()

    def name(given: str) -> None:
        if given in rubric.sets:
            for source in rubric.sets[given].from_:
                name(source)
        else:
            found.add(given)
            # A number counts only while a document proves it.
            found.update(rubric.facts[given].proof if given in rubric.facts else ())

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if key in (*CONDITIONS, "of") and isinstance(value, str):
                    name(value)
                elif key in ("criteria", "when", "any", "all"):
                    walk(value)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(indicator.model_dump(mode="json", exclude_none=True))
    return found


def empty_unit(sample: Sandbox, rubric: str) -> str:
    sample.run("new", "unit", "fresh", "--name", "หน่วยงานใหม่", "--name-en", "A new unit", "--rubric", rubric)
    return f"content/fresh/{rubric}"


@pytest.mark.parametrize("lang", messages.LANGUAGES)
@pytest.mark.parametrize("rubric", sorted({rubric for rubric, _ in REAL}))
def test_a_new_answer_lists_what_its_indicator_asks_for(sample: Sandbox, rubric: str, lang: Language) -> None:
    folder = empty_unit(sample, rubric)
    sample.run("new", "evidence", "fresh", rubric, lang=lang)
    found = load.load(sample.root).project.rubrics[rubric]
    for indicator in found.every_indicator():
        text = sample.read(f"{folder}/{indicator.id}.md")
        front = strictyaml.split_front_matter(text).front
        shown = thai.ascii_digits(text)
        written = yaml.load(front, Loader=yaml.BaseLoader)
        read = asked_for(found, indicator)
        facts, kinds = read & set(found.facts), read - set(found.facts)
        documents = {entry["kind"]: entry for entry in written["evidence"]}
        assert set(documents) == kinds & set(found.kinds)
        for kind, entry in documents.items():
            assert {"title", "date", *PROOF, *found.kinds[kind].fields} <= set(entry)
            # Each is named for people too, in the language asked for.
            assert f"# {messages.show(found.kinds[kind].title, lang)}" in shown
        assert set(written) >= facts | {"self_score", "status"} | (kinds - set(found.kinds))
        for fact in facts:
            assert messages.show(found.facts[fact].title, lang) in shown


@pytest.mark.parametrize("rubric", sorted({rubric for rubric, _ in REAL}))
def test_new_answers_load_without_errors_and_earn_nothing(sample: Sandbox, rubric: str) -> None:
    for unit in sample.path("content").iterdir():
        if unit.is_dir():
            shutil.rmtree(unit)  # the pages of others say nothing of these
    empty_unit(sample, rubric)
    sample.run("new", "evidence", "fresh", rubric)
    found = [one for one in sample.problems(*QUIET, "content/fresh") if one["severity"] == "error"]
    assert found == []
    assert {one["points"] for one in sample.scores("fresh")} == {0}
    sample.run("build", "--pages-only")


@pytest.mark.parametrize(("rubric", "indicator"), REAL)
def test_each_place_of_a_new_answer_is_empty_until_somebody_fills_it(rubric: str, indicator: str) -> None:
    found = PROJECT.rubrics[rubric]
    (node,) = (one for one in found.every_indicator() if one.id == indicator)
    front = strictyaml.split_front_matter(scaffold.answer(found, node, "th")).front
    values = strictyaml.load(front).value
    assert values["self_score"] is None
    for entry in values["evidence"]:
        assert all(value in (None, []) for name, value in entry.items() if name != "kind"), entry


def test_nothing_that_exists_is_overwritten(sample: Sandbox) -> None:
    sample.path(f"{MOI}/4.md").unlink()
    before = {path: path.read_bytes() for path in sample.path("content").rglob("*") if path.is_file()}
    result = sample.run("new", "evidence", "dip-ict", "moi-moral-2569")
    assert result.stdout.splitlines() == [f"wrote {MOI}/4.md"]
    assert f"exists, left as it is: {MOI}/1.md" in result.stderr
    assert {path: path.read_bytes() for path in before} == before

    filled = sample.read(f"{MOI}/4.md") + "ของเรา\n"
    sample.write(f"{MOI}/4.md", filled)
    sample.run("new", "evidence", "dip-ict", "moi-moral-2569", "4")
    assert sample.read(f"{MOI}/4.md") == filled
    sample.run("new", "unit", "dip-ict", "--name", "อื่น")
    assert "อื่น" not in sample.read("content/dip-ict/unit.yml")


def test_one_answer_may_be_asked_for_in_thai_digits(sample: Sandbox) -> None:
    folder = empty_unit(sample, "moi-moral-2569")
    assert sample.run("new", "evidence", "fresh", "moi-moral-2569", "๓").stdout == f"wrote {folder}/3.md\n"
    assert not sample.path(f"{folder}/1.md").exists()


def test_a_new_unit_may_nest_and_have_any_name(sample: Sandbox) -> None:
    name = 'กอง "ก" : # & ข\\'
    sample.run("new", "unit", "ministry", "--name", "กระทรวง")
    sample.run("new", "unit", "ministry/department", "--name", name, "--rubric", "moi-moral-2569")
    units = load.load(sample.root).project.units
    assert (units["ministry/department"].name.th, units["ministry/department"].parent) == (name, "ministry")
    assert sample.score("ministry/department")["points"] == 0


def test_the_units_above_a_new_one_are_made_too(sample: Sandbox) -> None:
    sample.run("new", "unit", "ministry/department/section", "--rubric", "moi-moral-2569")
    units = load.load(sample.root).project.units
    assert units["ministry/department/section"].parent == "ministry/department"
    assert units["ministry"].parent is None
    assert not [one for one in sample.problems(*QUIET, "content/ministry") if one["severity"] == "error"]


def test_init_starts_a_project_that_is_sound(tmp_path: Path) -> None:
    here = Sandbox(tmp_path)
    (tmp_path / "office").mkdir()
    named = ("--title", 'แฟ้ม "ก"', "--unit", "ict", "--name", "ศูนย์ ก")
    result = here.run("init", "office", "--rubric", "moi-moral-2569", *named)
    assert "lakthan new evidence ict moi-moral-2569" in result.stdout
    project = Sandbox(tmp_path / "office")
    assert [path.name for path in project.path("rubrics").iterdir()] == ["moi-moral-2569.yml"]
    assert json.loads(project.run("check", "--format", "json").stdout)["problems"] != []
    assert load.load(project.root).project.site.title.th == 'แฟ้ม "ก"'
    project.run("new", "evidence", "ict", "moi-moral-2569")
    project.run("build", "--pages-only")
    assert "ศูนย์ ก" in project.words("index.md")
    # Again: all is there, nothing is touched.
    kept = {path: path.stat().st_mtime_ns for path in project.root.rglob("*") if path.is_file()}
    here.run("init", "office", "--rubric", "moi-moral-2569", "--unit", "ict")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
