"""Links: every way in which a server can misbehave, the ledger, and what a dead link does to a record."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import http.server
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakthan import diagnostics, links, load, messages, reach
from lakthan.links import Entry, Reached
from lakthan.model import Place, Project, Record
from lakthan.reach import Settings
from tests.patience import LONG

CERTIFICATE = Path(__file__).parent / "throwaway-test-certificate.pem"
PDF = b"%PDF-1.7 first"
DAY = datetime.date(2026, 11, 20)
QUICK = Settings(
    connect=LONG,
    read=LONG,
    body=LONG,
    total=LONG,
    interval=0,
    retries=1,
    backoff=0.01,
    longest_wait=0.5,
    largest=100_000,
    give_up_after=99,
    allow_private=True,
)
SILENT = replace(QUICK, connect=0.4, read=0.3, total=0.9)
"""Where no answer is meant to come in time."""
HALF = replace(QUICK, read=2)
"""Where HEAD is not answered, and GET is."""
DRIP = replace(QUICK, body=0.3)
"""Where a document is meant to come too slowly."""


def later(days: int) -> datetime.date:
    return DAY + datetime.timedelta(days=days)


# A server that misbehaves ------------------------------------------------------------------------------------------


class Handler(http.server.BaseHTTPRequestHandler):
    """Each path is a way to misbehave: the method of that name."""

    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            self.close_connection = True  # the checker has had enough

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.headers.get("host", ""), self.path))
        self.server.agents.add(self.headers.get("user-agent", ""))
        self.close_connection = True
        name = self.path.split("?")[0].strip("/").split("/")[0].replace("-", "_").removesuffix(".txt")
        getattr(self, f"at_{name}", self.at_page)()

    do_HEAD = do_GET  # noqa: N815

    def answer(self, code: int, body: bytes = b"", kind: str | None = "text/html", **headers: str) -> None:
        self.send_response(code)
        if kind:
            self.send_header("Content-Type", kind)
        for header, value in headers.items():
            self.send_header(header.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def times(self) -> int:
        """How often this path was asked for, this time included."""
        return sum(path == self.path for _, _, path in self.server.asked)

    def drip(self, text: bytes) -> None:
        for byte in text:
            self.wfile.write(bytes([byte]))
            if self.server.closing.wait(0.1):
                return
        self.server.closing.wait()

    def at_robots(self) -> None:
        self.answer(*self.server.robots)

    def at_page(self) -> None:
        self.answer(200, b"<p>page</p>")

    def at_code(self) -> None:
        self.answer(int(self.path.rpartition("/")[2]))

    def at_silent(self) -> None:
        self.server.closing.wait()

    def at_slow_headers(self) -> None:
        self.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 100)

    def at_slow_body(self) -> None:
        self.answer(200, b"", "application/pdf", Content_Length="1000")
        self.drip(b"x" * 1000)

    def at_silent_to_head(self) -> None:
        self.at_silent() if self.command == "HEAD" else self.at_page()

    def at_circle(self) -> None:
        self.answer(302, Location="/circle2")

    def at_circle2(self) -> None:
        self.answer(302, Location="/circle")

    def at_endless(self) -> None:
        self.answer(302, Location=f"/endless?{len(self.server.asked)}")

    def at_moved(self) -> None:
        self.answer(301, Location="/page/new#part")

    def at_visit(self) -> None:
        self.answer(302, Location="/page/here?visit=77")

    def at_cookie(self) -> None:
        if "seen=1" in self.headers.get("cookie", ""):
            self.at_page()
        else:
            self.answer(302, Location=self.path, Set_Cookie="seen=1")

    def at_other_host(self) -> None:
        self.answer(301, Location=f"http://localhost:{self.server.server_port}/page")

    def at_lost(self) -> None:
        self.answer(302, Location="/")

    def at_strange(self) -> None:
        self.answer(302, Location="mailto:someone@example.org")

    def at_garbled(self) -> None:
        self.answer(302, Location="http://[::1:bad/")

    def at_nowhere(self) -> None:
        self.answer(302)

    def at_forbidden_there(self) -> None:
        self.answer(302, Location="/private/x")

    def at_busy_once(self) -> None:
        self.answer(429, Retry_After="0") if self.times() == 1 else self.at_page()

    def at_busy_for_an_hour(self) -> None:
        self.answer(429, Retry_After="3600")

    def at_fails_once(self) -> None:
        # Once means both HEAD and GET.
        self.answer(500) if self.times() <= 2 else self.at_page()

    def at_no_head(self) -> None:
        self.answer(405, Allow="GET") if self.command == "HEAD" else self.at_page()

    def at_no_head_404(self) -> None:
        self.answer(404) if self.command == "HEAD" else self.at_page()

    def at_lying_head(self) -> None:
        self.answer(200, b"", "application/pdf") if self.command == "HEAD" else self.answer(404)

    def at_untyped(self) -> None:
        self.answer(200, b"", None) if self.command == "HEAD" else self.answer(410)

    def at_body_to_head(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nbody")

    def at_reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def at_nonsense(self) -> None:
        self.wfile.write(b"\x00\xff\xfe not HTTP at all \r\n\r\n")

    def at_long_header(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000)

    def at_document(self) -> None:
        self.answer(200, self.server.document, "application/pdf; charset=binary")

    def at_download(self) -> None:
        self.answer(200, self.server.document, "application/octet-stream")

    def at_packed(self) -> None:
        self.answer(200, b"\x1f\x8b", "application/pdf", Content_Encoding="gzip")

    def at_truncated(self) -> None:
        self.answer(200, PDF, "application/pdf", Content_Length="1000")

    def at_more_than_said(self) -> None:
        self.answer(200, PDF + b"and more", "application/pdf", Content_Length=str(len(PDF)))

    def at_huge(self) -> None:
        self.answer(200, b"", "image/png", Content_Length=str(10**12))

    def at_endless_body(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n")
        while self.command == "GET" and not self.server.closing.is_set():
            self.server.sent += 16384
            self.wfile.write(b"4000\r\n" + b"x" * 16384 + b"\r\n")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, str]] = []
        self.agents: set[str] = set()
        self.robots: tuple[int, bytes, str] = (404, b"", "text/plain")
        self.document = PDF
        self.sent = 0
        self.closing = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a handshake that failed, as it should

    def at(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.server_port}/{path}"

    def paths(self, method: str = "") -> list[str]:
        return [path for command, _, path in self.asked if method in ("", command)]


@pytest.fixture
def server() -> Iterator[Server]:
    yield from _serve(Server())


@pytest.fixture
def secure() -> Iterator[Server]:
    found = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    found.socket = context.wrap_socket(found.socket, server_side=True, do_handshake_on_connect=False)
    yield from _serve(found)


def _serve(found: Server) -> Iterator[Server]:
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield found
    found.closing.set()
    found.shutdown()
    found.server_close()
    thread.join(2)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def go(address: str, settings: Settings = QUICK) -> Reached:
    return reach.reach([address], settings)[address]


# What comes of an address ------------------------------------------------------------------------------------------

MISBEHAVIOUR: list[tuple[str, str, int | None]] = [
    ("page", "ok", 200),
    ("code/204", "ok", 204),
    ("code/400", "denied", 400),
    ("code/401", "denied", 401),
    ("code/403", "denied", 403),
    ("code/404", "not-found", 404),
    ("code/410", "gone", 410),
    ("code/429", "busy", 429),
    ("code/500", "server-error", 500),
    ("code/503", "server-error", 503),
    ("code/304", "broken", 304),
    ("code/999", "denied", 999),
    ("circle", "loop", None),
    ("endless", "loop", None),
    ("moved", "ok", 200),
    ("cookie", "ok", 200),
    ("strange", "refused", None),
    ("garbled", "broken", None),
    ("nowhere", "broken", 302),
    ("busy-once", "ok", 200),
    ("busy-for-an-hour", "busy", 429),
    ("fails-once", "ok", 200),
    ("no-head", "ok", 200),
    ("no-head-404", "ok", 200),
    ("lying-head", "not-found", 404),
    ("untyped", "gone", 410),
    ("body-to-head", "ok", 200),
    ("reset", "broken", None),
    ("nonsense", "broken", None),
    ("long-header", "broken", None),
    ("document", "ok", 200),
    ("packed", "ok", 200),
    ("truncated", "broken", None),
    ("more-than-said", "ok", 200),
    ("huge", "ok", 200),
    ("endless-body", "ok", 200),
]
SLOWNESS: list[tuple[str, Settings, str, int | None]] = [
    ("silent", SILENT, "timeout", None),
    ("slow-headers", SILENT, "timeout", None),
    ("slow-body", DRIP, "ok", 200),
    ("silent-to-head", HALF, "ok", 200),
]
"""What never comes to an end by itself, and how long it is waited for."""


@pytest.mark.parametrize(("path", "status", "code"), MISBEHAVIOUR, ids=[path for path, _, _ in MISBEHAVIOUR])
def test_whatever_a_server_does_has_a_name_and_an_end(server: Server, path: str, status: str, code: int | None) -> None:
    found = go(server.at(path))
    assert (found.status, found.code) == (status, code)
    assert server.sent < 5_000_000


@pytest.mark.parametrize(("path", "patience", "status", "code"), SLOWNESS, ids=[path for path, *_ in SLOWNESS])
def test_whoever_is_too_slow_is_left(
    server: Server, path: str, patience: Settings, status: str, code: int | None
) -> None:
    found = go(server.at(path), patience)
    assert (found.status, found.code) == (status, code)


def test_head_is_enough_for_a_page_and_the_tool_says_who_it_is(server: Server) -> None:
    assert go(server.at("page")).sha256 is None
    assert server.paths("GET") == ["/robots.txt"]
    assert server.paths("HEAD") == ["/page"]
    assert server.agents == {QUICK.user_agent}
    assert "lakthan" in QUICK.user_agent


def test_the_sum_of_a_document_is_taken_of_all_its_bytes(server: Server) -> None:
    assert go(server.at("document")).sha256 == hashlib.sha256(PDF).hexdigest()
    assert go(server.at("more-than-said")).sha256 == hashlib.sha256(PDF).hexdigest()
    assert go(server.at("download/1.pdf")).sha256 == hashlib.sha256(PDF).hexdigest()
    assert go(server.at("download/1.exe")).sha256 is None
    for path in ("huge", "endless-body", "slow-body", "packed"):
        found = go(server.at(path), DRIP)
        assert (found.document, found.sha256) == (True, None)


def test_redirects_are_followed_by_hand(server: Server) -> None:
    assert go(server.at("moved")).redirect == server.at("page/new")
    # What a visit adds to the address would differ in every check.
    assert go(server.at("visit")).redirect == server.at("page/here")
    assert go(server.at("cookie")).redirect is None
    elsewhere = go(server.at("other-host"))
    assert elsewhere.redirect == server.at("page", "localhost")
    assert links.away(server.at("other-host"), elsewhere.redirect)
    assert links.away(server.at("lost"), go(server.at("lost")).redirect)
    assert not links.away(server.at("moved"), server.at("page/new"))
    go(server.at("circle"))
    assert server.paths().count("/circle") == 1
    go(server.at("endless"), replace(QUICK, hops=4))
    assert len([path for path in server.paths() if path.startswith("/endless")]) == 5


def test_attempts_are_few_and_wait_as_long_as_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    go(server.at("code/500"), replace(QUICK, retries=2))
    assert server.paths().count("/code/500") == 6  # HEAD and GET, three times
    go(server.at("code/404"))
    assert server.paths().count("/code/404") == 2  # no better the second time
    waits: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "sleep", note)
        go(server.at("busy-for-an-hour"))
        assert server.paths().count("/busy-for-an-hour") == 1
        assert set(waits) == {0}
        go(server.at("code/503"), replace(QUICK, backoff=0.3, longest_wait=1, retries=2))
        assert [wait for wait in waits if wait] == [0.3, 0.6]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("²", None),
        ("9" * 5000, 999999999.0),
        ("Wed, 99 Oct 2015", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, seconds: float | None) -> None:
    assert reach._seconds(header) == seconds


def test_a_host_is_not_hurried(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts, turns = ("127.0.0.1", "localhost"), list[tuple[str, float, float]]()
    wait = reach._Check._turn

    async def note(check: reach._Check, host: str) -> None:
        clock = asyncio.get_running_loop().time
        came = clock()
        await wait(check, host)
        turns.append((host, came, clock()))

    monkeypatch.setattr(reach._Check, "_turn", note)
    reach.reach([server.at(f"page/{n}", host) for n in range(3) for host in hosts], replace(QUICK, interval=0.2))
    times = [[turn for turn in turns if turn[0] == host] for host in hosts]
    assert [len(found) for found in times] == [4, 4]  # robots.txt first
    assert all(found[-1][2] - found[0][1] > 0.59 for found in times)
    assert max(found[0][1] for found in times) < min(found[-1][2] for found in times)  # but the hosts side by side


def test_robots_are_respected(server: Server) -> None:
    server.robots = (200, b"User-agent: lakthan\nDisallow: /private/\nCrawl-delay: 0\n", "text/plain")
    assert go(server.at("private/1")).status == "robots"
    assert go(server.at("page")).status == "ok"
    assert go(server.at("forbidden-there")).status == "robots"
    assert not [path for path in server.paths() if path.startswith("/private")]
    server.robots = (503, b"", "text/plain")
    assert go(server.at("page")).status == "robots"
    for sound in [
        (404, b"User-agent: *\nDisallow: /"),
        (403, b""),
        (200, b"\xff\x00nonsense"),
        (200, "User-agent: *\nCrawl-delay: ²".encode()),
    ]:
        server.robots = (*sound, "text/plain")
        assert go(server.at("page")).status == "ok"


def test_robots_that_never_come_do_not_stop_the_check(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "at_robots", Handler.at_slow_headers)
    assert go(server.at("page"), replace(QUICK, connect=1, read=2)).status == "ok"
    monkeypatch.setattr(Handler, "at_robots", Handler.at_circle)
    assert go(server.at("page")).status == "ok"


def test_robots_are_read_once_for_a_host(server: Server) -> None:
    reach.reach([server.at(f"page/{n}") for n in range(4)], QUICK)
    assert server.paths().count("/robots.txt") == 1


def test_bad_certificates(secure: Server, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert go(secure.at("page", "localhost", "https")).status == "tls"  # nobody we know signed it
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    assert go(secure.at("page", "localhost", "https")).status == "ok"
    assert go(secure.at("page", "127.0.0.1", "https")).status == "tls"  # made out to another name
    assert go(server.at("page", "localhost", "https")).status in ("tls", "unreachable")  # no TLS at all


def test_private_places_are_not_visited(server: Server) -> None:
    careful = replace(QUICK, allow_private=False)
    for address in [
        server.at("page"),
        server.at("page", "localhost"),
        server.at("page", "[::ffff:127.0.0.1]"),
        server.at("page", "2130706433"),
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/",
        "http://[::1]/",
        "http://[fe80::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://0.0.0.0/",
        "ftp://example.org/",
        "https://name:secret@example.org/",
    ]:
        assert go(address, careful).status == "refused", address
    assert server.asked == []


@pytest.mark.parametrize("place", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_public_places_are(place: str) -> None:
    assert not reach._is_private(place)


def test_a_name_is_looked_up_once_and_only_what_was_found_is_visited(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public when it is judged and private when it is visited."""
    asked = []

    def lookup(name: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        asked.append(name)
        place = "10.9.8.7" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert go(server.at("page", "rebind.test"), replace(QUICK, allow_private=False)).status == "refused"
    assert asked == ["rebind.test"]
    assert server.asked == []


def test_the_host_header_is_the_name(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.server_port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert go(server.at("page", "named.test")).status == "ok"
    assert {host for _, host, _ in server.asked} == {f"named.test:{server.server_port}"}


def test_a_host_is_tried_at_each_of_its_addresses(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [("127.0.0.2", server.server_port), ("127.0.0.1", server.server_port)]
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert go(server.at("page", "two.test")).status == "ok"


def test_names_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(errno: int) -> Callable[..., Any]:
        def lookup(*_: Any, **__: Any) -> Any:
            raise socket.gaierror(errno, "no")

        return lookup

    monkeypatch.setattr(socket, "getaddrinfo", fail(socket.EAI_NONAME))
    assert go("https://nobody.test/").status == "no-such-host"
    monkeypatch.setattr(socket, "getaddrinfo", fail(socket.EAI_AGAIN))
    assert go("https://nobody.test/").status == "unreachable"
    monkeypatch.undo()
    assert go(f"https://{'a' * 70}.test/").status in ("no-such-host", "broken")


def test_a_resolver_that_hangs_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait() and [])
    assert go("https://slow.test/", replace(SILENT, retries=0)).status == "timeout"
    released.set()


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert go(f"http://127.0.0.1:{taken.getsockname()[1]}/").status == "unreachable"


def test_a_host_that_is_down_is_not_asked_for_every_page(server: Server) -> None:
    addresses = [server.at(f"silent/{n}") for n in range(9)]
    found = reach.reach(addresses, replace(SILENT, retries=0, give_up_after=2))
    assert [got.status for got in found.values()] == ["timeout"] * 9
    assert len({path for path in server.paths() if "silent" in path}) == 2


def test_a_redirect_to_a_host_that_is_down_says_nothing_of_the_first(server: Server) -> None:
    handler = {"Location": "http://nobody.invalid/"}
    Handler.at_leaves = lambda self: self.answer(302, **handler)  # type: ignore[attr-defined]
    addresses = [server.at(f"leaves/{n}") for n in range(3)] + [server.at("page")]
    found = reach.reach(addresses, replace(QUICK, retries=0, give_up_after=1))
    assert found[server.at("page")].status == "ok"


def test_the_whole_check_has_an_end_and_keeps_what_it_found(server: Server) -> None:
    addresses = [server.at("page"), server.at("silent"), server.at("page/2")]
    overall, found = 0.5, dict[str, Reached]()
    while not found and overall < LONG:  # until this machine is quick enough for a page
        found, overall = reach.reach(addresses, replace(QUICK, overall=overall)), overall * 4
    assert [(address, got.status) for address, got in found.items()] == [(server.at("page"), "ok")]


def test_progress_counts_every_address(server: Server) -> None:
    told: list[tuple[int, int, str]] = []
    addresses = [server.at("page"), server.at("code/404"), server.at("page", "localhost")]
    reach.reach([*addresses, addresses[0]], QUICK, lambda *now: told.append(now))
    assert [now[:2] for now in told] == [(1, 3), (2, 3), (3, 3)]
    assert {now[2] for now in told} == set(addresses)


def test_a_proxy_of_the_environment_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    careful = replace(QUICK, allow_private=False)
    assert go("http://far.test/page", careful).status == "ok"
    assert "http://far.test/page" in server.paths()
    assert go("http://127.0.0.1:1/", careful).status == "refused"
    monkeypatch.setenv("no_proxy", "far.test")
    server.asked.clear()
    go("http://far.test/page", careful)
    assert server.asked == []


def test_offline_is_not_dead() -> None:
    silent, refused = Reached("no-such-host"), Reached("refused")
    assert reach.offline({"https://a.test/": silent, "https://b.test/": Reached("timeout")})
    assert reach.offline({"https://a.test/": silent, "https://b.test/": silent, "http://10.0.0.1/": refused})
    assert not reach.offline({"https://a.test/": silent})
    assert not reach.offline({"https://a.test/": silent, "https://a.test/2": silent})
    assert not reach.offline({"https://a.test/": silent, "https://b.test/": Reached("not-found", 404)})
    assert not reach.offline({})


# Addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ("https://example.org", "https://example.org/"),
        (" HTTP://EXAMPLE.org:80/A?B=c#d ", "http://example.org/A?B=c"),
        ("https://example.org:8443/", "https://example.org:8443/"),
        ("https://[2001:DB8::1]:443/x", "https://[2001:db8::1]/x"),
        ("https://หน่วยงาน.ไทย/ข่าว", "https://หน่วยงาน.ไทย/ข่าว"),
        ("https://example.org:port/", None),
        ("https://[::1/", None),
        ("https:///path", None),
        ("//example.org/", None),
        ("mailto:a@example.org", None),
        ("https://example.org/a b", None),
        ("#", None),
        ("", None),
    ],
)
def test_addresses_have_one_form(given_: str, wanted: str | None) -> None:
    assert links.normal(given_) == wanted


