"""The page as a document: one file, names, captions, colours."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest
from bench.fake_result import KINDS, findings_of, page_of

from neurodecode.bench.report.page import render_report, write_report
from neurodecode.bench.report.svg import FAMILIES
from neurodecode.viz import colors


class Document(HTMLParser):
    """Ids, links, pictures and tables of a page; complains about tags that do not match."""

    VOID = frozenset(("meta", "link", "br", "img", "input", "wbr", "hr"))

    def __init__(self, text: str):
        super().__init__()
        self.open, self.ids, self.links, self.unnamed, self.resources = [], [], [], [], []
        self.tables = self.captions = self.unscoped = self.pictures = 0
        self.feed(text)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.handle_endtag(tag)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        for key in ("src", "href"):
            if key in found and tag != "a":
                self.resources.append(found[key])
        if tag == "svg":
            self.pictures += 1
            if not (found.get("aria-hidden") or (found.get("role") and found.get("aria-label"))):
                self.unnamed.append(self.getpos())
        self.tables += tag == "table"
        self.captions += tag == "caption"
        self.unscoped += tag == "th" and "scope" not in found

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, self.getpos()


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_is_whole_and_small_and_calls_nobody(kind):
    text = page_of(kind)
    page = Document(text)
    assert not page.open and len(page.ids) == len(set(page.ids))
    assert all(link[1:] in page.ids for link in page.links if link.startswith("#"))
    assert all(link.startswith(("#", "data:", "https://doi.org/")) for link in page.links)
    assert all(source.startswith(("data:", "#")) for source in page.resources)
    assert not page.unnamed and page.tables == page.captions and not page.unscoped
    assert len(text.encode()) < 1_000_000
    assert not re.search(r">\s*(nan|None|NaN)\s*<|\bnan\b", text.split("<script>")[0])


def test_the_same_findings_give_the_same_bytes():
    assert page_of("one data set") == render_report(findings_of("one data set"))


def test_names_from_outside_are_escaped():
    from bench.test_summary import tiny

    from neurodecode.bench.summary import Findings

    y = ["<b>l", "r&d"] * 20
    result = tiny({"<script>alert(1)</script>": y}, y, tmin=0, tmax=1, sfreq=1, n_trials=40)
    text = render_report(Findings.of(result))
    assert "<script>alert" not in text and "<b>l" not in text and "r&amp;d" in text


def test_writing_replaces_the_file_and_gives_its_path(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    assert write_report(findings_of("1 recipe").result, path) == path
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [item.name for item in tmp_path.iterdir()] == ["report.html"]


def test_every_figure_has_its_numbers_beneath():
    text = page_of("12 recipes")
    for body in re.findall(
        r"<figure(?! class=\"(?:topo|mini|card conf))(.*?)</figure>", text, re.S
    ):
        assert "<details" in body and "<table" in body


def tokens(theme: str) -> dict[str, str]:
    """Colour tokens of the style sheet."""
    css = files("neurodecode.bench.report").joinpath("report.css").read_text(encoding="utf-8")
    light = css[css.index(":root {") : css.index("@media")]
    dark = css[css.index(':root[data-theme="dark"]') : css.index("/* Page and type")]
    block = light if theme == "light" else dark
    return dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", block))


def linear(color: str) -> np.ndarray:
    value = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """WCAG 2 contrast ratio."""
    one, two = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b))
    return (two + 0.05) / (one + 0.05)


# Machado, Oliveira and Fernandes 2009 (10.1109/TVCG.2009.113), severity 1, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                        [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                        [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                        [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip


def oklab(rgb: np.ndarray) -> np.ndarray:
    """OKLab of linear RGB (Ottosson 2020)."""
    lms = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                    [0.2119034982, 0.6806995451, 0.1073969566],
                    [0.0883024619, 0.2817188376, 0.6299787005]]) @ np.clip(rgb, 0, 1)  # fmt: skip
    return np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                     [1.9779984951, -2.4285922050, 0.4505937099],
                     [0.0259040371, 0.7827717662, -0.8086757660]]) @ np.cbrt(lms)  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_marks_have_contrast(theme):
    color = tokens(theme)
    for ground in ("bg", "panel"):
        for text in ("fg", "muted", "link", "good", "warn", "bad"):
            assert contrast(color[text], color[ground]) >= 4.5, (text, ground)
        for family in FAMILIES:
            assert contrast(color[family], color[ground]) >= 3, (family, ground)
    assert contrast(color["warn"], color["warnbg"]) >= 4.5
    assert contrast(color["bad"], color["badbg"]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_families_can_be_told_apart_by_every_eye(theme):
    color = tokens(theme)
    nearest = min(
        100 * np.linalg.norm(oklab(eye @ linear(color[a])) - oklab(eye @ linear(color[b])))
        for eye in SIGHT.values()
        for a, b in combinations(FAMILIES, 2)
    )
    assert nearest > 12


def test_matplotlib_and_the_page_share_their_colours():
    light = tokens("light")
    assert {family: light[family] for family in FAMILIES} == colors.FAMILY
    assert (light["fg"], light["muted"], light["grid"]) == (colors.TEXT, colors.QUIET, colors.GRID)
