"""Folders and patterns that name several pictures."""

import os
from pathlib import Path

import pytest

from nst.assets.picture_folder import names_several, pictures_in
from nst.errors import InputError


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder `photos` in the current folder, which is the home folder, too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "photos/sub.jpg").mkdir(parents=True)
    for name in ("IMG10.jpg", "img2.JPG", "a b.png", ".hidden.jpg", "._IMG10.jpg", "notes.txt", "sub.jpg/deep.jpg"):
        (tmp_path / "photos" / name).touch()
    os.mkfifo(tmp_path / "photos/pipe.png")
    return tmp_path / "photos"


@pytest.mark.parametrize("folder", ["photos", "photos/", "~/photos", "./photos"])
def test_a_folder_has_its_pictures_in_natural_order(photos: Path, folder: str) -> None:
    start = folder.removesuffix("/")
    assert pictures_in(folder) == [f"{start}/{name}" for name in ("a b.png", "img2.JPG", "IMG10.jpg")]
    assert pictures_in(str(photos)) == [f"{photos}/{name}" for name in ("a b.png", "img2.JPG", "IMG10.jpg")]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("photos/*", ["photos/a b.png", "photos/img2.JPG", "photos/IMG10.jpg"]),
        ("photos/[iI]*", ["photos/img2.JPG", "photos/IMG10.jpg"]),
        ("photos/IMG1?.jpg", ["photos/IMG10.jpg"]),
        ("~/photos/*.png", ["~/photos/a b.png"]),
        ("photos/**/deep*", ["photos/sub.jpg/deep.jpg"]),
    ],
)
@pytest.mark.usefixtures("photos")
def test_a_pattern_has_the_pictures_that_match(pattern: str, names: list[str]) -> None:
    assert pictures_in(pattern) == names


@pytest.mark.parametrize("image", ["photos/sub.jpg", "photos/*.gif", "photos/notes*"])
@pytest.mark.usefixtures("photos")
def test_nothing_to_read_is_refused(image: str) -> None:
    Path("photos/sub.jpg/deep.jpg").unlink()
    with pytest.raises(InputError, match=r"(without|matches no) pictures: nst reads JPEG, PNG"):
        pictures_in(image)


@pytest.mark.usefixtures("photos")
def test_one_picture_is_not_several() -> None:
    Path("me[1].jpg").touch()
    Path("harbor").mkdir()
    for image in ("me[1].jpg", "harbor", "nowhere", "https://example.org/a.jpg?q=*", "photos/img2.JPG"):
        assert not names_several(image)
        assert pictures_in(image) == [image]