@given(st.one_of(st.text(), st.from_regex(r"https?://[\w@:.\[\]]{1,20}(:\d{1,5})?[/?#]?\w{0,9}", fullmatch=True)))
def test_the_normal_form_is_normal(text: str) -> None:
    found = links.normal(text)
    assert found is None or links.normal(found) == found


@pytest.fixture(scope="module")
def sample() -> Project:
    return load.load(Path(__file__).parent.parent).project


def with_answer(project: Project, **changes: Any) -> Project:
    """A portfolio of the project with its shared answer changed, and nothing else in it."""
    first = next(one for one in project.portfolios if one.rubric.id == "moi-moral-2569")
    answer = replace(first.shared, evidence=(), registers={}, body="", body_line=101)
    return replace(
        project, units={}, portfolios=(replace(first, shared=replace(answer, **changes), answers={}),), rubrics={}
    )


def evidence(number: int = 1, **values: Any) -> Record:
    project_kind = values.pop("kind", "appointment_order")
    return Record("evidence", {"kind": project_kind, **values}, Place("a.md", 10 * number), None, number)


def channel(number: int = 1, **values: Any) -> Record:
    return Record("channels", {"kind": "website", "scope": "external", **values}, Place("a.md", number), None, number)


def test_addresses_of_units_evidence_channels_and_accounts(sample: Project) -> None:
    body = (
        "See [ours](https://one.example/a), <https://two.example/b?x=1&y=2>\n\n"
        "    [code](https://code.example/)\n\n"
        "[again](https://one.example/a#part) and [ref][r] [file](files/1.pdf)\n"
        "and [longer](https://one.example/abc) [two](https://two.example/c?x=1&amp;y=2)\n\n"
        "[r]: https://three.example/\n"
    )
    project = with_answer(
        sample,
        evidence=(evidence(url="https://one.example/a"), evidence(2, url="https://five.example")),
        registers={
            "channels": (
                channel(url="https://four.example/"),
                channel(2, url="https://intranet.example/", scope="internal"),
            )
        },
        body=body,
    )
    file = project.portfolios[0].shared.place.file
    assert links.addresses(project) == {
        "https://five.example/": (Place("a.md", 20),),
        "https://four.example/": (Place("a.md", 1),),
        "https://one.example/a": (Place("a.md", 10), Place(file, 101), Place(file, 105)),
        "https://one.example/abc": (Place(file, 106),),
        "https://three.example/": (Place(file, 108),),
        "https://two.example/b?x=1&y=2": (Place(file, 101),),
        "https://two.example/c?x=1&y=2": (Place(file, 106),),
    }


