"""The form in the browser without a browser: what it asks, what it writes, and whom its server answers."""

from __future__ import annotations

import base64
import difflib
import gzip
import hashlib
import http.client
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lakthan import desk, editor, load, scaffold, strictyaml
from lakthan.desk import Desk, Refused, Server, SiteServer
from lakthan.frontmatter import Document
from tests.conftest import ROOT, Json, Sandbox, copy_sample
from tests.patience import ANY_PACE, LONG

UNIT = "content/dip-ict/moi-moral-2569"
WAIVED = "personal_data: {allow: phone, reason: a}"
TINY = (ROOT / UNIT / "files" / "circular-placeholder.pdf").read_bytes()


@pytest.fixture
def table(sample: Sandbox) -> Desk:
    return Desk(sample.root, "dip-ict/moi-moral-2569", "en")


@pytest.fixture(scope="module")
def only_asked(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk that nobody's request changes; among its attachments is a link to a folder outside."""
    found = copy_sample(tmp_path_factory.mktemp("asked") / "project")
    outside = found.root.parent / "outside"
    outside.mkdir()
    (outside / "a.pdf").write_bytes(TINY)
    found.path(f"{UNIT}/files/link").symlink_to(outside, target_is_directory=True)
    return Desk(found.root, "dip-ict/moi-moral-2569", "en")


def parsed(raw: str) -> tuple[Json, str]:
    """A file as Decap reads it."""
    _, front, body = raw.split("---\n", 2)
    values: Json = yaml.safe_load(front)
    return values, body


def dumped(values: Json, body: str) -> str:
    """A file as Decap writes it: keys in another order, no comments, quotes only where they must be."""
    front = yaml.safe_dump(dict(reversed(values.items())), allow_unicode=True, sort_keys=False)
    return f"---\n{front}---\n{body}"


def opened(table: Desk, name: str) -> tuple[Json, str]:
    return parsed(table.do("getEntry", {"path": f"{UNIT}/{name}.md"}, "")["data"])


def save(table: Desk, name: str, values: Json, body: str, page: str = "a", assets: tuple[Json, ...] = ()) -> None:
    entry = {"path": f"{UNIT}/{name}.md", "slug": name, "raw": dumped(values, body)}
    table.do("persistEntry", {"dataFiles": [entry], "assets": list(assets)}, page)


def asset(name: str, content: bytes = TINY) -> Json:
    return {"path": name, "content": base64.b64encode(content).decode(), "encoding": "base64"}


# What it writes --------------------------------------------------------------------------------------------------


def test_saving_without_a_change_changes_no_byte() -> None:
    """Of any file of the sample, however it is written."""
    project = load.load(ROOT).project
    assert len(project.portfolios) > 3
    for portfolio in project.portfolios:
        for name, form in editor.forms(portfolio).items():
            path = ROOT / portfolio.folder / f"{name}.md"
            if path.is_file():
                text = path.read_bytes().decode("utf-8")
                sent = desk.read(dumped(*parsed(desk.served(text, form))))
                assert desk.written(text, sent, form) == text, path


def test_an_edit_changes_only_its_line(sample: Sandbox, table: Desk) -> None:
    before = sample.read(f"{UNIT}/portfolio.md")
    values, body = opened(table, "portfolio")
    values["evidence"][1]["date"] = "23 พ.ค. 2569"
    save(table, "portfolio", values, body)
    after = sample.read(f"{UNIT}/portfolio.md")
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    changed = [(old, new) for old, new in pairs if old != new]
    assert changed == [("  date: ๒๒ พฤษภาคม ๒๕๖๙", "  date: 23 พ.ค. 2569")]


def test_entries_come_go_and_move_with_their_comments(sample: Sandbox, table: Desk) -> None:
    sample.replace(f"{UNIT}/9.md", "- kind: website", "# the one that counts\n- kind: website # public")
    sample.replace(
        f"{UNIT}/9.md", "self_score: 3", "self_score: 3 # as ticked\npersonal_data: {allow: phone, reason: a}"
    )
    values, body = opened(table, "9")
    first, website, group, _ = values["channels"]
    values["channels"] = [
        {**website, "name": "เว็บไซต์: #ใหม่"},
        first,
        {"kind": "email", "name": "a", "scope": "internal"},
    ]
    save(table, "9", values, body)
    text = sample.read(f"{UNIT}/9.md")
    assert '# the one that counts\n- kind: website # public\n  name: "เว็บไซต์: #ใหม่"\n' in text
    assert f"self_score: 3 # as ticked\n{WAIVED}\n" in text
    kept = strictyaml.load(strictyaml.split_front_matter(text).front).value["channels"]
    assert [entry["kind"] for entry in kept] == ["website", "line_group", "email"]
    assert kept[0]["public"] == "yes"  # as it was written: only what is changed is written anew
    assert f"name: {group['name']}" not in text


def of_each_sort() -> Iterator[tuple[str, str, editor.Form]]:
    """Files as people wrote them, and skeletons, which have a comment in almost every line."""
    for portfolio in load.load(ROOT).project.portfolios:
        nodes = {node.id: node for node in portfolio.rubric.every_indicator()}
        for name, form in list(editor.forms(portfolio).items())[:12]:
            path = ROOT / portfolio.folder / f"{name}.md"
            if path.is_file():
                yield f"{portfolio.id}/{name}", path.read_bytes().decode("utf-8"), form
            if name in nodes:
                yield f"{name} of {portfolio.rubric.id}", scaffold.answer(portfolio.rubric, nodes[name], "th"), form


def test_a_change_of_one_field_changes_one_line_and_no_comment() -> None:
    """Of each file the first field that is filled in, the first that is not, and one of an entry."""
    tried = 0
    for where, text, form in of_each_sort():
        values, body = parsed(desk.served(text, form))
        scalars = [name for name, asked in form.scalars.items() if asked.type == "text"]
        changes: list[tuple[Any, str, str]] = [(values, name, "ฝ่าย: #๑") for name in scalars[:2]]
        changes += [
            (entry, "note", "a # b") for key in form.lists for entry in values.get(key, [])[:1] if "note" in entry
        ]
        changes += [(entry, "title", "") for entry in values.get("evidence", [])[-1:] if "title" in entry]
        for entry, name, new in changes:
            old = entry.get(name)
            entry[name] = new
            after = desk.written(text, desk.read(dumped(values, body)), form)
            if old is None:
                entry.pop(name)
            else:
                entry[name] = old
            matcher = difflib.SequenceMatcher(None, text.splitlines(), after.splitlines(), autojunk=False)
            changed = [code for code in matcher.get_opcodes() if code[0] != "equal"]
            assert len(changed) == 1, (where, name)
            ((_, start, end, begin, stop),) = changed
            assert (end - start, stop - begin) in ((1, 1), (0, 1)), (where, name)
            comments = re.findall(r"(?m)(?:^| )#.*$", "\n".join(text.splitlines()[start:end]))
            assert all(comment in after for comment in comments), (where, name)
            tried += 1
    assert tried > 50


def test_the_account_is_replaced_only_where_it_was_changed(sample: Sandbox, table: Desk) -> None:
    values, _ = opened(table, "9")
    save(table, "9", values, "เรื่องใหม่\n\n- ข้อเดียว")
    assert sample.read(f"{UNIT}/9.md").endswith("file: files/circular-placeholder.pdf\n---\nเรื่องใหม่\n\n- ข้อเดียว\n")


HOSTILE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), max_size=40) | st.sampled_from(
    ["---", "a: b", "# no comment", "[x, y]", "{a: b}", "&a", "*a", "!!int 3", "yes", "null", "~", "2569-01-01", "0x1F",
     "'", '"', "\\", "- a", "a #b", "|", ">", "%", "@", "`", "\u00a0", "๓๔", "<<", "=cmd()", "a: |\n b", "x\ny", "\ty"]
)  # fmt: skip


