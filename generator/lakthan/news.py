"""What is new in a portfolio: its dated evidence, where it was published, and the day on which it was signed.

Nobody writes news: they follow from the files, so that they are there in every language that the titles are.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lakthan.model import Answer, Portfolio, Record


@dataclass(frozen=True, slots=True)
class News:
    """One day's event. Evidence that serves several indicators is news once."""

    date: datetime.date
    portfolio: Portfolio
    record: Record | None = None
    """A piece of evidence or a channel; None where the portfolio was signed."""
    indicators: tuple[str, ...] = ()
    """Those that the record stands with; none where it belongs to the whole portfolio."""

    @property
    def page(self) -> str:
        """Where it stands, as an address relative to the site."""
        if self.record is None:
            return f"{self.portfolio.id}/"
        if self.record.register == "channels":
            return f"{self.portfolio.id}/channels/"
        if self.indicators:
            return f"{self.portfolio.id}/{self.indicators[0]}/#{self.record.name}"
        return f"{self.portfolio.id}/evidence/"


def news(portfolios: Iterable[Portfolio]) -> tuple[News, ...]:
    """Everything dated in *portfolios*, the newest first; of one day in the order of the files."""
    found: list[News] = []
    for portfolio in portfolios:
        if portfolio.signed:
            found.append(News(portfolio.signed, portfolio))
        found += _records(portfolio)
    return tuple(sorted(found, key=lambda one: one.date, reverse=True))


def any_news(portfolios: Iterable[Portfolio]) -> bool:
    """Whether anything is dated in *portfolios*."""
    return any(one.signed or any(True for _ in _dated(one)) for one in portfolios)


def _dated(portfolio: Portfolio) -> Iterator[tuple[datetime.date, Answer, Record]]:
    for answer in portfolio.all_answers():
        for record in (*answer.evidence, *answer.registers.get("channels", ())):
            if record.date is not None:
                yield record.date, answer, record


def _records(portfolio: Portfolio) -> Iterable[News]:
    known: dict[tuple[object, ...], News] = {}
    for date, answer, record in _dated(portfolio):
        serves = record.values.get("indicators", ())
        lent = tuple(str(name) for name in serves) if isinstance(serves, tuple) else (str(serves),)
        own = (answer.indicator,) if answer.indicator else lent
        same = (
            date,
            record.register,
            record.kind,
            *(record.values.get(name) for name in ("title", "name", "reference")),
        )
        before = known.get(same)
        indicators = tuple(dict.fromkeys((*(before.indicators if before else ()), *own)))
        known[same] = News(date, portfolio, before.record if before else record, indicators)
    return known.values()