def test_addresses_of_the_sample(sample: Project) -> None:
    found = links.addresses(sample)
    for unit in sample.units.values():
        if unit.website:
            assert unit.place in found[unit.website]
    assert list(found) == sorted(found)


# The ledger --------------------------------------------------------------------------------------------------------

A = "https://a.example/1.pdf"
OK = Reached("ok", 200)
GONE = Reached("not-found", 404)


def history(*steps: tuple[int, Reached]) -> Entry:
    ledger: links.Ledger = {}
    for day, got in steps:
        ledger = links.enter(ledger, {A: got}, later(day))
    return ledger[A]


def test_the_ledger_remembers() -> None:
    assert history((0, OK)) == Entry(DAY, DAY, "ok", DAY, 200)
    dead = history((0, OK), (5, GONE), (9, Reached("timeout")))
    assert dead == Entry(DAY, later(9), "timeout", DAY, None, dead_since=later(5))
    back = history((0, OK), (5, GONE), (9, Reached("ok", 200, "https://a.example/2.pdf")))
    assert back == Entry(DAY, later(9), "ok", later(9), 200, "https://a.example/2.pdf")
    # What cannot be told neither kills nor revives.
    assert history((0, GONE), (3, Reached("busy", 429)), (6, GONE)).dead_since == DAY
    assert history((0, OK), (3, Reached("robots"))).last_reached == DAY


