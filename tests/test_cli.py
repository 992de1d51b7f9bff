"""The command line: exit codes, messages, and that flags reach what they are for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from neurodecode import bench, cli, loaders
from neurodecode.core import registry
from neurodecode.core.errors import DataError, DownloadError, TrainingError
from neurodecode.core.runtime import QUIET

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv(QUIET, "")

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            cli.main(arguments)
        shown = capsys.readouterr()
        code = left.value.code
        assert isinstance(code, int) or code is None
        return code or 0, shown.out, shown.err

    return call


def test_version_and_help(run: Run):
    assert run("--version")[:2] == (0, "neurodecode 0.1.0\n")
    code, text, _ = run("--help")
    commands = "demo benchmark report datasets recipes nets inspect doctor cache".split()
    assert code == 0 and all(command in text for command in commands)


def test_python_dash_m_is_the_same_program(tmp_path: Path):
    command = [sys.executable, "-m", "neurodecode", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "neurodecode 0.1.0\n")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("dmo",), "Did you mean 'demo'"),
        (("benchmark", "--datasets", "sim-mi"), "--recipes"),
        (("demo", "--ot", "x"), "--ot"),
        (("benchmark", "--datasets", ",", "--recipes", "mdm"), "nothing to run"),
        (("benchmark", "--datasets", "sim-mi", "--recipes", "mdm", "--jobs", "0"), "jobs=0"),
        (("benchmark", "--datasets", "sim-mi", "--recipes", "mdm", "--k", "1"), "--k"),
        (("datasets", "check"), "--present"),
        (("report", "no-such-folder"), "no results here"),
        (("recipes", "show", "tangnet-lr"), "did you mean 'tangent-lr'?"),
    ],
)
def test_misuse_leaves_with_2_and_a_hint(run: Run, arguments: tuple[str, ...], hint: str):
    code, _, errors = run(*arguments)
    assert code == 2
    assert hint in errors
    assert "Traceback" not in errors


def test_a_place_that_cannot_be_written_is_named(run: Run, tmp_path: Path):
    taken = tmp_path / "taken"
    taken.touch()
    code, _, errors = run(
        "benchmark", "--datasets", "sim-mi", "--recipes", "mdm", "--out", str(taken)
    )
    assert code == 2
    assert [line.split()[0] for line in errors.splitlines()[1:]] == ["found", "expected", "fix"]
    assert "taken" in errors and "Errno" not in errors


def test_names_may_be_apart(run: Run):
    names = ("--datasets", "sim-mi, sim-meg", "--recipes", "mdm, csp-lda,")
    code, plan, _ = run("benchmark", *names, "--dry-run")
    assert code == 0 and "12 runs" in plan


def test_an_unknown_data_set_gets_three_lines_and_a_guess(run: Run):
    code, output, errors = run(
        "benchmark", "--datasets", "HandMovmentDirection", "--recipes", "mdm"
    )
    assert (code, output) == (2, "")
    first, *rest = errors.splitlines()
    assert first.startswith("Error: ")
    assert [line.split()[0] for line in rest] == ["found", "expected", "fix"]
    assert "did you mean 'HandMovementDirection'?" in errors


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (DataError("bad data", fix="look"), 2),
        (FileNotFoundError("no such file"), 2),
        (DownloadError("host gone"), 1),
        (TrainingError("loss is NaN"), 1),
        (KeyboardInterrupt("Stopped. 3 finished runs are kept in demo"), 130),
    ],
)
def test_exit_code_of_a_problem(
    run: Run, monkeypatch: pytest.MonkeyPatch, problem: BaseException, expected: int
):
    def fail(**_: object) -> None:
        raise problem

    monkeypatch.setattr(bench, "run_demo", fail, raising=False)
    code, _, errors = run("demo")
    assert code == expected
    assert str(problem).splitlines()[0] in errors


def test_debug_lets_the_error_through(monkeypatch: pytest.MonkeyPatch):
    def fail(**_: object) -> None:
        raise DataError("bad data")

    monkeypatch.setattr(bench, "run_demo", fail, raising=False)
    with pytest.raises(DataError, match="bad data"):
        cli.main(["demo", "--debug"])


@pytest.mark.parametrize("place", ["before", "after"])
def test_quiet_may_stand_anywhere(run: Run, monkeypatch: pytest.MonkeyPatch, place: str):
    seen = {}
    monkeypatch.setattr(bench, "run_demo", lambda **given: seen.update(given), raising=False)
    words = ["--quiet", "demo"] if place == "before" else ["demo", "--quiet"]
    assert run(*words, "--out", "there")[0] == 0
    assert seen == {"out": Path("there"), "download": False, "quiet": True}


def test_lists_name_everything_registered(run: Run):
    for command, kind in [("datasets", "dataset"), ("recipes", "recipe"), ("nets", "net")]:
        for words in [(command,), (command, "list")]:
            code, text, _ = run(*words)
            assert code == 0
            assert [line.split()[0] for line in text.splitlines()] == registry.names(kind)


def test_a_load_report_fails_with_1_where_loading_would_be_refused(run: Run, tmp_path: Path):
    import torch

    from neurodecode.nets import make_encoder

    tensors = make_encoder("ephys-tokenizer").state_dict()
    torch.save(tensors, tmp_path / "whole.pt")
    del tensors["dense.weight"]
    torch.save(tensors, tmp_path / "holed.pt")
    code, text, _ = run("nets", "load-report", "ephys-tokenizer", str(tmp_path / "whole.pt"))
    assert code == 0 and "100.00%" in text
    code, text, _ = run("nets", "load-report", "ephys-tokenizer", str(tmp_path / "holed.pt"))
    assert code == 1 and "dense.weight" in text and "refused" in text


def test_recipes_show_prints_the_file(run: Run):
    code, text, _ = run("recipes", "show", "mdm")
    assert code == 0
    path = Path(registry.target("recipe", "mdm"))
    assert text.rstrip() == path.read_text(encoding="utf-8").rstrip()


def test_benchmark_and_report(run: Run, tmp_path: Path):
    out = tmp_path / "runs"
    request = ["--datasets", "sim-mi", "--recipes", "bandpower-lda,mdm", "--split", "cross-subject"]
    code, text, _ = run("benchmark", *request, "--k", "3", "--out", str(out))
    assert code == 0
    assert "sim-mi" in text and "mdm" in text and f"next: neurodecode report {out}" in text

    page = tmp_path / "page.html"
    code, table, _ = run("report", str(out), "--compare", "mdm,bandpower-lda", "--html", str(page))
    assert code == 0
    assert "bandpower-lda" in table
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_dry_run_computes_nothing(run: Run, tmp_path: Path):
    out = tmp_path / "runs"
    request = ["--datasets", "sim-mi", "--recipes", "mdm", "--out", str(out), "--dry-run"]
    code, text, _ = run("benchmark", *request)
    assert code == 0 and text.strip()
    assert not out.exists()


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names checked; the set called `wrong` fails."""
    names: list[str] = []

    class Checked(SimpleNamespace):
        def __str__(self) -> str:
            return f"page of {self.name}"

    def check(name: str) -> Checked:
        names.append(name)
        card = SimpleNamespace(flaws=[SimpleNamespace(repair="drop copies")])
        return Checked(name=name, ok=name != "wrong", verdict="flawed as said", card=card)

    monkeypatch.setattr(bench, "check_dataset", check)
    monkeypatch.setattr(loaders, "present_datasets", lambda: ["right", "wrong"])
    return names


