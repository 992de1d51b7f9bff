"""Files that travel name no machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ENDINGS = {
    ".py",
    ".toml",
    ".md",
    ".txt",
    ".yml",
    ".yaml",
    ".j2",
    ".css",
    ".js",
    ".cff",
    ".html",
    "",
}
# A path that exists on one machine only. Split, so that this file passes its own check.
MACHINE_PATHS = re.compile(
    "|".join(
        [
            "/" + "home/",
            "/" + "root/",
            "/" + "tmp/",
            "/" + "work/",
            "/" + "Users/",
            r"(?<!\w)[A-Z]:\\" + r"\w",
        ]
    )
)


def travelling_files(checkout: Path) -> list[Path]:
    """Files under version control or about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
    if listed.returncode != 0:  # an unpacked sdist has no git
        return [path for path in (checkout / "neurodecode").rglob("*") if path.is_file()]
    return [checkout / line for line in listed.stdout.splitlines()]


def test_no_file_names_a_path_of_one_machine(checkout: Path):
    found = []
    for path in travelling_files(checkout):
        if path.suffix not in ENDINGS or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if MACHINE_PATHS.search(line):
                found.append(f"{path.relative_to(checkout)}:{number}: {line.strip()[:80]}")
    assert not found, "\n".join(found)


def test_the_check_sees_a_planted_path():
    assert MACHINE_PATHS.search("open('/" + "home/me/data')")
    assert not MACHINE_PATHS.search("https://example.org/a and a/b/c")