def test_sums_of_documents() -> None:
    first, other = (Reached("ok", 200, None, True, character * 64) for character in "ab")
    unread, page = Reached("ok", 200, None, True), OK
    assert history((0, first), (1, other)).sha256 == "b" * 64
    assert history((0, first), (1, unread)).sha256 == "a" * 64
    assert history((0, first), (1, GONE)).sha256 == "a" * 64
    assert history((0, first), (1, page)).sha256 is None
    before = links.enter({}, {A: first}, DAY)
    assert links.changed(before, links.enter(before, {A: other}, DAY)) == (A,)
    assert links.changed(before, links.enter(before, {A: first}, DAY)) == ()
    assert links.changed({}, before) == ()


def test_what_died_and_what_came_back() -> None:
    good, bad = links.enter({}, {A: OK}, DAY), links.enter({}, {A: GONE}, DAY)
    assert links.died({}, bad) == links.died(good, bad) == (A,)
    assert links.died(bad, bad) == links.died(bad, good) == links.died(good, good) == ()
    assert links.revived(bad, good) == (A,)
    assert links.revived({}, good) == links.revived(good, bad) == ()


@pytest.mark.parametrize(
    ("steps", "counts_until"),
    [
        ([(0, GONE)], None),
        ([(0, GONE), (29, GONE)], None),
        ([(0, GONE), (30, GONE)], 30),
        ([(0, GONE), (99, GONE)], 30),
        ([(0, GONE), (20, OK), (40, GONE)], None),
        ([(0, GONE), (99, Reached("denied", 403))], None),
        ([(0, OK), (99, Reached("tls"))], None),
    ],
)
def test_a_dead_link_counts_through_its_grace(steps: list[tuple[int, Reached]], counts_until: int | None) -> None:
    entry = history(*steps)
    wanted = None if counts_until is None else later(counts_until)
    assert links.dead_from(entry, 30) == wanted
    assert links.dead({A: entry}, f"{A}#page=2", grace=30) == (wanted is not None)
    if wanted:
        assert links.dead({A: entry}, A, wanted, 30)
        assert not links.dead({A: entry}, A, wanted - datetime.timedelta(days=1), 30)
    assert not links.dead({}, A)
    assert not links.dead({A: entry}, "files/1.pdf")