@settings(ANY_PACE, max_examples=60)
@given(st.data())
def test_whatever_is_filled_in_is_read_back_as_the_same(data: st.DataObject) -> None:
    """Decap's YAML, our writer and the strict reader agree on every text."""
    portfolio = next(p for p in load.load(ROOT).project.portfolios if p.unit == "dip-ict") if not CACHE else CACHE[0]
    CACHE[:] = [portfolio]
    form = editor.forms(portfolio)["9"]
    text = (ROOT / portfolio.folder / "9.md").read_bytes().decode("utf-8")
    values, body = parsed(desk.served(text, form))
    wanted = data.draw(st.lists(st.fixed_dictionaries({"name": HOSTILE, "note": HOSTILE}), max_size=4))
    values["channels"] = data.draw(st.permutations(values["channels"]))[: data.draw(st.integers(0, 4))]
    values["channels"] += [{"kind": "email", "scope": "external", **entry} for entry in wanted]
    values["responsible"] = data.draw(HOSTILE)
    after = desk.written(text, desk.read(dumped(values, body)), form)
    again, _ = parsed(desk.served(after, form))

    def filled(entry: Json) -> Json:
        return {key: value for key, value in entry.items() if value not in (None, "")}

    def stripped(found: Any) -> Any:
        return found.strip() if isinstance(found, str) else found

    assert again.get("responsible", "") == values["responsible"].strip()
    assert [filled(entry) for entry in again.get("channels", [])] == [
        filled({key: stripped(value) for key, value in entry.items()}) for entry in values["channels"]
    ]
    assert Document(after).body == Document(text).body


