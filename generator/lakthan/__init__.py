"""Lakthan (หลักฐาน, "evidence"): rubrics, evidence, scores with reasons, and the portfolio that shows them."""

__version__ = "0.1.0"
