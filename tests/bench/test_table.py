"""Tables in the terminal and in LaTeX."""

from __future__ import annotations

import io
import re

import pytest
from bench.fake_result import KINDS, findings_of
from rich.console import Console

from neurodecode.bench.latex import latex_table
from neurodecode.bench.table import LAYOUTS, tables, text_table
from neurodecode.core.errors import DataError


def block(text: str, title: str) -> list[str]:
    """Lines of one table, by its title."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip().startswith(title))
    stop = next((i for i in range(start, len(lines)) if not lines[i].strip()), len(lines))
    return lines[start:stop]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by", LAYOUTS)
def test_no_table_says_nan_or_none_or_breaks_its_width(kind, by):
    text = text_table(findings_of(kind), by=by, width=100)
    assert not re.search(r"\bnan\b|\bNone\b|±", text)
    assert max(map(len, text.splitlines())) <= 100


def test_rows_are_ordered_by_score_and_confess():
    lines = block(text_table(findings_of("12 recipes")), "HandMovementDirection")
    assert lines[0].split("   ")[-1] == "balanced accuracy, %, 74 test trials, published split"
    scores = [float(line.split()[2]) for line in lines[2:] if re.match(r"\s+\d", line)]
    assert len(scores) == 11 and scores == sorted(scores, reverse=True)
    assert any(line.endswith("at chance") for line in lines)
    assert any("labram-lora" in line and line.endswith("does not apply") for line in lines)
    assert "  † published under another protocol: not compared" in lines


def test_decimal_points_stand_in_one_column():
    lines = block(text_table(findings_of("12 recipes")), "Blink")
    rows = [line for line in lines if re.match(r"\s+\d+ ", line)]
    assert len({re.search(r"\d\.\d", row[18:]).start() for row in rows}) == 1
    column = slice(lines[1].index("published"), lines[1].index("ours"))
    places = {row[column].index(".") for row in rows if "none" not in row}
    assert len(places) == 1  # a dagger moves no number


def test_fewer_than_fifty_trials_print_no_decimals():
    lines = block(text_table(findings_of("one data set")), "EyesOpenShut")
    assert re.search(r"window-lda +\d\d +\[\d\d, \d\d\]", "\n".join(lines))


def test_a_narrow_terminal_loses_parameters_then_long_headings_never_the_fit_time():
    wide, middle, narrow = (
        text_table(findings_of("one data set"), width=width) for width in (120, 96, 80)
    )
    assert "parameters" in wide and "fit time" in wide
    assert "parameters" not in middle and "fit time" in middle, middle
    assert re.search(r"publ\. +−publ\. +fit", narrow) and "95 % interval" in narrow, narrow
    assert max(map(len, narrow.splitlines())) <= 80


@pytest.mark.parametrize("width", [80, 100])
def test_every_word_and_note_stays_whole(width):
    findings = findings_of("12 recipes")
    text = text_table(findings, width=width)
    said = set(text.split())
    for name in findings.scores["recipe"]:
        assert name in said
    for entry in findings.result.datasets.values():
        assert set(str(entry["flaw"] or "").split()) <= said
    assert {"transductive", "chance"} <= {word.strip(",") for word in said}


def test_published_columns_without_a_value_make_room_first():
    findings = findings_of("simulated only")
    assert "published" in text_table(findings, width=100)
    narrow = text_table(findings, width=72)
    assert "published" not in narrow and "fit time" in narrow


def test_the_best_published_scores_stand_under_each_set():
    lines = " ".join(block(text_table(findings_of("12 recipes")), "Blink"))
    assert re.search(
        r"published: \d\d\.\d % balanced accuracy, \S+; the same split; comparable", lines
    )
    assert re.search(r"not compared: another +protocol", lines)


def test_the_best_of_each_set_names_its_equals():
    text = text_table(findings_of("12 recipes"), by="best")
    assert re.search(r"Blink +minirocket .*window-lda$", text, re.M)
    assert re.search(r"sim-mi \(simulated\) .*not testable with 9 subjects$", text, re.M)
    assert re.search(r"EyesOpenShut .*all others$", text, re.M)


def test_unranked_recipes_say_so():
    text = text_table(findings_of("12 recipes"), by="recipe")
    assert text.count("unranked: 4 of 5 sets") == 3


def test_an_unknown_layout_is_refused():
    with pytest.raises(DataError, match="no table by 'datasets'"):
        text_table(findings_of("1 recipe"), by="datasets")


def test_colour_is_left_to_the_console(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    quiet = io.StringIO()
    Console(file=quiet, force_terminal=True, width=100).print(tables(findings_of("12 recipes")))
    monkeypatch.delenv("NO_COLOR")
    loud = io.StringIO()
    Console(file=loud, force_terminal=True, width=100, color_system="standard").print(
        tables(findings_of("12 recipes"))
    )
    coloured = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    assert coloured.search(loud.getvalue()) and not coloured.search(quiet.getvalue())


def test_latex_has_one_column_a_set_and_escapes_names():
    text = latex_table(findings_of("12 recipes"))
    assert r"BNCI2014\_001" in text and r"\toprule" in text and "−" not in text
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 13 and {row.count("&") for row in rows} == {6}
    assert text.count(r"\textbf") == 6
    ranking = latex_table(findings_of("12 recipes"), by="recipe")
    assert ranking.count(r"\\") >= 13 and "$-$" in ranking
