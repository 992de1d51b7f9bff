"""The table of measured figures: how it is written, and its cheap rows on real recordings."""

import importlib
import sys

import pytest

CHEAP = [
    "p300_bi2012", "eegbci_s001", "eeg_seizure_8ch", "ecog_seizure", "sleep_yasa", "eeg_blinks",
    "lfp_neurodsp", "calcium_suite2p", "songbird_hvc", "things_clip200", "calcium_track",
    "hc_linear_track", "rat_motor_taps",
]  # fmt: skip


@pytest.fixture(scope="module")
def figures(checkout):
    sys.path.insert(0, str(checkout / "benchmarks"))
    try:
        yield importlib.import_module("figures")
    finally:
        sys.path.remove(str(checkout / "benchmarks"))


@pytest.fixture(scope="module")
def rows(figures):
    return sys.modules["figures_rows"]


@pytest.mark.parametrize(
    ("ours", "better", "verdict"),
    [(0.70, 1, "yes"), (0.95, 1, "better"), (0.40, 1, "MISS"), (0.40, -1, "better"),
     (0.95, -1, "MISS"), (0.95, 0, "MISS"), (0.40, 0, "MISS")],
)  # fmt: skip
def test_a_figure_is_missed_on_its_bad_side_only(rows, ours, better, verdict):
    row = rows.Row("score", 0.7, rows.proportion(0.7, 100), ours, "`mdm`", better)
    assert row.verdict == verdict
    assert rows.Row("score", None, None, ours, "`mdm`", better).verdict == "-"


def test_intervals_of_stated_figures(rows):
    # 100 trials of k-fold count as 62.5: Wilson's ends of the evaluation sheet
    assert rows.proportion(0.7, 100) == pytest.approx((0.5775, 0.7993), abs=1e-4)
    assert rows.area(0.8, 20 * 1.6, 100 * 1.6) == pytest.approx((0.6709, 0.8831), abs=1e-4)
    low, high = rows.spread(0.5, [0.6, 0.7, 0.8, 0.7, 0.7])
    assert low + high == pytest.approx(1.0) and high - low > 0.1
    assert rows.printed(0.058, 3) == pytest.approx((0.0575, 0.0585))


def test_table_and_page(figures, rows):
    hit = rows.Row("AUC", 0.84, (0.77, 0.89), 0.841, "`window-lda`")
    new = rows.Row("peak, Hz", None, None, 18.0, "Welch", 0, 1)
    miss = rows.Row("R2", 0.5, (0.45, 0.55), 0.1, "`wiener`")
    timed = [figures.Timed("a", hit, 1.23), figures.Timed("b", new, 0.0)]
    lines = figures.table(timed).splitlines()
    assert lines[2] == "| a | AUC | 0.84 | 0.77 to 0.89 | 0.84 | yes | `window-lda` | 1.2 |"
    assert lines[3] == "| b | peak, Hz | - | - | 18.0 | - | Welch | 0.0 |"
    assert all(line.count("|") == len(figures.HEADER) + 1 for line in lines)
    timed.append(figures.Timed("c", miss, 60.0))
    said = "1 of 2 stated figures are reached. Missed: c, R2. 1.0 min of one core."
    assert figures.summary(timed) == said
    page = "above\n<!-- table: begin -->\nold\n<!-- table: end -->\nbelow\n"
    once = figures.page_with(page, "new")
    assert once == figures.page_with(once, "new") == page.replace("old", "new")
    with pytest.raises(ValueError, match="lacks"):
        figures.page_with("no markers", "new")


def test_the_page_has_its_place_for_the_table(figures):
    figures.page_with(figures.PAGE.read_text("utf-8"), "")


def test_an_unknown_name_lists_what_there_is(figures):
    assert figures.chosen("eeg_bonn") == ["eeg_bonn"]
    with pytest.raises(SystemExit, match=r"no figures of 'bonn'.*eeg_bonn"):
        figures.chosen("bonn")


def test_every_folder_of_the_samples_has_figures(figures, shared_data):
    folders = {path.name for path in shared_data.iterdir() if path.is_dir()}
    assert folders <= {name.partition(" ")[0] for name in figures.FIGURES}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CHEAP)
def test_cheap_figures_are_reached(figures, rows, name, shared_data, tmp_path, monkeypatch):
    monkeypatch.setenv("NEURODECODE_DATA", str(shared_data))
    found = list(figures.run([name], rows.Bench(shared_data, tmp_path)))
    assert found and [each.row.cells() for each in found if each.row.verdict == "MISS"] == []