dates = st.dates(datetime.date(2000, 1, 1), datetime.date(2100, 1, 1))
entries = st.builds(
    Entry,
    first_published=dates,
    last_checked=dates,
    status=st.sampled_from(links.STATUSES),
    last_reached=st.none() | dates,
    code=st.none() | st.integers(100, 999),
    redirect=st.none() | st.just("https://b.example/"),
    sha256=st.none() | st.from_regex("[0-9a-f]{64}", fullmatch=True),
    dead_since=dates,
)
ledgers = st.dictionaries(st.from_regex(r"https://[a-z]{1,9}\.example/[a-zก-ฮ]{0,3}", fullmatch=True), entries)


@settings(max_examples=30)
@given(ledger=ledgers)
def test_a_ledger_survives_its_file(ledger: links.Ledger, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("ledger")
    links.write(root, ledger)
    found, problems = links.read(root)
    assert problems == ()
    assert found == ledger
    assert list(found) == sorted(ledger)
    assert not links.write(root, found)


def test_a_ledger_is_made_for_diffs(tmp_path: Path) -> None:
    links.write(tmp_path, links.enter({}, {"https://b.example/": GONE, "https://a.example/ก": OK}, DAY))
    assert (tmp_path / links.LEDGER).read_text(encoding="utf-8") == (
        "{\n"
        ' "links": {\n'
        '  "https://a.example/ก": {\n'
        '   "first_published": "2026-11-20",\n'
        '   "last_checked": "2026-11-20",\n'
        '   "status": "ok",\n'
        '   "last_reached": "2026-11-20",\n'
        '   "code": 200\n'
        "  },\n"
        '  "https://b.example/": {\n'
        '   "first_published": "2026-11-20",\n'
        '   "last_checked": "2026-11-20",\n'
        '   "status": "not-found",\n'
        '   "code": 404,\n'
        '   "dead_since": "2026-11-20"\n'
        "  }\n"
        " }\n"
        "}\n"
    )
    assert [path.name for path in (tmp_path / "content").iterdir()] == ["links.json"]


def test_writing_leaves_the_old_ledger_or_the_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    links.write(tmp_path, links.enter({}, {A: OK}, DAY))
    before = (tmp_path / links.LEDGER).read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        links.write(tmp_path, links.enter({}, {A: GONE}, DAY))
    assert [path.read_bytes() for path in (tmp_path / "content").iterdir()] == [before]


SOUND = links.text({A: Entry(DAY, DAY, "not-found", None, 404, None, "a" * 64, DAY)})


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "link-ledger-damaged", 1),
        (b"\xff\xfe", "link-ledger-damaged", 1),
        (b"[" * 100_000, "link-ledger-damaged", 1),
        (b"[]", "link-ledger-damaged", 1),
        (b"{}", "link-ledger-damaged", 1),
        (b'{"links": []}', "link-ledger-damaged", 1),
        (b'{"links": {"x": {}, "x": {}}}', "link-ledger-damaged", 1),
        (SOUND.encode()[:40], "link-ledger-damaged", 3),
        (b"<<<<<<< HEAD\n" + SOUND.encode(), "link-ledger-damaged", 1),
        (SOUND.replace('  "https', "<<<<<<< HEAD\n" + '  "https').encode(), "link-ledger-damaged", 3),
        (SOUND.replace("not-found", "fine").encode(), "link-ledger-entry", 3),
        (SOUND.replace("404", "4040").encode(), "link-ledger-entry", 3),
        (SOUND.replace("404", "true").encode(), "link-ledger-entry", 3),
        (SOUND.replace("404", "1e400").encode(), "link-ledger-entry", 3),
        (SOUND.replace('"code": 404', '"redirect": "javascript:alert(1)"').encode(), "link-ledger-entry", 3),
        (SOUND.replace('"code": 404', '"redirect": 7').encode(), "link-ledger-entry", 3),
        (SOUND.replace(',\n   "dead_since": "2026-11-20"', "").encode(), "link-ledger-entry", 3),
        (SOUND.replace('"code"', '"kode"').encode(), "link-ledger-entry", 3),
        (SOUND.replace("2026-11-20", "2026-11-31").encode(), "link-ledger-entry", 3),
        (SOUND.replace('"2026-11-20"', "7").encode(), "link-ledger-entry", 3),
        (SOUND.replace("a" * 64, "a" * 63).encode(), "link-ledger-entry", 3),
        (SOUND.replace(A, "javascript:alert(1)").encode(), "link-ledger-entry", 3),
        (SOUND.replace(A, f"{A}#x").encode(), "link-ledger-entry", 3),
        (f'{{"links": {{"{A}": []}}}}'.encode(), "link-ledger-entry", 1),
    ],
)
def test_a_damaged_ledger_is_a_diagnostic(tmp_path: Path, content: bytes, code: str, line: int) -> None:
    assert links._entry(json.loads(SOUND)["links"][A])
    (tmp_path / "content").mkdir()
    (tmp_path / links.LEDGER).write_bytes(content)
    ledger, problems = links.read(tmp_path)
    assert ledger == {}
    assert [(p.code, p.place.file, p.place.line) for p in problems] == [(code, links.LEDGER, line)]
    for language in messages.LANGUAGES:
        assert problems[0].message(language)


