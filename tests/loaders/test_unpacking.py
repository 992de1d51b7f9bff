"""Archives from elsewhere: unpacked whole, or refused without a trace."""

import io
import stat
import tarfile
import zipfile

import pytest

from neurodecode.core.errors import DataError
from neurodecode.loaders import unpacking
from neurodecode.loaders.unpacking import unpack


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def make_tar(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_files_come_out_as_they_went_in(make, tmp_path):
    members = {"sub 1/a.edf": b"0       ", "sub 1/deep/b.txt": "µ".encode()}
    folder = unpack(make(tmp_path / "a.archive", members), tmp_path / "out" / "set")
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
    assert found == members


@pytest.mark.parametrize("make", [make_zip, make_tar])
@pytest.mark.parametrize("name", ["../evil.txt", "a/../../evil.txt", "/evil.txt", "C:/evil.txt",
                                  "..\\evil.txt"])  # fmt: skip
def test_a_member_that_leaves_the_folder_is_refused(make, name, tmp_path):
    archive = make(tmp_path / "a.archive", {"good.txt": b"1", name: b"2"})
    with pytest.raises(DataError, match="outside its folder"):
        unpack(archive, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.archive"]


def test_links_are_refused(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as file:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "../.."
        file.addfile(link)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "../..")
    for name in ("a.tar", "a.zip"):
        with pytest.raises(DataError, match="more than files and folders"):
            unpack(tmp_path / name, tmp_path / "out")


def test_a_zip_bomb_is_stopped_while_it_unpacks(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "SMALL", 1 << 16)
    archive = make_zip(tmp_path / "a.zip", {f"{i}.bin": bytes(1 << 20) for i in range(4)})
    assert archive.stat().st_size < 20_000
    with pytest.raises(DataError, match="unpacks to far more than it holds"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists() and len(list(tmp_path.iterdir())) == 1


def test_a_broken_archive_leaves_nothing(tmp_path):
    whole = make_zip(
        tmp_path / "whole.zip", {"a.bin": b"".join(bytes([i % 251]) for i in range(9999))}
    )
    (tmp_path / "half.zip").write_bytes(whole.read_bytes()[:-40])
    (tmp_path / "half.tar.gz").write_bytes(
        make_tar(tmp_path / "whole.tgz", {"a.bin": whole.read_bytes()}).read_bytes()[:300]
    )
    (tmp_path / "page.zip").write_bytes(b"<html>")
    for name in ("half.zip", "half.tar.gz", "page.zip"):
        with pytest.raises(DataError, match="cannot be unpacked"):
            unpack(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_exists_is_not_touched(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="exists"):
        unpack(make_zip(tmp_path / "a.zip", {"a": b"1"}), tmp_path / "out")