CACHE: list[Any] = []


def test_a_number_is_written_as_one_and_a_word_as_yes_or_no(sample: Sandbox, table: Desk) -> None:
    values, body = opened(table, "portfolio")
    values["planned_activities"] = "12"
    values["activities"][0] |= {"documented": "no", "success_first": "70.5"}
    save(table, "portfolio", values, body)
    front = strictyaml.split_front_matter(sample.read(f"{UNIT}/portfolio.md")).front
    assert "planned_activities: 12\n" in front
    assert "{name: กิจกรรมที่ ๑, success_first: 70.5, success_second: 100, documented: false}" in front


def test_clearing_a_field_leaves_its_comment(sample: Sandbox, table: Desk) -> None:
    sample.replace(f"{UNIT}/9.md", "self_score: 3", "self_score: 3 # as ticked")
    values, body = opened(table, "9")
    values["self_score"] = ""
    save(table, "9", values, body)
    assert "self_score: # as ticked\n" in sample.read(f"{UNIT}/9.md")


# Two at once -----------------------------------------------------------------------------------------------------


def test_somebody_elses_change_is_not_written_over(sample: Sandbox, table: Desk) -> None:
    values, body = opened(table, "9")
    sample.replace(f"{UNIT}/9.md", "self_score: 3", "self_score: 2")
    before = sample.read(f"{UNIT}/9.md")
    with pytest.raises(Refused) as refused:
        save(table, "9", {**values, "status": "ready"}, body, assets=(asset(f"{UNIT}/files/9/new.pdf"),))
    assert refused.value.message.key == "editor.changed_meanwhile"
    assert refused.value.status == 409
    assert sample.read(f"{UNIT}/9.md") == before
    assert not sample.path(f"{UNIT}/files/9").exists()


def test_a_page_goes_on_from_what_it_saved_and_another_page_does_not(table: Desk) -> None:
    values, body = opened(table, "9")
    save(table, "9", {**values, "status": "ready"}, body, page="one")
    save(table, "9", {**values, "status": "draft"}, body, page="one")
    with pytest.raises(Refused):
        save(table, "9", {**values, "self_score": "1"}, body, page="two")
    draft = {"path": f"{UNIT}/9.md", "values": values, "coming": []}
    assert "stale" not in table.draft(json.loads(json.dumps(draft)), "one")
    assert "was changed after you opened" in table.draft(draft, "two")["stale"]


# Attachments -----------------------------------------------------------------------------------------------------


