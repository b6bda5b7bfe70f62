"""Goes to external addresses, politely, and says what came of each. The only module that uses the network.

Whatever a site does, it ends: every wait has a limit, and nothing that a site does is raised. Programs and private
networks are left alone: robots.txt is kept, and only public addresses are connected to.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import email.utils
import hashlib
import ipaddress
import socket
import ssl
import threading
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import httpx

from lakthan import __version__, links, messages
from lakthan.diagnostics import Diagnostic
from lakthan.links import DEAD, Ledger, Reached, Status
from lakthan.messages import Language
from lakthan.model import Message, Project

NAME = "lakthan"
"""What robots.txt calls us."""
MOVED = (301, 302, 303, 307, 308)
LASTING = (301, 308)
"""Redirects that are meant to stay; where others lead may change with every visit."""
HOST_STATUSES: frozenset[Status] = frozenset(("no-such-host", "unreachable", "timeout"))
"""What says more of a host than of one address of it."""
AGAIN: frozenset[Status] = frozenset(("busy", "server-error", "timeout", "unreachable", "broken"))
"""What another attempt may mend."""
ROBOTS_SIZE = 500 * 1024
"""Bytes of a robots.txt that are read (RFC 9309)."""
NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for IPv4 ones (RFC 6052)."""

Progress = Callable[[int, int, str], None]
"""Told after each address: how many are done, of how many, and which."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How patient, polite and curious a check is. Times are seconds."""

    connect: float = 10
    read: float = 20
    """Longest silence."""
    body: float = 30
    """For one document; one that takes longer counts as reached and has no sum."""
    total: float = 60
    """For one address, with all its redirects, waits and further attempts."""
    overall: float | None = None
    """For the whole check; addresses it does not come to stay as they were."""
    interval: float = 1
    """Between two requests to one host."""
    concurrency: int = 8
    """Hosts that are visited at the same time."""
    retries: int = 2
    backoff: float = 2
    """Before the second attempt, doubled for each further one."""
    longest_wait: float = 30
    """What a site may ask us to wait; if it asks more, that was the last attempt."""
    hops: int = 10
    largest: int = 50_000_000
    """Bytes of a document that are read."""
    keep: int = 0
    """Connections to a host that are kept for its next documents."""
    give_up_after: int = 3
    """Addresses of a host that fail in a row, as only a dead host's would, before the rest is taken to fail too."""
    allow_private: bool = False
    """Connect to this machine and private networks too."""
    user_agent: str = f"{NAME}/{__version__} (checks the links of evidence portfolios)"


class _RefusedAddress(Exception):
    """Not a place that we go to: a private network, a password in the address, another protocol."""


class _NoSuchHost(Exception):
    """The name has no address."""


def reach(wanted: Sequence[str], settings: Settings, progress: Progress | None = None) -> dict[str, Reached]:
    """What came of each address; one that `overall` left no time for is absent."""
    return asyncio.run(_Check(settings).all(wanted, progress or (lambda _done, _total, _address: None)))