def test_a_ledger_that_cannot_be_opened_is_a_diagnostic(tmp_path: Path) -> None:
    (tmp_path / links.LEDGER).mkdir(parents=True)
    assert [p.code for p in links.read(tmp_path).problems] == ["link-ledger-damaged"]


# What a dead link does ---------------------------------------------------------------------------------------------

DEAD: links.Ledger = {A: history((0, GONE), (40, GONE))}


@pytest.mark.parametrize(
    ("values", "register", "counts"),
    [
        ({"url": A}, "evidence", False),
        ({"url": f"{A}#page=3"}, "evidence", False),
        ({"url": A, "file": "files/1.pdf"}, "evidence", True),
        ({"url": A, "reference": "12/2569"}, "evidence", True),
        ({"url": "https://other.example/"}, "evidence", True),
        ({"file": "files/1.pdf"}, "evidence", True),
        ({}, "evidence", True),
        ({"url": A}, "channels", False),
        ({"url": A, "reference": "12/2569"}, "channels", True),
        ({"url": A, "scope": "internal"}, "channels", True),
    ],
)
def test_a_record_that_only_a_dead_link_proves_is_marked(
    sample: Project, values: dict[str, Any], register: str, counts: bool
) -> None:
    record = evidence(**values) if register == "evidence" else channel(**values)
    shown: dict[str, Any] = (
        {"evidence": (record,)} if register == "evidence" else {"registers": {"channels": (record,)}}
    )
    project = with_answer(sample, **shown)
    answer = links.mark(project, DEAD).portfolios[0].shared
    (found,) = answer.evidence if register == "evidence" else answer.registers["channels"]
    assert found.values.get(links.DEAD_FROM) == (None if counts else later(30))
    assert replace(found, values=record.values) == record
    assert links.mark(project, DEAD, grace=41) is project
    assert links.mark(project, {}) is project