def test_an_attachment_goes_into_the_folder_of_its_indicator(sample: Sandbox, table: Desk) -> None:
    values, body = opened(table, "9")
    values["channels"][0]["file"] = "files/9/ภาพ ๑.pdf"
    save(table, "9", values, body, assets=(asset(f"{UNIT}/files/9/ภาพ ๑.pdf"),))
    assert sample.path(f"{UNIT}/files/9/ภาพ ๑.pdf").read_bytes() == TINY
    (found,) = table.do("getMedia", {"mediaFolder": f"/{UNIT}/files/9"}, "")
    assert (found["name"], base64.b64decode(found["content"])) == ("ภาพ ๑.pdf", TINY)
    with pytest.raises(Refused, match="name_taken"):
        save(table, "9", values, body, assets=(asset(f"{UNIT}/files/9/ภาพ ๑.pdf", TINY + b"\n"),))
    table.do("deleteFiles", {"paths": [f"{UNIT}/files/9/ภาพ ๑.pdf"]}, "")
    assert table.do("getMedia", {"mediaFolder": f"{UNIT}/files/9"}, "") == []


@pytest.mark.parametrize("name", ["a.html", "a.docm", "a.pdf.exe", "a.svg"])
def test_what_may_not_be_published_is_not_taken(sample: Sandbox, table: Desk, name: str) -> None:
    with pytest.raises(Refused, match="not_attached"):
        table.do("persistMedia", {"asset": asset(f"{UNIT}/files/9/{name}", b"<script>alert(1)</script>")}, "")
    assert not sample.path(f"{UNIT}/files/9").exists()


