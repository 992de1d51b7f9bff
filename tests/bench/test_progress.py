"""Progress: plain lines in a pipe, nothing when quiet."""

from neurodecode.bench import progress
from neurodecode.bench.progress import RunProgress


def test_a_pipe_gets_a_line_every_half_minute(capsys, monkeypatch):
    clock = iter([0.0, 10.0, 31.0, 31.0, 40.0, 62.0, 62.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with RunProgress(12, n_earlier=2) as lines:
        lines.started("a", "eegnet · sim-mi · fold 1")
        lines.started("b", "mdm · sim-mi · fold 1")
        lines.finished("b", 2, 0)  # at 10 s: too early
        lines.finished("c", 2, 1)  # at 31 s
        lines.finished("d", 2, 0)  # at 40 s: too early again
        lines.finished("e", 2, 0)  # at 62 s
    text = capsys.readouterr().err.splitlines()
    assert text == [
        "   0:31  6/12 runs  1 failed · eegnet · sim-mi · fold 1 · 0:46 left",
        "   1:02  10/12 runs  1 failed · eegnet · sim-mi · fold 1 · 0:16 left",
    ]


def test_quiet_says_nothing(capsys, monkeypatch):
    monkeypatch.setattr(progress, "PLAIN_EVERY_S", 0.0)
    with RunProgress(1, 0, quiet=True) as lines:
        lines.finished("a", 1, 0)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_bar_and_work_under_way():
    lines = RunProgress(4, 1)
    lines.started("a", "eegnet · sim-mi · fold 1")
    lines.finished("b", 1, 1)
    text = lines._lines().plain
    assert "2/4" in text and "eegnet · sim-mi · fold 1" in text
    assert "failed 1 · from an earlier run 1" in text
