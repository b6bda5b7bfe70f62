"""Whether a site still is what was published: every file, and every score from the site's own JSON."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lakthan import build, exports, messages, names, publish, score, thai, verify
from lakthan.diagnostics import Diagnostic
from lakthan.exports.documents import _typed
from lakthan.model import Answer, Place, Portfolio, Record, Stated
from lakthan.rubric import Rubric
from tests.conftest import Sandbox, copy_sample
from tests.randoms import random_portfolio, random_question, random_rubric

MOI = "dip-ict/moi-moral-2569"
OAE = "oae-demo/oae-unit-2567"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The data of a site with one of the sample's portfolios, and what stands for its pages."""
    project = copy_sample(tmp_path_factory.mktemp("data") / "project")
    shutil.rmtree(project.path("content/oae-demo"))
    project.path("rubrics/oae-unit-2567.yml").unlink()
    examined = build.examine(project.root)
    pages = ("about/index.html", "channels/index.html", f"{MOI}/1/index.html", f"{MOI}/files/order.pdf")
    return {**dict(exports.files(examined.project, examined.assessments)), **dict.fromkeys(pages, b"27 points\n" * 20)}


@pytest.fixture
def published(documents: dict[str, bytes], tmp_path: Path) -> Path:
    """A site that a test may tamper with."""
    site = tmp_path / "site"
    for name, content in documents.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    seal(site)
    return site


def seal(site: Path) -> None:
    """As `publish.seal`, without waiting for the disk."""
    (site / "manifest.json").write_bytes(publish.manifest(site))


def found(site: Path) -> list[tuple[str, str]]:
    return [(problem.code, problem.place.file) for problem in verify.verify(site).problems]


def tamper(site: Path, name: str, edit: Callable[[Json], object], *, sealed: bool = True) -> Diagnostic:
    """Edit a document as one who writes a new manifest as well; the only problem that is found."""
    path = site / name
    document = json.loads(path.read_bytes())
    edit(document)
    path.write_bytes(exports.encode(document))
    if sealed:
        seal(site)
    (problem,) = verify.verify(site).problems
    return problem


# As published ----------------------------------------------------------------------------------------------------


def test_a_site_as_published_is_sound(site: Path) -> None:
    verified = verify.verify(site)
    assert verified.problems == ()
    assert verified.portfolios == 7
    assert verified.files == sum(path.is_file() for path in site.rglob("*")) - 1
    assert len(verified.digest) == 64


def test_a_site_of_another_day_is_sound(small: Sandbox) -> None:
    """The day that was asked about is published with the rest."""
    small.write(
        "content/unit-a/mean-2570/2.md",
        "---\nself_score: 7\nevidence:\n- {kind: report, title: รายงาน, date: 2027-03-01, reference: ที่ ๒}\n---\n",
    )
    site = small.path("site")
    for day, points in (("2569-10-31", "53/7"), ("2570-03-31", "60/7")):
        examined = build.examine(small.root, as_of=thai.parse_date(day))
        documents = dict(exports.files(examined.project, examined.assessments))
        assert json.loads(documents["unit-a/mean-2570/score.json"])["portfolios"][0]["exact"] == points
        for name, content in documents.items():
            publish.write(site / name, content)
        seal(site)
        assert found(site) == []


# Files -----------------------------------------------------------------------------------------------------------


def edit_a_page(site: Path) -> None:
    page = site / MOI / "1/index.html"
    page.write_text(page.read_text(encoding="utf-8").replace("27", "28", 1), encoding="utf-8")


def swap_two_letters(site: Path) -> None:
    page = site / "about/index.html"
    data = bytearray(page.read_bytes())
    data[100], data[101] = data[101], data[100] ^ 1
    page.write_bytes(data)


def remove_an_attachment(site: Path) -> None:
    (site / MOI / "files/order.pdf").unlink()


def add_a_page(site: Path) -> None:
    (site / "new").mkdir()
    (site / "new/index.html").write_text("<p>ข่าว</p>", encoding="utf-8")