OUTSIDE = [
    "/etc/passwd", "../x.md", f"{UNIT}/../../../etc/passwd", f"{UNIT}/files/../9.md", "content/site.yml",
    f"{UNIT}/files//a.pdf", f"{UNIT}\\files\\a.pdf", f"{UNIT}/files/.hidden", f"{UNIT}/reviews/group-1.yml",
    "content/demo-dyeing/moi-moral-2569/1.md", f"{UNIT}/README.md", f"{UNIT}/10.md", f"/{UNIT}/1.md", "", None, 3,
    f"{UNIT}/files/a\0.pdf", f"{UNIT}/files/C:/a.pdf", f"{UNIT}/files/link/a.pdf",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_but_the_portfolio_is_reached(only_asked: Desk, path: object) -> None:
    table, outside = only_asked, only_asked.root.parent / "outside"
    raw = dumped({"status": "ready"}, "")
    asked: dict[str, Json] = {
        "getEntry": {"path": path},
        "entriesByFiles": {"files": [{"path": path}]},
        "persistEntry": {"dataFiles": [{"path": path, "raw": raw}], "assets": []},
        "getMediaFile": {"path": path},
        "getMedia": {"mediaFolder": path},
        "persistMedia": {"asset": {**asset(""), "path": path}},
        "deleteFile": {"path": path},
        "deleteFiles": {"paths": [path]},
    }
    for action, params in asked.items():
        with pytest.raises(Refused, match="not_here"):
            table.do(action, params, "")
    assert (outside / "a.pdf").read_bytes() == TINY


def test_a_portfolio_that_is_a_link_is_not_followed(sample: Sandbox, tmp_path: Path) -> None:
    table = Desk(sample.root, "dip-ict/moi-moral-2569", "en")
    table.state()
    elsewhere = tmp_path / "elsewhere.md"
    elsewhere.write_bytes(sample.path(f"{UNIT}/9.md").read_bytes())
    sample.path(f"{UNIT}/9.md").unlink()
    sample.path(f"{UNIT}/9.md").symlink_to(elsewhere)
    with pytest.raises(Refused, match="not_here"):
        table.do("getEntry", {"path": f"{UNIT}/9.md"}, "")


# What is asked ---------------------------------------------------------------------------------------------------


def test_every_form_asks_what_its_indicator_reads(only_asked: Desk) -> None:
    (collection,) = only_asked.config()["decap"]["collections"]
    forms = {one["name"]: {field["name"]: field for field in one["fields"]} for one in collection["files"]}
    assert list(forms) == ["portfolio", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
    assert {"signed", "staff"} <= forms["1"].keys()
    patterns = {name: forms[name]["signed"]["pattern"][0] for name in ("portfolio", "1")}
    assert "people" not in forms["portfolio"]["signed"]["hint"]
    assert patterns == {"portfolio": editor.PATTERNS["date"], "1": editor.PATTERNS["number"]}  # a day, and people
    assert {option["value"] for option in forms["1"]["self_score"]["options"]} == {"0", "1", "2", "3"}
    assert [kind["name"] for kind in forms["1"]["evidence"]["types"]] == ["declaration"]
    # Several indicators read them: they are asked once.
    assert {"activities", "planned_activities"} <= forms["portfolio"].keys()
    assert "activities" not in forms["4"]
    channels = {field["name"]: field for field in forms["9"]["channels"]["fields"]}
    assert channels["carries"]["multiple"]
    assert [option["value"] for option in channels["public"]["options"]] == ["yes", "no"]
    assert channels["file"]["media_folder"] == f"/{UNIT}/files/9"


@pytest.mark.parametrize(
    ("name", "sound", "nonsense"),
    [
        ("reference", "อก ๐๔๑๐/๕๕๘|ที่ อก ๐๔๑๐/๕๕๘|กษ 1399/ว 22|คำสั่งที่ 12/2569", "-|ไม่มี|รอ|https://a.go.th/1|๕"),
        ("url", "https://a.go.th|http://a.go.th/ก?b=1#c", "/|a.go.th|javascript:alert(1)|https://|https://a b|https://a@b/"),
        ("number", "34|๓๔|1,200|0.5", "สามสิบ|-3|12a|1,2,3"),
        ("percent", "100|๙๗.๕|70%|0", "101|-1|1000|ร้อยละ"),
        ("date", "22 ม.ค. 2569|๒๒ มกราคม ๒๕๖๙|2026-01-22|22/1/69|ลว. ๒๗ พ.ค. ๖๙", "2569|22 2569|22-01-26|ม.ค."),
        ("period", "ม.ค. 2569|2569-01|2569-Q1|ไตรมาส 1/2569", "2569|Q1|มค"),
    ],
)  # fmt: skip
def test_patterns_take_what_the_reader_takes_and_refuse_nonsense(name: str, sound: str, nonsense: str) -> None:
    pattern = editor.PATTERNS[name]
    assert [text for text in sound.split("|") if not re.search(pattern, text)] == []
    assert [text for text in nonsense.split("|") if re.search(pattern, text)] == []


def test_the_script_is_the_one_that_is_noted() -> None:
    packed = (ROOT / "site_templates" / editor.FOLDER / "decap-cms.js.gz").read_bytes()
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == editor.DECAP_SHA256
    notice = (ROOT / "site_templates" / editor.FOLDER / "decap-cms.LICENSE.txt").read_text(encoding="utf-8")
    assert editor.DECAP in notice
    assert editor.DECAP_SHA256 in notice
    assert "Permission is hereby granted" in notice


# The panel -------------------------------------------------------------------------------------------------------


def test_a_draft_is_scored_before_it_is_saved(sample: Sandbox, table: Desk) -> None:
    before = sample.read(f"{UNIT}/9.md")
    values, body = opened(table, "9")
    path = f"{UNIT}/9.md"
    shown = table.draft({"path": path, "values": {**values, "body": body}, "coming": []}, "")
    assert shown["points"] == "3 of 3 points"
    assert shown["full"]
    del values["channels"][2:]
    shown = table.draft({"path": path, "values": {**values, "body": body}, "coming": []}, "")
    assert shown["points"] == "1 of 3 points"
    assert shown["total"] == "25 of 27 points"
    assert shown["needs"]
    values["channels"].append({"kind": "email", "name": "x", "scope": "external", "file": "files/9/x.pdf", "url": "x"})
    shown = table.draft({"path": path, "values": {**values, "body": body}, "coming": ["files/9/x.pdf"]}, "")
    assert shown["points"] == "2 of 3 points"
    assert [(one["kind"], one["where"]) for one in shown["problems"] if one["kind"] == "error"] == [
        ("error", "channels 3 · Address")
    ]
    assert sample.read(path) == before


def test_a_draft_hears_what_check_would_say_of_it(sample: Sandbox, table: Desk) -> None:
    values, body = opened(table, "9")
    values["channels"][1]["name"] = "นายหนึ่ง 1-2345-67890-12-1"
    save(table, "9", values, body)
    values, body = opened(table, "9")
    shown = table.draft({"path": f"{UNIT}/9.md", "values": {**values, "body": body}, "coming": []}, "")
    said = [one["message"] for one in shown["problems"]]
    assert any("citizen" in message for message in said)
    assert "67890" not in json.dumps(shown["problems"])


# The server ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(only_asked: Desk) -> Iterator[Server]:
    with Server(only_asked) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def ask(
    server: Server | SiteServer, method: str, path: str, body: bytes = b"", *, drop: str = "", **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=LONG)
    here = f"127.0.0.1:{server.server_port}"
    sent = {"Host": here, "Origin": f"http://{here}", "Content-Type": "application/json", **headers}
    sent = {name.replace("_", "-"): value for name, value in sent.items() if name != drop}
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in sent.items():
        connection.putheader(name, value)
    if "Content-Length" not in sent and method == "POST":
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, answer.read(), dict(answer.getheaders())
    connection.close()
    return found


def test_the_server_is_on_this_machine_alone_and_answers_who_knows_the_address(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    top = f"/{server.desk.token}/"
    status, page, headers = ask(server, "GET", top)
    assert status == 200
    assert b"decap-cms.js" in page
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    for wrong in ("/", "/x/", f"/{server.desk.token[:-1]}/", f"/{server.desk.token}x/", "/config.json"):
        assert ask(server, "GET", wrong)[0] == 403
    assert ask(server, "GET", f"{top}../../etc/passwd")[0] == 404
    assert ask(server, "GET", f"{top}index.html")[0] == 404
    info = json.dumps({"action": "info", "params": {}}).encode()
    assert ask(server, "POST", f"{top}api", info)[0] == 200
    assert ask(server, "POST", "/wrong/api", info)[0] == 403


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        (403, {"Host": "evil.example"}),
        (403, {"Host": "127.0.0.1"}),
        (403, {"Host": "localhost.evil.example"}),
        (403, {"Origin": "https://evil.example"}),
        (403, {"Origin": "null"}),
        (403, {"drop": "Origin"}),
        (415, {"Content-Type": "text/plain"}),
        (415, {"Content-Type": "application/x-www-form-urlencoded"}),
        (413, {"Content-Length": str(10**9)}),
        (411, {"Content-Length": "-1"}),
        (411, {"Content-Length": "9" * 20}),
        (415, {"Transfer-Encoding": "chunked"}),
    ],
)  # fmt: skip
def test_requests_of_other_pages_and_impossible_ones_are_refused(
    server: Server, status: int, changes: dict[str, str]
) -> None:
    info = json.dumps({"action": "info", "params": {}}).encode()
    assert ask(server, "POST", f"/{server.desk.token}/api", info, **changes)[0] == status


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b'{"action": 3}', b'{"action": "rm"}', b'{"params": []}', b"\xff\xfe",
     b'{"action": "persistEntry", "params": {"dataFiles": [3]}}', b"[" * 100_000,
     b'{"action": "persistEntry", "params": {"dataFiles": {}}}', b'{"action": "persistMedia", "params": {}}',
     b'{"action": "entriesByFiles", "params": {"files": [1]}}', b'{"action": "persistEntry", "params": {"assets": 3}}'],
)  # fmt: skip
def test_malformed_requests_are_answered_and_do_nothing(server: Server, body: bytes) -> None:
    for where in ("api", "panel"):
        status, answer, _ = ask(server, "POST", f"/{server.desk.token}/{where}", body)
        assert 400 <= status < 500
        assert json.loads(answer)["error"]


