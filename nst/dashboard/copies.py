"""JPEG copies of pictures in memory. Files of run folders do not reach the browser: nst decodes and encodes them."""

import io
import threading

from cachetools import LRUCache
from PIL import Image

from nst.assets.cache import sha256
from nst.assets.picture_file import opened
from nst.dashboard.watched import Picture, stamp
from nst.errors import InputError
from nst.runtime.own_files import is_foreign

SIDE, QUALITY = 1024, 90  # long side in pixels, at most
BYTES = 2**26  # of all copies


class Copies:
    """Makes copies of at most `SIDE` pixels, and keeps the latest ones."""

    def __init__(self) -> None:
        self._made: LRUCache[Picture, bytes] = LRUCache(BYTES, getsizeof=len)
        self._lock = threading.Lock()  # one at a time: a large picture takes much memory

    def jpeg(self, picture: Picture) -> bytes | None:
        """The copy of a picture; None if the file is gone, is a link, is broken, or is not what was recorded."""
        with self._lock:
            if (made := self._made.get(picture)) is None:
                made = _copied(picture)
                if made is not None and stamp(picture.path) == picture.stamp:
                    self._made[picture] = made
        return made


def _copied(picture: Picture) -> bytes | None:
    try:
        if is_foreign(picture.path) or (picture.sha256 and sha256(picture.path) != picture.sha256):
            return None
        with opened(picture.path, picture.path.name) as file:
            rgb = file.convert("RGB")
    except (OSError, InputError):
        return None
    rgb.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    rgb.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