def add_a_hidden_file(site: Path) -> None:
    (site / MOI / ".htaccess").write_text("Redirect / https://example.com/\n", encoding="utf-8")


def rename_a_folder(site: Path) -> None:
    (site / "channels").rename(site / "channel")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (edit_a_page, [("published-changed", f"{MOI}/1/index.html")]),
        (swap_two_letters, [("published-changed", "about/index.html")]),
        (remove_an_attachment, [("published-missing", f"{MOI}/files/order.pdf")]),
        (add_a_page, [("published-added", "new/index.html")]),
        (add_a_hidden_file, [("published-added", f"{MOI}/.htaccess")]),
        (rename_a_folder, [("published-added", "channel/index.html"), ("published-missing", "channels/index.html")]),
    ],
)
def test_a_file_changed_missing_or_added_is_found(
    published: Path, change: Callable[[Path], None], expected: list[tuple[str, str]]
) -> None:
    change(published)
    assert found(published) == expected


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
def test_links_and_pipes_are_found_and_not_opened(published: Path, tmp_path: Path) -> None:
    page = published / "about/index.html"
    page.rename(tmp_path / "same.html")
    page.symlink_to(tmp_path / "same.html")
    (published / "elsewhere").symlink_to("/")
    data = published / MOI / "1/index.json"
    data.rename(tmp_path / "same.json")
    data.symlink_to(tmp_path / "same.json")
    score = published / MOI / "score.json"
    score.unlink()
    os.mkfifo(score)
    assert found(published) == [
        ("published-changed", "about/index.html"),
        ("published-changed", f"{MOI}/1/index.json"),
        ("published-unreadable", f"{MOI}/1/index.json"),
        ("published-changed", f"{MOI}/score.json"),
        ("published-unreadable", f"{MOI}/score.json"),
        ("published-added", "elsewhere"),
    ]


def test_a_site_without_a_manifest(published: Path) -> None:
    (published / "manifest.json").unlink()
    assert found(published) == [("published-no-manifest", "manifest.json")]
    assert verify.verify(published).digest == ""


@pytest.mark.parametrize(
    "content",
    ["", "[]", "null", "{", '{"files": []}', '{"files": {}, "files": {}}', "[" * 100_000, "\x00", '{"files": 1e999}'],
    ids=range(9),
)
def test_a_damaged_manifest(published: Path, content: str) -> None:
    (published / "manifest.json").write_text(content, encoding="utf-8")
    assert found(published) == [("published-unreadable", "manifest.json")]


def test_names_of_the_manifest_open_nothing_outside(published: Path) -> None:
    tamper_with = published / "manifest.json"
    document = json.loads(tamper_with.read_bytes())
    document["files"]["../../../etc/passwd"] = {"sha256": "0", "size": 0}
    tamper_with.write_bytes(exports.encode(document))
    assert found(published) == [("published-missing", "../../../etc/passwd")]


def test_the_digest_tells_a_manifest_that_was_written_anew(published: Path) -> None:
    before = verify.verify(published).digest
    edit_a_page(published)
    seal(published)
    after = verify.verify(published)
    assert (after.problems, after.digest == before) == ((), False)


# Scores ----------------------------------------------------------------------------------------------------------


def indicator(document: Json, name: str, round_: int = 0) -> Json:
    found: Json = next(one for one in document["portfolios"][round_]["indicators"] if one["id"] == name)
    return found


def more_points(document: Json) -> None:
    indicator(document, "4")["points"] = 4


def another_total(document: Json) -> None:
    document["portfolios"][0]["points"] = 28


def another_level(document: Json) -> None:
    document["portfolios"][0]["level"] = "level-1"


def a_gate_met(document: Json) -> None:
    document["portfolios"][0]["gates"][2]["met"] = 1


def another_self_score(document: Json) -> None:
    indicator(document, "9")["self_score"] = 2