def test_a_check_prints_its_page_and_fails_with_1(run: Run, checks: list[str]):
    assert run("datasets", "check", "right")[:2] == (0, "page of right\n")
    assert run("datasets", "check", "right", "wrong")[0] == 1
    assert checks == ["right", "right", "wrong"]


def test_checking_what_is_present_is_a_line_each(run: Run, checks: list[str]):
    code, text, _ = run("datasets", "check", "--present")
    first, *page, last = text.splitlines()
    assert code == 1
    assert first.split() == ["right", "flawed", "as", "said", "!"]
    assert page == ["page of wrong"]
    assert last == "2 checked: 1 as their cards say, 1 not"


def test_inspect_prints_and_writes(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class Inspection:
        def __str__(self) -> str:
            return "63 EEG"

        def to_html(self, path: Path) -> None:
            path.write_text("<html>", encoding="utf-8")

    monkeypatch.setattr(loaders, "inspect_recording", lambda path: Inspection(), raising=False)
    page = tmp_path / "look.html"
    code, text, _ = run("inspect", "rec.fif", "--html", str(page))
    assert code == 0 and "63 EEG" in text and page.exists()


def test_cache_info_and_clear(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    cache = tmp_path / "cache"
    (cache / "deep").mkdir(parents=True)
    (cache / "deep" / "file").write_bytes(bytes(1500))
    monkeypatch.setenv("NEURODECODE_CACHE", str(cache))
    assert "1.5 kB in 1 file" in run("cache", "info")[1]
    assert "1.5 kB freed" in run("cache", "clear")[1]
    assert not cache.exists()
    assert "0 B in 0 files" in run("cache", "info")[1]


def test_a_terminal_without_utf8_gets_plain_signs(tmp_path: Path):
    code = "from neurodecode import cli; cli.say('a − b · µV', mark='ok')"
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": "", "SYSTEMROOT": "C:" + "\\Windows"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["a", "-", "b", "-", "uV", "ok"]