def test_the_built_site_is_shown_from_an_origin_of_its_own(sample: Sandbox) -> None:
    sample.write("site/a/index.html", "<h1>a</h1>")
    sample.write("outside.html", "secret")
    sample.path("site/link.html").symlink_to(sample.path("outside.html"))
    table = Desk(sample.root, "dip-ict/moi-moral-2569", "en")
    with SiteServer(table) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        assert ask(running, "GET", "/a/")[:2] == (200, b"<h1>a</h1>")
        for path in ("/a", "//a"):
            assert ask(running, "GET", path)[2]["Location"] == "/a/"
        for path in (
            "/../outside.html",
            "/%2e%2e/outside.html",
            "/..%2foutside.html",
            "/link.html",
            "/a%00",
            "/b",
            "//etc/",
        ):
            assert ask(running, "GET", path)[0] == 404, path
        assert ask(running, "GET", "/a/", Host="evil.example")[0] == 404
        assert ask(running, "POST", "/a/")[0] == 501
        running.shutdown()


def test_decap_is_sent_packed_to_who_can_unpack(server: Server) -> None:
    path = f"/{server.desk.token}/decap-cms.js"
    packed, plain = ask(server, "GET", path, Accept_Encoding="gzip"), ask(server, "GET", path)
    assert packed[2]["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed[1]) == plain[1]


# On a published site ---------------------------------------------------------------------------------------------

GITLAB = "editor: {backend: gitlab, repo: group/portfolio, app_id: abc123, server: https://git.example.go.th/}\n"
GITHUB = "editor: {backend: github, repo: owner/name, branch: pages, oauth: https://auth.example.go.th}\n"


def admin(sample: Sandbox, setting: str) -> dict[str, bytes]:
    sample.write("content/site.yml", sample.read("content/site.yml") + setting)
    return dict(editor.published(load.load(sample.root).project, ROOT / "site_templates"))


def test_a_site_has_no_form_unless_it_asks_for_one(sample: Sandbox) -> None:
    assert admin(sample, "") == {}


def test_the_form_of_a_site_changes_its_repository(sample: Sandbox) -> None:
    files = admin(sample, GITLAB)
    assert sorted(files) == [
        f"admin/{name}"
        for name in ("config.json", "decap-cms.LICENSE.txt", "decap-cms.js", "editor.css", "editor.js", "index.html")
    ]
    made = json.loads(files["admin/config.json"])["decap"]
    assert made["backend"] == {
        "name": "gitlab",
        "repo": "group/portfolio",
        "branch": "main",
        "auth_type": "pkce",
        "app_id": "abc123",
        "base_url": "https://git.example.go.th",
        "api_root": "https://git.example.go.th/api/v4",
    }
    assert made["publish_mode"] == "editorial_workflow"
    assert len(made["collections"]) == len(load.load(sample.root).project.portfolios)
    assert "lakthan_version" not in files["admin/config.json"].decode()
    page = files["admin/index.html"].decode()
    assert "connect-src 'self' blob: https://git.example.go.th;" in page
    assert "github" not in page


def test_the_forms_of_a_site_and_of_a_machine_are_the_same(sample: Sandbox) -> None:
    remote = json.loads(admin(sample, GITHUB)["admin/config.json"])["decap"]
    local = Desk(sample.root, "dip-ict/moi-moral-2569", "th").config()["decap"]
    assert remote["backend"]["base_url"] == "https://auth.example.go.th"
    (there,) = [one for one in remote["collections"] if one["name"] == "dip-ict--moi-moral-2569"]
    (here,) = local["collections"]
    for file in here["files"]:
        assert file["fields"].pop(0) == {"name": editor.VERSION, "widget": "hidden"}
    assert there == here


@pytest.mark.parametrize(
    ("setting", "code", "place"),
    [
        ("{backend: bitbucket, repo: a/b}", "wrong-choice", "editor"),
        ("{backend: github, repo: a/b}", "missing-key", "oauth"),
        ("{backend: gitlab, repo: a/b}", "missing-key", "app_id"),
        ("{backend: gitlab, repo: 'a b', app_id: x}", "wrong-name", "editor"),
        ("{backend: gitlab, repo: a/b, app_id: x, token: y}", "unknown-key", "token"),
        ("{backend: github, repo: a/b, oauth: http://a.example}", "wrong-link", "editor"),
        ("{backend: github, repo: a/b, oauth: 'https://a.example; script-src *'}", "wrong-link", "editor"),
        ("{backend: gitlab, repo: a/b, app_id: x, server: 'https://a@b.example'}", "wrong-link", "editor"),
    ],
)
def test_settings_of_the_editor_are_read_strictly(sample: Sandbox, setting: str, code: str, place: str) -> None:
    sample.write("content/site.yml", sample.read("content/site.yml") + f"editor: {setting}\n")
    found = [problem for problem in load.load(sample.root).problems if problem.place.file == "content/site.yml"]
    assert [problem.code for problem in found] == [code]
    assert found[0].args.get("key", "editor") == place


def test_no_unit_takes_the_address_of_the_form() -> None:
    assert "admin" in load.TAKEN


# The command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever starts the server ends it by Ctrl+C."""

    def interrupted(self: Server) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "serve_forever", interrupted)