def another_reason(document: Json) -> None:
    indicator(document, "2")["reasons"][0]["text"]["en"] = "because we say so"


def a_reason_less(document: Json) -> None:
    indicator(document, "2")["reasons"].pop()


def an_indicator_less(document: Json) -> None:
    document["portfolios"][0]["indicators"].pop()


def an_indicator_more(document: Json) -> None:
    document["portfolios"][0]["indicators"].append({"id": "10", "points": 3})


@pytest.mark.parametrize(
    ("edit", "indicator", "path", "stands", "derived"),
    [
        (more_points, "4", "portfolios[0].indicators[3].points", "4", "3"),
        (another_self_score, "9", "portfolios[0].indicators[8].self_score", "2", "3"),
        (another_reason, "2", "portfolios[0].indicators[1].reasons[0].text.en", '"because we say so"', None),
        (a_reason_less, "2", None, None, None),
        (an_indicator_less, "9", "portfolios[0].indicators[8]", None, None),
        (an_indicator_more, "10", "portfolios[0].indicators[9]", '{"id": "10", "points": 3}', None),
        (another_total, None, "portfolios[0].points", "28", "27"),
        (another_level, None, "portfolios[0].level", '"level-1"', '"level-3"'),
        (a_gate_met, None, "portfolios[0].gates[2].met", "1", "true"),
    ],
)
def test_a_result_that_does_not_follow_is_named(
    published: Path,
    edit: Callable[[Json], None],
    indicator: str | None,
    path: str | None,
    stands: str | None,
    derived: str | None,
) -> None:
    problem = tamper(published, f"{MOI}/score.json", edit)
    assert problem.place.file == f"{MOI}/score.json"
    assert problem.code == ("published-score" if indicator else "published-total")
    assert problem.args.get("indicator") == indicator
    assert path is None or problem.args["path"] == path
    assert stands is None or problem.args["published"] == stands
    assert derived is None or problem.args["derived"] == derived
    for language in messages.LANGUAGES:
        assert str(problem.args["path"]) in problem.message(language)
        assert problem.help(language)


def remove_evidence(document: Json) -> None:
    document["indicators"]["3"]["evidence"].clear()


def change_a_fact(document: Json) -> None:
    document["indicators"]["1"]["facts"]["signed"] = 20


def change_a_date(document: Json) -> None:
    for record in document["indicators"]["7"]["evidence"]:
        record["values"]["date"] = {"date": "2019-01-01"}


def declare_less(document: Json) -> None:
    document["indicators"]["5"]["self_score"] = 0.5


def lose_an_answer(document: Json) -> None:
    del document["indicators"]["8"]


@pytest.mark.parametrize(
    ("edit", "indicator"),
    [(remove_evidence, "3"), (change_a_fact, "1"), (change_a_date, "7"), (declare_less, "5"), (lose_an_answer, "8")],
)
def test_inputs_that_lead_elsewhere_are_found(published: Path, edit: Callable[[Json], None], indicator: str) -> None:
    problem = tamper(published, f"{MOI}/inputs.json", edit)
    assert (problem.code, problem.args["indicator"]) == ("published-score", indicator)
    assert problem.args["inputs"] == f"{MOI}/inputs.json"


def test_every_portfolio_has_its_first_point(site: Path, tmp_path: Path) -> None:
    published = Path(shutil.copytree(site, tmp_path / "copy"))
    for folder in (MOI, OAE):
        path = published / folder / "score.json"
        document = json.loads(path.read_bytes())
        for node in document["portfolios"][0]["indicators"][1:]:
            node["points"] = 99
        path.write_bytes(exports.encode(document))
    problems = verify.verify(published).problems
    assert [(p.code, p.place.file) for p in problems if p.code != "published-changed"] == [
        ("published-score", f"{MOI}/score.json"), ("published-score", f"{OAE}/score.json")
    ]  # fmt: skip
    assert len(problems) == 4