def test_every_answer_is_marked(sample: Project) -> None:
    first = sample.portfolios[0]
    name = next(iter(first.answers))
    answer = replace(first.answers[name], evidence=(evidence(url=A),))
    project = replace(sample, portfolios=(replace(first, answers={name: answer}),))
    assert links.DEAD_FROM in links.mark(project, DEAD).portfolios[0].answers[name].evidence[0].values


def said(project: Project, ledger: links.Ledger, **settings: Any) -> list[tuple[str, str, int]]:
    found = list(links.problems(project, ledger, **settings))
    for problem in found:
        for language in messages.LANGUAGES:
            assert problem.message(language)
            assert problem.help(language)
            assert diagnostics.explain(problem.code, language)
    return [(problem.code, problem.severity, problem.place.line) for problem in found]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (history((0, OK)), None),
        (history((0, GONE)), ("link-dead", "warning")),
        (history((0, Reached("server-error", 502))), ("link-dead", "warning")),
        (history((0, Reached("tls"))), ("link-not-secure", "warning")),
        (history((0, Reached("robots"))), ("link-not-checked", "note")),
        (history((0, Reached("denied", 403))), ("link-not-checked", "note")),
        (history((0, Reached("ok", 200, "https://a.example/2.pdf"))), None),
        (history((0, Reached("ok", 200, "https://b.example/1.pdf"))), ("link-redirects-away", "note")),
        (history((0, Reached("ok", 200, "https://a.example/th/"))), ("link-redirects-away", "note")),
        (replace(history((0, GONE)), dead_since=datetime.date.max), ("link-dead", "warning")),
    ],
)
def test_what_is_said_of_an_address(sample: Project, entry: Entry, problem: tuple[str, str] | None) -> None:
    project = with_answer(sample, evidence=(evidence(url=A), evidence(2, url=f"{A}#x")))
    wanted = [(*problem, 10), (*problem, 20)] if problem else []
    assert said(project, {A: entry}) == wanted


