"""Every sort of page, by a page of the sample: what is measured and pictured in a browser."""

from __future__ import annotations

PAGE_TYPES = {
    "home": "",
    "overview": "units/",
    "unit": "dip-ict/",
    "profile": "oae-demo/profile/",
    "unit-news": "oae-demo/news/",
    "news": "news/",
    "rubrics": "rubrics/",
    "rubric": "rubrics/moi-moral-2569/",
    "rubric-in-steps": "rubrics/oae-unit-2567/",
    "by-unit": "rubrics/oae-unit-2567/units/",
    "by-indicator": "rubrics/moi-moral-2569/2/",
    "practice": "rubrics/moi-moral-2569/practice/",
    "portfolio": "dip-ict/moi-moral-2569/",
    "portfolio-in-steps": "oae-demo/oae-unit-2567/",
    "indicator": "dip-ict/moi-moral-2569/9/",
    "indicator-in-steps": "oae-demo/oae-unit-2567/6.3/",
    "evidence": "dip-ict/moi-moral-2569/evidence/",
    "channels": "dip-ict/moi-moral-2569/channels/",
    "work": "demo-dyeing/moi-moral-2569/board/",
    "reviews": "dip-ict/moi-moral-2569/reviews/",
    "workbench": "dip-ict/moi-moral-2569/review/",
    "what-if": "demo-standards/moi-moral-2569/what-if/",
    "qr": "dip-ict/moi-moral-2569/qr/",
    "all-channels": "channels/",
    "data": "data/",
    "search": "search/",
    "about": "about/",
    "diagnostics": "diagnostics/",
    "not-found": "404.html",
}
"""Names to paths below the site. The English page has the same path below `en/`; `404.html` is in both languages."""
