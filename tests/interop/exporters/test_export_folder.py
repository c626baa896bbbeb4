"""An export's folder is written whole or not at all, and never over what someone else wrote."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest
from export_samples import THREE, export, recipe_of, two_phases

from atlasmix.errors import DataError
from atlasmix.interop.exporters.plan import Run
from atlasmix.interop.exporters.writing import write_folder

FILES = export("megatron", recipe_of(THREE)).files
OTHER = export("hf", recipe_of(THREE)).files


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def states(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Name to inode, time of the last change and size."""
    found = {path.name: os.lstat(path) for path in folder.iterdir()}
    return {name: (one.st_ino, one.st_mtime_ns, one.st_size) for name, one in found.items()}


def test_a_new_folder_has_every_file(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", FILES)
    assert names(tmp_path / "out") == set(FILES)
    for name, text in FILES.items():
        assert (tmp_path / "out" / name).read_text(encoding="utf-8") == text
    assert os.listdir(tmp_path) == ["out"]


def test_folders_of_phases_are_made_too(tmp_path: Path) -> None:
    run = Run(sequence_length=10, batch_size=10)
    files = export("megatron", recipe_of(THREE), two_phases(THREE), run=run).files
    write_folder(tmp_path / "out", files)
    assert names(tmp_path / "out") == set(files)
    write_folder(tmp_path / "out", FILES)
    assert names(tmp_path / "out") == set(FILES)
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(FILES)


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_folder(tmp_path / "out", FILES)
    assert names(tmp_path / "out") == set(FILES)


def test_an_earlier_export_is_replaced_whole(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", FILES)
    write_folder(tmp_path / "out", OTHER)
    assert names(tmp_path / "out") == set(OTHER)
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("change", ["edited", "added", "bare", "link"])
def test_what_somebody_else_wrote_is_not_touched(tmp_path: Path, change: str) -> None:
    out = tmp_path / "out"
    if change == "bare":
        out.mkdir()
        (out / "data_args.txt").write_text("mine", encoding="utf-8")
    else:
        write_folder(out, FILES)
        if change == "edited":
            (out / "data_args.txt").write_text("mine", encoding="utf-8")
        elif change == "added":
            (out / "mine.txt").write_text("mine", encoding="utf-8")
        else:
            (out / "mine.txt").symlink_to("/nowhere")
    before = states(out)
    with pytest.raises(DataError, match=r"which no export wrote, or which was changed since"):
        write_folder(out, OTHER)
    assert states(out) == before
    assert os.listdir(tmp_path) == ["out"]


def test_force_writes_over_files_of_the_same_names_and_leaves_others(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "data_args.txt").write_text("theirs", encoding="utf-8")
    (out / "notes.txt").write_text("theirs", encoding="utf-8")
    write_folder(out, FILES, force=True)
    assert (out / "notes.txt").read_text(encoding="utf-8") == "theirs"
    assert (out / "data_args.txt").read_text(encoding="utf-8") == FILES["data_args.txt"]
    assert names(out) == {*FILES, "notes.txt"}
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("step", ["fsync", "rename"])
@pytest.mark.parametrize("there", [False, True])
def test_a_disk_that_fills_up_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, there: bool
) -> None:
    out = tmp_path / "out"
    if there:
        write_folder(out, FILES)

    def fail(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os if step == "fsync" else Path, step, fail)
    with pytest.raises(DataError, match=r"No space left.*nothing was changed"):
        write_folder(out, OTHER)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == (["out"] if there else [])
    assert not there or names(out) == set(FILES)


def test_the_old_folder_comes_back_when_the_second_rename_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_folder(out, FILES)
    rename, calls = Path.rename, []

    def second_fails(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", second_fails)
    with pytest.raises(KeyboardInterrupt):
        write_folder(out, OTHER)
    assert names(out) == set(FILES)
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("name", ["file/out", "file"])
def test_a_place_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("a file", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be written"):
        write_folder(tmp_path / name, FILES)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "a file"
    assert os.listdir(tmp_path) == ["file"]


def test_missing_parents_are_made(tmp_path: Path) -> None:
    write_folder(tmp_path / "a" / "b", FILES)
    assert names(tmp_path / "a" / "b") == set(FILES)
