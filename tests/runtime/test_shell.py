"""Printed commands, read back by the rules of each shell."""

import random
import shlex

import pytest

from nst.runtime import shell, system

LETTERS = "ab=,[]{}()'\"\\ ;&|<>~*.:/-ä"


def arguments() -> list[str]:
    draw = random.Random(7)  # noqa: S311
    return ["seed=1", "", "C:\\a b\\", *("".join(draw.choices(LETTERS, k=draw.randint(0, 8))) for _ in range(2000))]


def read(line: str) -> list[str]:
    """The arguments of a command line by the rules of Microsoft's C runtime."""
    found, letters, place = [], line + " ", 0
    while place < len(letters):
        text, quoted = "", False
        while quoted or letters[place] != " ":
            slashes = len(letters[place:]) - len(letters[place:].lstrip("\\"))
            place += slashes
            if letters[place] != '"':
                text += "\\" * slashes
                if slashes:
                    continue
                text += letters[place]
            else:
                text += "\\" * (slashes // 2) + '"' * (slashes % 2)
                quoted ^= slashes % 2 == 0
            place += 1
        found.append(text)
        place += 1
    return found


@pytest.mark.parametrize("windows", [False, True])
def test_commands_are_read_as_they_were(windows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "WINDOWS", windows)
    given = arguments()
    assert (read if windows else shlex.split)(shell.join(given)) == given


def test_on_windows_every_special_letter_of_cmd_and_powershell_is_in_double_quotes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(system, "WINDOWS", True)
    for letter in " ,;&|<>^()[]{}@'`~!#$%*?":
        assert shell.quote(f"a{letter}b") == f'"a{letter}b"'
    assert shell.join(["nst", "style.weight=2,8", r"image=C:\a.png"]) == r'nst "style.weight=2,8" image=C:\a.png'
