"""Addresses without their secrets: user name, password, query, and any fragment that is not a checksum.

    https://me:secret@example.org/a.jpg?token=1#sha256=...  ->  https://***@example.org/a.jpg?***#sha256=...

Everything that nst writes or displays passes here. Redacting twice changes nothing.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from omegaconf import OmegaConf

MARK = "***"  # in place of a secret
ROUNDS = 100_000  # of PBKDF2 (RFC 8018): a guess at the secret behind a `tag` takes tens of milliseconds

_SCHEME = r"(?:[A-Za-z][A-Za-z0-9+.-]*\\?://|https?\\?:/)"  # Hydra escapes the colon in overrides
_USER = r"[^/?#]*@|[^/?#@]*:(?!\d*(?:[/?#]|$)).*@"  # the second: a password with / ? or #, which is not encoded
_PARTS = re.compile(rf"({_SCHEME})({_USER})?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_CHECKSUM = re.compile(r"#sha256=[0-9a-f]{64}")
_QUOTED = rf"(?<='){_SCHEME}(?:\\.|[^'\\])*(?=')|(?<=\"){_SCHEME}(?:\\.|[^\"\\])*(?=\")"
_IN_PROSE = re.compile(rf"{_QUOTED}|{_SCHEME}[^\s'\"<>]*[^\s'\"<>:;,.)\]}}]", re.DOTALL)
_IN_OVERRIDE = re.compile(rf"{_QUOTED}|{_SCHEME}(?:\\.|[^,\[\]{{}}()'\"\\])+", re.DOTALL)
_OVERRIDE = re.compile(r"[~+]*[\w./@-]+=")
_WHOLE = re.compile(rf"{_SCHEME}.*", re.DOTALL)
_HIDDEN = re.compile(rf"{_SCHEME}(?:\*{{3}}@|[^\s'\"]*[?#]\*{{3}})")


def redacted(text: str) -> str:
    """Return a message with every address in it redacted."""
    return _each(_IN_PROSE, text, _redacted)


def redacted_override(text: str, *, tagged: bool = False) -> str:
    """Return overrides in Hydra's syntax, one or several, with every address redacted.

    Args:
        text: like `content.image=https://example.org/a.jpg,seed=1`.
        tagged: append a `tag` to each address, so that different addresses stay different.
    """
    return _each(_IN_OVERRIDE, text, tagged_address if tagged else _redacted)


def redacted_data(value: Any) -> Any:
    """Return nested lists and dicts with every address redacted; a text may be an address, an override or a message."""
    if isinstance(value, Mapping):
        return {key: redacted_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted_data(item) for item in value]
    if not isinstance(value, str):
        return value
    if _WHOLE.fullmatch(value):
        return redacted_address(value)
    return redacted_override(value) if _OVERRIDE.match(value) else redacted(value)


def redacted_config(config: Any) -> Any:
    """Return a copy of an OmegaConf config with every address redacted; resolvers keep their cached values."""
    copy = OmegaConf.create(redacted_data(OmegaConf.to_container(config)))
    OmegaConf.copy_cache(config, copy)
    return copy


def redacted_address(address: str) -> str:
    """Return `address`, which ends where the text ends, redacted; other texts are returned as they are."""
    return _each(_WHOLE, address, _redacted)


def tagged_address(address: str) -> str:
    """Return `address`, redacted, with a `tag` if it has a user name or a query."""
    parts = _PARTS.fullmatch(address)
    if parts is None or not (parts[2] or parts[4]):
        return _redacted(address)
    user = (parts[2] or "").rstrip("@").partition(":")[0]
    return _redacted(address) + tag(f"{user}{parts[4] or ''}".replace("\\", ""))


@lru_cache(maxsize=1024)
def tag(secret: str) -> str:
    """Return eight hexadecimal digits that differ between secrets; passwords are never part of `secret`."""
    return hashlib.pbkdf2_hmac("sha256", secret.encode(errors="surrogateescape"), b"nst", ROUNDS)[:4].hex()


def is_redacted(text: str) -> bool:
    """Whether `text` contains an address that lacks its secrets."""
    return _HIDDEN.search(text) is not None


def _each(pattern: re.Pattern[str], text: str, change: Callable[[str], str]) -> str:
    return pattern.sub(lambda found: change(found[0]), text) if ":/" in text else text


def _redacted(address: str) -> str:
    parts = _PARTS.fullmatch(address)
    if parts is None:
        return address
    scheme, user, path, query, fragment = parts.groups(default="")
    kept = fragment if not fragment or _CHECKSUM.fullmatch(fragment) else f"#{MARK}"
    return f"{scheme}{user and f'{MARK}@'}{path}{query and f'?{MARK}'}{kept}"
