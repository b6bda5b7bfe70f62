"""Pages as a browser reads them, by the rules of the HTML Standard, in the trees of the standard library."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from selectolax.lexbor import LexborHTMLParser, LexborNode

FOREIGN = ("svg", "math")
HOME = ("foreignObject", "desc", "title")
"""Elements of SVG in which there is HTML again."""


def tree(page: str) -> ET.Element:
    """The element `html` of a page. What stands within a drawing or formula says so.

    >>> [one.tag for one in tree("<title>x</title><svg><a><title>x<b>").iter()]
    ['html', 'head', 'title', 'body', 'svg', 'svg:a', 'svg:title', 'b']
    """
    root = LexborHTMLParser(page).root
    assert root is not None
    top = ET.Element("html", _attributes(root))
    waiting = [(root, top, "")]
    while waiting:
        node, element, foreign = waiting.pop()
        last = None
        for child in node.iter(include_text=True):
            if child.is_element_node:
                assert child.tag != "template", "what stands in it would not be seen"
                last = ET.SubElement(element, f"{foreign}{child.tag}", _attributes(child))
                kind = f"{child.tag}:" if child.tag in FOREIGN else foreign
                waiting.append((child, last, "" if foreign == "svg:" and child.tag in HOME else kind))
            elif child.is_text_node and last is not None:
                last.tail = (last.tail or "") + (child.text_content or "")
            elif child.is_text_node:
                element.text = (element.text or "") + (child.text_content or "")
    return top


def body(part: str) -> ET.Element:
    """The element `body` of a page of which that is all.

    >>> ET.tostring(body("<p>x<b>y</p>z"), encoding="unicode")
    '<body><p>x<b>y</b></p><b>z</b></body>'
    """
    found = tree(f"<!doctype html><body>{part}").find("body")
    assert found is not None
    return found


def _attributes(node: LexborNode) -> dict[str, str]:
    return {name: value or "" for name, value in node.attributes.items()}