def test_the_command_makes_what_is_missing_and_says_where_the_form_is(sample: Sandbox, at_once: None) -> None:
    sample.path(f"{UNIT}/9.md").unlink()
    said = sample.run("edit", "dip-ict/moi-moral-2569", "--no-open").output
    assert said.splitlines()[0] == f"wrote {UNIT}/9.md"
    assert re.search(r"http://127\.0\.0\.1:[0-9]+/[A-Za-z0-9_-]{32}/ ", said)
    # What several indicators share is stated in portfolio.md: an empty list here would stand in its place.
    assert "channels: []" in sample.read(f"{UNIT}/9.md")
    assert "activities:" not in scaffold_of(sample, "4")


def scaffold_of(sample: Sandbox, name: str) -> str:
    sample.path(f"{UNIT}/{name}.md").unlink()
    Desk(sample.root, "dip-ict/moi-moral-2569", "en").skeletons()
    return sample.read(f"{UNIT}/{name}.md")


def test_the_command_wants_to_know_which_of_several(sample: Sandbox, at_once: None) -> None:
    assert "dip-ict/moi-moral-2569" in sample.run("edit", status=2).output
    assert "nobody/moi-moral-2569" in sample.run("edit", "nobody/moi-moral-2569", status=2).output


def test_a_unit_without_a_portfolio_gets_one(sample: Sandbox, at_once: None) -> None:
    said = sample.run("edit", "oae-demo/moi-moral-2569", "--no-open").output
    assert said.startswith("wrote content/oae-demo/moi-moral-2569/portfolio.md\n")
    assert sample.path("content/oae-demo/moi-moral-2569/9.md").is_file()
    assert "error" not in {problem["severity"] for problem in sample.problems("content/oae-demo/moi-moral-2569")}