def test_every_document_is_compared(published: Path) -> None:
    """Whatever number in whatever document of scores: once it is another, it is found."""
    names = [
        "index.json", "dip-ict/index.json", "rubrics/moi-moral-2569/index.json", f"{MOI}/index.json",
        f"{MOI}/score.json", f"{MOI}/1/index.json", f"{MOI}/inputs.json",
    ]  # fmt: skip
    rng = random.Random(1)
    for name in names:
        path = published / name
        before = path.read_bytes()
        document = json.loads(before)
        places = [place for place in numbers(document) if name.count("/") != 0 or "portfolios" in place]
        for place in rng.sample(places, min(2, len(places))):
            at = document
            for step in place[:-1]:
                at = at[step]
            kept, at[place[-1]] = at[place[-1]], at[place[-1]] + 1
            path.write_bytes(exports.encode(document))
            seal(published)
            assert verify.verify(published).problems != (), (name, place)
            at[place[-1]] = kept
        path.write_bytes(before)
    seal(published)
    assert verify.verify(published).problems == ()


def numbers(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where numbers stand in a document."""
    if isinstance(value, dict):
        return [place for key, item in value.items() for place in numbers(item, (*path, key))]
    if isinstance(value, list):
        return [place for i, item in enumerate(value) for place in numbers(item, (*path, i))]
    return [path] if isinstance(value, int | float) and not isinstance(value, bool) else []


def easier(document: Json) -> None:
    found = document["areas"][0]["indicators"][0] if "areas" in document else document["indicators"][0]
    found["criteria"][0]["points"] = 5


def test_another_rubric_is_found(published: Path) -> None:
    path = published / "rubrics/moi-moral-2569/rubric.json"
    document = json.loads(path.read_bytes())
    easier(document)
    path.write_bytes(exports.encode(document))
    seal(published)
    problems = verify.verify(published).problems
    assert {(problem.code, problem.args["indicator"]) for problem in problems} == {("published-score", "1")}
    assert len(problems) == 3  # one for each portfolio that answers it


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (f"{MOI}/inputs.json", "{}"),
        (f"{MOI}/inputs.json", "not json"),
        (f"{MOI}/inputs.json", '{"unit": 1}'),
        ("rubrics/moi-moral-2569/rubric.json", "{}"),
        ("rubrics/moi-moral-2569/rubric.json", '{"lakthan": 99}'),
        ("index.json", "[1]"),
        (f"{MOI}/score.json", '{"portfolios": [], "portfolios": []}'),
    ],
)
def test_documents_that_cannot_be_read_are_reported(published: Path, name: str, content: str) -> None:
    (published / name).write_text(content, encoding="utf-8")
    seal(published)
    assert found(published) == [("published-unreadable", name)]


@pytest.mark.parametrize(
    "value",
    [
        {"date": "soon"},
        {"date": "2024-01-01", "more": 1},
        {"number": "1/0"},
        {},
        None,
        {"number": 5},
        [None],
        float("nan"),
    ],
    ids=repr,
)
def test_values_that_are_none_are_reported(published: Path, value: object) -> None:
    def edit(document: Json) -> None:
        document["indicators"]["3"]["evidence"][0]["values"]["title"] = value

    problem = tamper(published, f"{MOI}/inputs.json", edit)
    assert (problem.code, problem.place.file) == ("published-unreadable", f"{MOI}/inputs.json")


def test_a_portfolio_that_is_missing(published: Path) -> None:
    (published / MOI / "inputs.json").unlink()
    assert found(published) == [("published-missing", f"{MOI}/inputs.json")]


def test_a_portfolio_taken_off_the_list_is_missed(published: Path) -> None:
    path = published / "index.json"
    document = json.loads(path.read_bytes())
    document["portfolios"] = [one for one in document["portfolios"] if one["unit"] != "dip-ict"]
    path.write_bytes(exports.encode(document))
    seal(published)
    assert ("published-total", "dip-ict/index.json") in found(published)


def test_words_of_another_version_are_not_compared(published: Path) -> None:
    path = published / MOI / "score.json"
    document = json.loads(path.read_bytes())
    another_reason(document)
    path.write_bytes(exports.encode(document))

    def resealed() -> list[tuple[str, str]]:
        manifest = json.loads(publish.manifest(published))
        (published / "manifest.json").write_bytes(exports.encode({**manifest, "generator": "lakthan 9.9"}))
        return found(published)

    assert resealed() == [("published-elsewhere", "manifest.json")]
    more_points(document)
    path.write_bytes(exports.encode(document))
    assert resealed() == [("published-score", f"{MOI}/score.json"), ("published-elsewhere", "manifest.json")]


# What is published is enough -------------------------------------------------------------------------------------


def again(document: Json) -> Json:
    found: Json = json.loads(exports.encode(document))
    return found


def bare(portfolio: Portfolio, place: Place) -> Portfolio:
    """A portfolio as far as scores look at it: neither where things were written, nor the account."""

    def record(found: Record) -> Record:
        return dataclasses.replace(found, place=place)

    def stated(found: Stated) -> Stated:
        return Stated(found.value, place)

    def answer(found: Answer) -> Answer:
        return Answer(
            indicator=found.indicator,
            place=place,
            facts={name: stated(fact) for name, fact in found.facts.items()},
            evidence=tuple(map(record, found.evidence)),
            registers={name: tuple(map(record, records)) for name, records in found.registers.items()},
            self_score=stated(found.self_score) if found.self_score else None,
            not_applicable=found.not_applicable,
        )

    return dataclasses.replace(
        portfolio,
        folder=portfolio.id,
        shared=answer(portfolio.shared),
        answers={name: answer(found) for name, found in portfolio.answers.items()},
        executive="",
        reporter="",
        reviews=tuple(
            dataclasses.replace(
                review,
                place=place,
                verdicts=tuple(
                    dataclasses.replace(verdict, place=dataclasses.replace(place, line=number))
                    for number, verdict in enumerate(review.verdicts, 1)
                ),
            )
            for review in portfolio.reviews
        ),
    )


def test_the_portfolios_in_use_are_read_again(as_it_is: Sandbox) -> None:
    for assessment in build.examine(as_it_is.root).assessments:
        portfolio = assessment.portfolio
        read = verify.portfolio_from(again(exports.inputs_document(assessment)), portfolio.rubric)
        assert read == bare(portfolio, Place(f"{portfolio.id}/inputs.json"))


def test_random_portfolios_are_read_again_with_their_rubrics() -> None:
    for seed in range(60):
        rng = random.Random(seed)
        rubric = random_rubric(rng)
        portfolio = random_portfolio(rng, rubric)
        read_rubric = Rubric.model_validate(again(exports.rubric_data(rubric)))
        assert read_rubric == rubric
        assert list(names.unresolved(read_rubric)) == list(names.unresolved(rubric))
        asked = random_question(rng, rubric)
        assessment = build.assess(portfolio, asked.get("as_of"))
        read = verify.portfolio_from(again(exports.inputs_document(assessment)), read_rubric)
        assert read == bare(portfolio, Place(f"{portfolio.id}/inputs.json"))
        before, after = score.score(portfolio, **asked), score.score(read, **asked)
        assert exports.encode({"score": repr((before.points, before.max, before.level))}) == exports.encode(
            {"score": repr((after.points, after.max, after.level))}
        )


def test_the_rubrics_in_use_are_read_again(as_it_is: Sandbox) -> None:
    for rubric in build.examine(as_it_is.root).project.rubrics.values():
        assert Rubric.model_validate(again(exports.rubric_data(rubric))) == rubric


@pytest.mark.parametrize(
    "number", ["27", "0.1", "53/7", "123456789012345.000000001", "0.123456789", "1/3", "99999999.5"]
)
def test_numbers_stay_exact(number: str) -> None:
    value = Fraction(number)
    assert verify._value(again({"it": _typed(value)})["it"]) == value
