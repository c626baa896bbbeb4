"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest

from atlasmix.errors import DataError
from atlasmix.io.files import folder_beside, refusing_to_write, write_atomic, write_new


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("old", encoding="utf-8")
    write_atomic(path, "new é\n")
    assert path.read_text(encoding="utf-8") == "new é\n"
    assert os.listdir(tmp_path) == ["recipe.yaml"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    def fail(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "recipe.yaml"
    path.write_text("old", encoding="utf-8")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(DataError, match=r"cannot be written .* nothing was changed"):
        write_atomic(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["recipe.yaml"]


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "recipe.yaml", "new")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["none/recipe.yaml", "."])
def test_a_place_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        write_atomic(tmp_path / name, "text")


def test_a_link_keeps_being_one(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("old", encoding="utf-8")
    link = tmp_path / "link.yaml"
    link.symlink_to(tmp_path / "real.yaml")
    write_atomic(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "real.yaml").read_text(encoding="utf-8") == "new"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_refused_and_stays_a_device() -> None:
    with pytest.raises(DataError, match="No space left"):
        write_atomic(Path("/dev/full"), "text" * 100_000)
    assert Path("/dev/full").is_char_device()


def test_a_new_folder_lies_beside_and_is_gone_at_the_end(tmp_path: Path) -> None:
    final = tmp_path / "above" / "export"
    with folder_beside(final, {"a.txt": b"a", "in/b.txt": b"b"}) as fresh:
        assert fresh.parent == final.parent
        assert (fresh / "in" / "b.txt").read_bytes() == b"b"
        fresh.rename(final)
    assert os.listdir(tmp_path / "above") == ["export"]
    with pytest.raises(KeyboardInterrupt), folder_beside(final, {"a.txt": b"a"}):
        raise KeyboardInterrupt
    assert os.listdir(tmp_path / "above") == ["export"]


def test_an_empty_folder_makes_nothing_above_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), folder_beside(tmp_path / "none" / "export"):
        pass
    assert os.listdir(tmp_path) == []


def test_a_new_file_replaces_none(tmp_path: Path) -> None:
    write_new(tmp_path / "a.txt", b"first")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a.txt", b"second")
    assert (tmp_path / "a.txt").read_bytes() == b"first"


def test_a_refusal_names_the_place_and_the_reason(tmp_path: Path) -> None:
    with (
        pytest.raises(DataError, match=r"out.yaml cannot be written \(No space left") as refusal,
        refusing_to_write(tmp_path / "out.yaml"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert refusal.value.field == "output"