def test_a_port_that_is_taken_is_named(sample: Sandbox, server: Server, at_once: None) -> None:
    said = sample.run("edit", "dip-ict/moi-moral-2569", "--port", str(server.server_port), status=1).output
    assert f"127.0.0.1:{server.server_port}" in said


def test_files_that_cannot_be_read_are_not_opened_and_named(sample: Sandbox, table: Desk) -> None:
    sample.write(f"{UNIT}/9.md", "---\na: b: c\n---\n")
    with pytest.raises(Refused) as refused:
        table.do("getEntry", {"path": f"{UNIT}/9.md"}, "")
    assert refused.value.message.args["line"] == 2
    sample.path(f"{UNIT}/9.md").write_bytes(b"---\n\xff\n---\n")
    with pytest.raises(Refused, match="unreadable_file"):
        table.do("getEntry", {"path": f"{UNIT}/9.md"}, "")
    files = [{"path": f"{UNIT}/{name}.md", "label": name} for name in ("8", "9")]
    listed = table.do("entriesByFiles", {"files": files}, "")  # one that is broken does not hide the others
    assert [one["file"]["label"] for one in listed] == ["8", "9"]
    assert listed[0]["data"] == table.do("getEntry", {"path": f"{UNIT}/8.md"}, "")["data"]
    assert listed[1]["data"] == "---\n---\n"
