"""Addresses lose their secrets and nothing else, in every text."""

import json
import logging
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from nst.cli import naming
from nst.redaction import is_redacted, redacted, redacted_address, redacted_data, redacted_override, tagged_address
from nst.report import runs
from nst.runtime import logs

CHECKSUM = f"#sha256={'0a' * 32}"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://me:secret@host/a.jpg", "https://***@host/a.jpg"),
        ("https://secret@host/a.jpg", "https://***@host/a.jpg"),
        ("https://host:8443/a.jpg?token=secret&b=1,2", "https://host:8443/a.jpg?***"),
        (f"https://host/a.jpg?secret{CHECKSUM}", f"https://host/a.jpg?***{CHECKSUM}"),
        ("https://host/a.jpg#secret", "https://host/a.jpg#***"),
        ("https://host?to=secret@x", "https://host?***"),
        ("https://me:sec@ret@host/a", "https://***@host/a"),
        ("https://me:sec/ret@host/a", "https://***@host/a"),
        ("https://me:sec?ret#@host/a?secret", "https://***@host/a?***"),
        ("HTTPS://me:secret@host/a", "HTTPS://***@host/a"),
        ("https:/me:secret@host/a", "https:/***@host/a"),
        (r"https\://me\:secret@host/a", r"https\://***@host/a"),
        ("https://host/a.jpg?my secret 'text'", "https://host/a.jpg?***"),
        ("postgresql+psycopg2://me:secret@host/db?sslkey=secret", "postgresql+psycopg2://***@host/db?***"),
    ],
)
def test_an_address_loses_its_secrets(address: str, expected: str) -> None:
    assert redacted_address(address) == expected
    assert redacted_address(expected) == expected
    assert is_redacted(expected)
    assert redacted_data({"a": [{"b": address}]}) == {"a": [{"b": expected}]}


@pytest.mark.parametrize(
    "text",
    [
        "https://host/a.jpg",
        f"https://host/a.jpg{CHECKSUM}",
        "https://host:8443/@me/a:b@c.jpg",
        "sqlite:///a@b.db",
        "journal:////shared/search.log",
        "harbor",
        "a@b: c? d#e",
        "nst:bundled/pictures/a.jpg",
        "",
    ],
)
def test_a_text_without_secrets_is_unchanged(text: str) -> None:
    for change in (redacted_address, redacted, redacted_override, redacted_data, tagged_address):
        assert change(text) == text
    assert not is_redacted(text)


def test_the_words_around_an_address_remain() -> None:
    said = "nst: https://me:secret@host/a?secret: 'https://host/?secret two' (https://host/b?secret), see https://c/d."
    assert redacted(said) == "nst: https://***@host/a?***: 'https://host/?***' (https://host/b?***), see https://c/d."


def test_every_override_remains() -> None:
    given = (
        r"""style.images=[https\://a/?secret,ink],content.image='https://me:se\'cret@host/a?b=secret,c=secret',seed=1"""
    )
    expected = r"""style.images=[https\://a/?***,ink],content.image='https://***@host/a?***',seed=1"""
    assert redacted_override(given) == expected
    assert redacted_data(given) == expected


def test_different_users_and_queries_have_different_tags_and_passwords_have_none() -> None:
    one = tagged_address("https://me:secret@host/a?token=1")
    assert one.startswith("https://***@host/a?***")
    assert one == tagged_address("https://me:other@host/a?token=1")
    assert one == tagged_address(r"https\://me\:secret@host/a?token\=1").replace("\\", "")
    assert len({one, *(tagged_address(f"https://{rest}") for rest in ("me@host/a?2", "you@host/a?2", "host/a?2"))}) == 4


def test_the_log_holds_no_secret_in_lines_and_tracebacks(tmp_path: Path) -> None:
    log = logging.getLogger("nst.test")
    with logs.to_file(tmp_path / "run.log"):
        log.warning("%s is slow", "https://me:hunter2@host/a")
        try:
            raise RuntimeError("https://me:hunter2@host/b?hunter2")
        except RuntimeError:
            log.exception("failed")
    text = (tmp_path / "run.log").read_text()
    assert "https://***@host/a is slow" in text
    assert "RuntimeError: https://***@host/b?***" in text
    assert "hunter2" not in text


def test_folder_names_hold_no_secret_and_differ_with_the_query() -> None:
    names = [
        naming.run_name(rf"content.image=https\://me\:secret@host/a.jpg?{query},seed=1") for query in ("one", "two")
    ]
    assert len(set(names)) == 2
    for name in names:
        assert name.startswith("content.image=a.jpg,seed=1-")
    assert naming.run_name("seed=1,size=64") == "seed=1,size=64"
    config = OmegaConf.create({"style": {"image": "https://me:secret@host/a.jpg?secret.jpg"}})
    assert naming.label("style", _root_=config) == "a"


def test_the_report_redacts_records_of_other_versions(tmp_path: Path) -> None:
    address = "https://me:secret@host/a.jpg?secret"
    record = {"status": "done", "overrides": [f"content.image='{address}'"], "error": f"{address} failed"}
    (tmp_path / "result.json").write_text(json.dumps(record))
    (tmp_path / "config.yaml").write_text(f"content: {{image: '{address}'}}")
    ((run,), _) = runs.find([tmp_path])
    assert "secret" not in str([run.record, run.settings, run.overrides])
    assert run.error == "https://***@host/a.jpg?*** failed"