def test_what_is_said_of_a_new_address(sample: Project) -> None:
    project = with_answer(sample, evidence=(evidence(url=A),))
    assert said(project, {}) == []  # nobody keeps a ledger here
    assert said(project, {"https://b.example/": history((0, OK))}) == [("link-not-checked", "note", 10)]


def test_a_warning_says_since_when_and_until_when(sample: Project) -> None:
    project = with_answer(sample, evidence=(evidence(url=A),))
    (found,) = links.problems(project, {A: history((0, OK), (1, GONE))}, grace=10)
    assert "21 November 2026" in found.message("en") or "2026" in found.message("en")
    assert "counts until" in found.message("en")
    (found,) = links.problems(project, DEAD)
    assert "counts no more from" in found.message("en")
    assert "2569" in found.message("th")


@pytest.mark.parametrize("status", links.STATUSES)
@pytest.mark.parametrize("code", [None, 200, 404, 500])
def test_every_status_has_words(status: links.Status, code: int | None) -> None:
    for language in messages.LANGUAGES:
        assert messages.say(links.in_words(Reached(status, code)), language)


# `lakthan links` ---------------------------------------------------------------------------------------------------


def project_of(sample: Project, *addresses: str) -> Project:
    return with_answer(sample, evidence=tuple(evidence(n, url=a) for n, a in enumerate(addresses, 1)))


def test_a_report_from_first_check_to_last(server: Server, sample: Project, tmp_path: Path) -> None:
    good, once, document = server.at("page"), server.at("code/404"), server.at("document")
    project = project_of(sample, good, once, document)

    def run(day: int, **options: Any) -> reach.Report:
        return reach.report(tmp_path, options.pop("project", project), settings=QUICK, today=later(day), **options)

    first = run(0)
    assert first.findings
    assert set(first.checked) == {good, once, document}
    assert links.died(first.before, first.after) == (once,)
    text = "\n".join(reach.lines(first, "en"))
    assert "Dead since this check:" in text
    assert f"{once}: the page is not found (404)" in text
    assert "3 checked now; in the ledger 2 open, 1 dead, 0 unsure" in text
    server.document = b"%PDF-1.7 second"
    second = run(1)
    assert links.died(second.before, second.after) == ()
    shown = reach.document(second)
    assert shown["changed"] == [document]
    assert shown["links"][once]["dead_since"] == DAY.isoformat()
    assert json.dumps(shown)
    assert "บัญชี" in "\n".join(reach.lines(second, "th"))
    server.asked.clear()
    added = server.at("page/new")
    third = run(2, project=project_of(sample, good, once, document, added), only_new=True)
    assert third.checked == (added,)
    assert "/page" not in server.paths()
    assert third.after[good].last_checked == later(1)
    assert links.read(tmp_path).ledger == third.after
    assert set(run(3, project=project_of(sample, good)).after) == {good, once, document, added}
    assert set(run(3, project=project_of(sample, good), whole=True).after) == {good}


def test_an_offline_machine_leaves_the_ledger_alone(
    sample: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "no")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    project = project_of(sample, "https://a.test/", "https://b.test/")
    found = reach.report(tmp_path, project, settings=QUICK, today=DAY)
    assert found.offline
    assert found.findings
    assert "offline" in "\n".join(reach.lines(found, "en"))
    assert not (tmp_path / links.LEDGER).exists()
    ledger = {A: history((0, OK))}
    wanted = dict.fromkeys(("https://a.test/", "https://b.test/"))
    assert reach.check(wanted, ledger, settings=QUICK, today=DAY) is ledger


def test_a_damaged_ledger_is_not_written_over(server: Server, sample: Project, tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / links.LEDGER).write_text("<<<<<<<", encoding="utf-8")
    found = reach.report(tmp_path, project_of(sample, server.at("page")), settings=QUICK, today=DAY)
    assert found.findings
    assert found.problems
    assert server.asked == []
    assert (tmp_path / links.LEDGER).read_text(encoding="utf-8") == "<<<<<<<"


def test_a_project_without_links_has_no_ledger(sample: Project, tmp_path: Path) -> None:
    found = reach.report(tmp_path, project_of(sample), settings=QUICK, today=DAY)
    assert not found.findings
    assert list(tmp_path.iterdir()) == []


def test_check_enters_what_it_reached(server: Server) -> None:
    address = server.at("page")
    assert reach.check({address: ()}, {}, settings=QUICK, today=DAY) == {address: Entry(DAY, DAY, "ok", DAY, 200)}