def offline(reached: Mapping[str, Reached]) -> bool:
    """Whether it is this machine that has no network: several hosts were tried, and none gave any answer."""
    tried = {(urlsplit(a).hostname, got.status) for a, got in reached.items() if got.status != "refused"}
    return len({host for host, _ in tried}) > 1 and all(status in HOST_STATUSES for _, status in tried)


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer to one request that has an end to it."""

    code: int
    location: str | None = None
    document: bool = False
    sha256: str | None = None
    retry_after: float | None = None
    odd: bool = False
    """Not what a sound server says to HEAD: ask again with GET."""
    challenge: bool = False
    """A gatekeeper that wants to see a browser answered, not the page."""


@dataclass(slots=True)
class _Trial:
    """How far the visit to one address came, should its time run out."""

    last: Reached = field(default_factory=lambda: Reached("timeout"))
    wait: float | None = None


class _Check:
    """One run: what was learnt about hosts on the way is kept for its length."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.done = 0
        self._next: dict[str, float] = {}
        self._intervals: dict[str, float] = {}
        self._hosts: dict[tuple[str, int], asyncio.Task[tuple[str, ...]]] = {}
        self._robots: dict[str, asyncio.Task[RobotFileParser | None]] = {}
        self._ways: dict[tuple[str | None, str, str], httpx.AsyncHTTPTransport] = {}
        # As environment variables and the system say; with a proxy, it is the proxy that looks names up.
        self._proxies = {
            scheme: proxy if "://" in proxy else f"http://{proxy}"
            for scheme, proxy in urllib.request.getproxies().items()
            if scheme in ("http", "https", "all")
        }

    # Order of the visits ---------------------------------------------------------------------------------------

    async def all(self, wanted: Sequence[str], progress: Progress) -> dict[str, Reached]:
        hosts: dict[str, list[str]] = {}
        for address in dict.fromkeys(wanted):
            hosts.setdefault(urlsplit(address).hostname or "", []).append(address)
        found: dict[str, Reached] = {}
        total = sum(map(len, hosts.values()))
        at_once = asyncio.Semaphore(self.settings.concurrency)

        async def visit(host: str, addresses: Sequence[str]) -> None:
            async with at_once:
                failed, down = 0, None
                for address in addresses:
                    found[address] = got = down or await self._address(address)
                    # A redirect may have failed at another host: that says nothing of this one.
                    failed = failed + 1 if got.status in HOST_STATUSES and got.host == host else 0
                    if failed >= self.settings.give_up_after:
                        down = got
                    progress(len(found), total, address)

        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.settings.overall), asyncio.TaskGroup() as group:
                    for host, addresses in hosts.items():
                        group.create_task(visit(host, addresses))
        finally:
            for task in (*self._robots.values(), *self._hosts.values()):
                task.cancel()
            for way in self._ways.values():
                await way.aclose()
        return found

    async def _address(self, address: str) -> Reached:
        """One address, with further attempts where they may help, inside its time."""
        trial = _Trial(Reached("timeout", host=urlsplit(address).hostname or ""))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.total):
                for attempt in range(self.settings.retries + 1):
                    trial.last = await self._attempt(address, trial)
                    wait = self.settings.backoff * 2**attempt if trial.wait is None else trial.wait
                    if trial.last.status not in AGAIN or wait > self.settings.longest_wait:
                        break
                    if attempt < self.settings.retries:
                        await asyncio.sleep(wait)
        return trial.last

    async def _attempt(self, address: str, trial: _Trial) -> Reached:
        host, trial.wait = urlsplit(address).hostname or "", None
        try:
            url = httpx.URL(address)
            cookies = httpx.Cookies()
            seen = set()
            lasting = True
            for _ in range(self.settings.hops + 1):
                host = url.host
                state = (str(url), tuple(sorted((c.name, c.value or "") for c in cookies.jar)))
                if state in seen:
                    break
                seen.add(state)
                if not await self._allowed(url):
                    return Reached("robots", host=host)
                answer = await self._ask(url, cookies)
                if answer.location is None:
                    trial.wait = answer.retry_after
                    return self._judged(address, url, answer, lasting)
                lasting = lasting and answer.code in LASTING
                url = httpx.URL(urljoin(str(url), answer.location))
                trial.last = Reached("timeout", answer.code, host=url.host)
            return Reached("loop", host=host)
        except _NoSuchHost:
            return Reached("no-such-host", host=host)
        except (_RefusedAddress, httpx.UnsupportedProtocol):
            return Reached("refused", host=host)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as problem:
            return Reached(_status_of(problem), host=host)

    def _judged(self, address: str, url: httpx.URL, answer: _Answer, lasting: bool) -> Reached:
        """What an answer means for the address."""
        code = answer.code
        if 200 <= code < 300:
            here, there = httpx.URL(address), url
            if not lasting:  # a query may then be of this visit only
                here, there = here.copy_with(query=None), there.copy_with(query=None)
            target = links.normal(str(there))
            redirect = None if target == links.normal(str(here)) else target
            return Reached("ok", code, redirect, answer.document, answer.sha256, url.host)
        status: Status
        if answer.challenge:
            status = "denied"
        elif code in (404, 410):
            status = "not-found" if code == 404 else "gone"
        elif code == 429:
            status = "busy"
        elif 400 <= code < 500 or code >= 600:
            # Many sites say 400, 403 or 999 to programs and show the page to people.
            status = "denied"
        else:
            status = "server-error" if code >= 500 else "broken"
        return Reached(status, code, host=url.host)

    # One request -----------------------------------------------------------------------------------------------

    async def _ask(self, url: httpx.URL, cookies: httpx.Cookies) -> _Answer:
        """HEAD, and GET where that says too little: many servers do not know HEAD, and a sum wants the body."""
        try:
            answer = await self._request("HEAD", url, cookies)
        except (httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            answer = _Answer(0, odd=True)
        if answer.odd or answer.document or (answer.code >= 400 and answer.code != 429 and answer.retry_after is None):
            answer = await self._request("GET", url, cookies)
        return answer

    async def _request(self, method: str, url: httpx.URL, cookies: httpx.Cookies) -> _Answer:
        async with self._send(method, url, cookies) as response:
            code, headers = response.status_code, response.headers
            location = headers.get("location", "").strip() if code in MOVED else ""
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            document = 200 <= code < 300 and _is_document(kind, url.path)
            answer = _Answer(
                code,
                location=location or None,
                document=document,
                retry_after=_seconds(headers.get("retry-after")) if code in (429, 503) else None,
                odd=(300 <= code < 400 and not location) or (200 <= code < 300 and not kind),
                challenge="cf-mitigated" in headers,
            )
            if document and method == "GET":
                return replace(answer, sha256=await self._sum(response))
            return answer

    async def _sum(self, response: httpx.Response) -> str | None:
        """SHA-256 of a document; None if it is too large or too slow to be read whole."""
        length = response.headers.get("content-length", "")
        packed = response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")
        if packed or (length.isascii() and length.isdigit() and int(length[:20]) > self.settings.largest):
            return None
        found, size = hashlib.sha256(), 0
        try:
            async with asyncio.timeout(self.settings.body):
                async for chunk in response.aiter_raw():
                    size += len(chunk)
                    if size > self.settings.largest:
                        return None
                    found.update(chunk)
        except TimeoutError:
            return None
        return found.hexdigest()

    @contextlib.asynccontextmanager
    async def _send(
        self, method: str, url: httpx.URL, cookies: httpx.Cookies, more: Mapping[str, str] = {}
    ) -> AsyncIterator[httpx.Response]:
        """The answer to one request, its body unread; redirects are the caller's."""
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise _RefusedAddress
        limits = {"connect": self.settings.connect, "read": self.settings.read, "write": self.settings.read}
        extensions: dict[str, Any] = {"timeout": {**limits, "pool": self.settings.connect}}
        headers = {"user-agent": self.settings.user_agent, "accept": "*/*", "accept-encoding": "identity", **more}
        request = httpx.Request(method, url, headers=headers, extensions=extensions)
        cookies.set_cookie_header(request)
        proxy = self._proxy(url)
        await self._turn(url.host)
        if proxy:
            response = await self._way(proxy, url).handle_async_request(request)
        else:
            response = await self._direct(request)
        response.request = request
        try:
            cookies.extract_cookies(response)
            yield response
        finally:
            await response.aclose()

    async def _direct(self, request: httpx.Request) -> httpx.Response:
        """To the addresses that were looked up and found public: another look-up could say something else."""
        url = request.url
        places = await self._places(url)
        for place in places:
            # The name still goes into the Host header and the certificate's check.
            name = {} if place == url.host else {"sni_hostname": url.raw_host.decode("ascii").rstrip(".")}
            there = httpx.Request(
                request.method,
                url.copy_with(host=place),
                headers=request.headers,
                extensions={**request.extensions, **name},
            )
            try:
                return await self._way(None, url).handle_async_request(there)
            except (httpx.ConnectError, httpx.ConnectTimeout) as problem:
                if place == places[-1] or _status_of(problem) == "tls":
                    raise
        raise _NoSuchHost

    def _way(self, proxy: str | None, url: httpx.URL) -> httpx.AsyncHTTPTransport:
        keep = self.settings.keep
        # Two names at one address may not share what one of them proved: a connection is kept for its name alone.
        way = (proxy, url.scheme, url.host if keep else "")
        if way not in self._ways:
            # They take a while to read, and http has no use for them; who fetches from many sites reads them once.
            known = _authorities if keep else httpx.create_ssl_context
            trust = known() if url.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._ways[way] = httpx.AsyncHTTPTransport(
                verify=trust,
                trust_env=False,
                proxy=httpx.Proxy(proxy) if proxy else None,
                limits=httpx.Limits(max_keepalive_connections=keep),
            )
        return self._ways[way]

    def _proxy(self, url: httpx.URL) -> str | None:
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if not proxy or not proxy.startswith(("http://", "https://")):
            return None
        if urllib.request.proxy_bypass(url.host):
            return None
        # What the proxy makes of a name is its business, but it is not sent to what is plainly private.
        if not self.settings.allow_private and (_is_private(url.host) or url.host.rstrip(".") == "localhost"):
            raise _RefusedAddress
        return proxy

    async def _turn(self, host: str) -> None:
        """Wait until *host* may be asked again."""
        now = asyncio.get_running_loop().time()
        mine = max(now, self._next.get(host, now))
        self._next[host] = mine + self._intervals.get(host, self.settings.interval)
        await asyncio.sleep(mine - now)

    # Where hosts are, and what they allow ----------------------------------------------------------------------

    async def _places(self, url: httpx.URL) -> tuple[str, ...]:
        """The IP addresses of a host that may be connected to, at most three."""
        key = (url.host, url.port or {"http": 80, "https": 443}[url.scheme])
        task = self._hosts.get(key)
        if task is None or (task.done() and _passing(task)):
            name = url.raw_host.decode("ascii").strip("[]")
            task = self._hosts[key] = asyncio.create_task(_look_up(name, key[1], self.settings.connect))
            # Whoever waited may be gone when it fails; asyncio would print that.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        found = await asyncio.shield(task)
        public = tuple(place for place in found if self.settings.allow_private or not _is_private(place))
        if not public:
            raise _RefusedAddress
        return public[:3]

    async def _allowed(self, url: httpx.URL) -> bool:
        """Whether robots.txt lets us go there."""
        if url.scheme not in ("http", "https") or not url.host:
            raise _RefusedAddress
        origin = str(url.copy_with(raw_path=b"/robots.txt", fragment=None))
        if origin not in self._robots:
            self._robots[origin] = asyncio.create_task(self._read_robots(httpx.URL(origin)))
        rules = await asyncio.shield(self._robots[origin])
        return rules is None or rules.can_fetch(NAME, str(url))

    async def _read_robots(self, url: httpx.URL) -> RobotFileParser | None:
        """The rules of a host; None where it has none.

        As RFC 9309 has it: refused with 4xx, there are none; 5xx, nothing is allowed. A host that does not answer at
        all has none either: the address itself will show how dead it is.
        """
        host = url.host
        rules = RobotFileParser()
        try:
            async with asyncio.timeout(self.settings.connect + self.settings.read):
                for _ in range(6):
                    async with self._send("GET", url, httpx.Cookies()) as response:
                        location = response.headers.get("location", "").strip()
                        if response.status_code in MOVED and location:
                            url = httpx.URL(urljoin(str(url), location))
                            continue
                        if response.status_code >= 500:
                            rules.parse(["User-agent: *", "Disallow: /"])
                            return rules
                        if response.status_code != 200:
                            return None
                        rules.parse((await _start(response, ROBOTS_SIZE)).decode("utf-8", "replace").splitlines())
                        delay = rules.crawl_delay(NAME)
                        if delay:
                            self._intervals[host] = max(self.settings.interval, min(int(delay), 10))
                        return rules
        except (_NoSuchHost, _RefusedAddress, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            return None  # ValueError: what RobotFileParser says to `Crawl-delay: ²`
        return None


@cache
def _authorities() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _passing(task: asyncio.Task[tuple[str, ...]]) -> bool:
    """Whether a look-up failed in a way that another one may not."""
    return task.cancelled() or not isinstance(task.exception(), _NoSuchHost | None)


async def _start(response: httpx.Response, size: int) -> bytes:
    found = b""
    async for chunk in response.aiter_raw():
        found += chunk
        if len(found) >= size:
            break
    return found[:size]


async def _look_up(name: str, port: int, limit: float) -> tuple[str, ...]:
    """The IP addresses of a host, each once, in the system's order."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def settle(found: list[Any] | None, problem: Exception | None) -> None:
        if answer.done():
            return
        if problem:
            answer.set_exception(problem)
        else:
            answer.set_result(found or [])

    def ask() -> None:
        found, trouble = None, None
        try:
            found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as problem:
            trouble = problem
        with contextlib.suppress(RuntimeError):  # the loop has gone
            loop.call_soon_threadsafe(settle, found, trouble)

    # A thread of our own that nobody waits for: the system's resolver cannot be stopped, and the loop's pool would
    # keep the program from ending.
    threading.Thread(target=ask, daemon=True).start()
    try:
        async with asyncio.timeout(limit):
            found = await answer
    except socket.gaierror as problem:
        if problem.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
            raise _NoSuchHost from None
        raise
    except UnicodeError:
        raise _NoSuchHost from None
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_private(host: str) -> bool:
    """Whether an IP address is not one of the public internet. A name is not an IP address."""
    try:
        found = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if found in NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            found = inner
        elif found.is_site_local:
            return True
    return not found.is_global or found.is_multicast or found.is_unspecified or found.is_reserved


_DOCUMENTS = (
    "application/pdf",
    "application/msword",
    "application/rtf",
    "application/vnd.ms-",
    "application/vnd.openxmlformats-officedocument",
    "application/vnd.oasis.opendocument",
    "image/",
)
_ENDINGS = (
    *(".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt", ".ods", ".odp", ".rtf"),
    *(".jpg", ".jpeg", ".png", ".gif", ".webp", ".tif", ".tiff"),
)


def _is_document(kind: str, path: str) -> bool:
    """Whether the target is a document, by its media type, or by its ending where the type says nothing."""
    if kind in ("application/octet-stream", "binary/octet-stream", "application/force-download"):
        return path.lower().endswith(_ENDINGS)
    return kind.startswith(_DOCUMENTS)


def _seconds(header: str | None) -> float | None:
    """What Retry-After asks: a number of seconds, or a date."""
    if not header:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        day = email.utils.parsedate_to_datetime(text)
        if day.tzinfo is None:
            day = day.replace(tzinfo=datetime.UTC)
        return max(0.0, (day - datetime.datetime.now(datetime.UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def _status_of(problem: BaseException) -> Status:
    """What an exception on the way means."""
    causes = tuple(_causes(problem))
    if any(isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError) for cause in causes):
        return "tls"
    if isinstance(problem, httpx.TimeoutException | TimeoutError):
        return "timeout"
    if isinstance(problem, httpx.ConnectError | httpx.ProxyError | socket.gaierror):
        return "unreachable"
    return "broken"


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    for _ in range(20):
        if problem is None:
            return
        yield problem
        problem = problem.__cause__ or problem.__context__


# Fetching documents ----------------------------------------------------------------------------------------------


class Unreached(Exception):
    """A document that could not be fetched: why, and the server's code where it gave one."""

    def __init__(self, status: Status, code: int | None = None) -> None:
        super().__init__(status)
        self.status: Status = status
        self.code = code


class TooLarge(Exception):
    """A document of more bytes than were wanted."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document. `content` is None where it is the one that was known already."""

    content: bytes | None
    etag: str = ""
    modified: str = ""


class Client(_Check):
    """Fetches the documents of one site, within the same limits as links are visited.

    robots.txt is not asked: who runs the site has given its address to have it read.
    """

    async def fetch(self, address: str, largest: int, etag: str = "", modified: str = "") -> Fetched:
        """The document at *address*, of *largest* bytes at most.

        *etag* and *modified* are what came with it the last time. Raises Unreached and TooLarge.
        """
        known = {"if-none-match": etag, "if-modified-since": modified}
        more = {name: value for name, value in known.items() if value}
        try:
            async with asyncio.timeout(self.settings.total):
                url = httpx.URL(address)
                for _ in range(self.settings.hops + 1):
                    async with self._send("GET", url, httpx.Cookies(), more) as response:
                        code, headers = response.status_code, response.headers
                        location = headers.get("location", "").strip()
                        if code in MOVED and location:
                            url = httpx.URL(urljoin(str(url), location))
                            continue
                        if code == 304 and more:
                            return Fetched(None, etag, modified)
                        if code != 200:
                            judged = self._judged(address, url, _Answer(code), lasting=True)
                            raise Unreached("broken" if judged.status == "ok" else judged.status, code)
                        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                            raise Unreached("broken", code)
                        content = await _whole(response, largest)
                        return Fetched(content, headers.get("etag", ""), headers.get("last-modified", ""))
            raise Unreached("loop")
        except _NoSuchHost:
            raise Unreached("no-such-host") from None
        except (_RefusedAddress, httpx.UnsupportedProtocol):
            raise Unreached("refused") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as problem:
            raise Unreached(_status_of(problem)) from None

    async def close(self) -> None:
        for way in self._ways.values():
            await way.aclose()


async def _whole(response: httpx.Response, largest: int) -> bytes:
    length = response.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > largest:
        raise TooLarge
    found = bytearray()
    async for chunk in response.aiter_raw():
        found += chunk
        if len(found) > largest:
            raise TooLarge
    return bytes(found)


# `lakthan links` -------------------------------------------------------------------------------------------------


def check(
    wanted: Mapping[str, object],
    ledger: Ledger,
    *,
    settings: Settings,
    today: datetime.date,
    progress: Progress | None = None,
) -> Ledger:
    """The ledger after a check of *wanted* on *today*: the same one if this machine is offline."""
    reached = reach(tuple(wanted), settings, progress)
    return ledger if offline(reached) else links.enter(ledger, reached, today)


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found, against the ledger as it was."""

    before: Ledger
    after: Ledger
    checked: tuple[str, ...]
    offline: bool = False
    problems: tuple[Diagnostic, ...] = ()
    """Of the ledger's file, where it could not be read: then nothing was checked."""

    @property
    def findings(self) -> bool:
        """Whether something is wrong: `lakthan links` ends with 1."""
        return bool(self.problems) or self.offline or any(e.status in DEAD for e in self.after.values())


def report(
    root: Path,
    project: Project,
    *,
    settings: Settings,
    today: datetime.date,
    only_new: bool = False,
    whole: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Check the project's addresses, write the ledger, and say what changed.

    *whole* says that the project was read without errors: only then are addresses forgotten that nobody gives.
    """
    before, problems = links.read(root)
    if problems:  # a ledger that is damaged holds history that a new one would lose
        return Report(before, before, (), problems=problems)
    wanted = links.addresses(project)
    chosen = tuple(address for address in wanted if not (only_new and address in before))
    reached = reach(chosen, settings, progress)
    if offline(reached):
        return Report(before, before, (), offline=True)
    after = links.enter(before, reached, today)
    if whole:
        after = links.prune(after, wanted)
    if after or before:
        links.write(root, after)
    return Report(before, after, tuple(address for address in chosen if address in reached))


def lines(found: Report, language: Language) -> Iterator[str]:
    """A report for people."""

    def say(key: str, **args: object) -> str:
        return messages.say(Message(f"links.{key}", args), language)

    if found.offline:
        yield say("offline")
        return
    news = (
        ("died", links.died(found.before, found.after)),
        ("revived", links.revived(found.before, found.after)),
        ("changed", links.changed(found.before, found.after)),
    )
    told = set()
    for key, addresses in news:
        told |= set(addresses)
        if addresses:
            yield say(key)
            yield from (f"  {a}: {messages.say(_standing(found.after, a), language)}" for a in addresses)
    rest = tuple(a for a, e in sorted(found.after.items()) if e.status != "ok" and a not in told)
    if rest:
        yield say("still")
        yield from (f"  {a}: {messages.say(_standing(found.after, a), language)}" for a in rest)
    counts = [entry.status for entry in found.after.values()]
    dead = sum(status in DEAD for status in counts)
    good = counts.count("ok")
    yield say("checked", n=len(found.checked), ok=good, dead=dead, unsure=len(counts) - good - dead)


def _standing(ledger: Ledger, address: str) -> Message:
    entry = ledger[address]
    if entry.status in DEAD:
        return Message("links.dead", {"why": links.in_words(entry), "since": entry.dead_since})
    return links.in_words(entry)


def document(found: Report) -> dict[str, Any]:
    """A report for programs."""
    return {
        "offline": found.offline,
        "checked": list(found.checked),
        "died": list(links.died(found.before, found.after)),
        "revived": list(links.revived(found.before, found.after)),
        "changed": list(links.changed(found.before, found.after)),
        **links.document(found.after),
    }
