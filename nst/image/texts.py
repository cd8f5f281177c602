"""Texts inside picture files: PNG has text chunks; JPEG, WebP and TIFF have them packed in an XMP packet (ISO 16684-1).

A packed text is its UTF-8 bytes, compressed by zlib, in base64. It is one property of the packet, so that other
programs can list, keep and copy it.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Mapping
from typing import Any

from PIL import Image, PngImagePlugin

from nst import bounded
from nst.errors import InputError

NAMESPACE = "urn:nst:recipe/"
PREFIX = "nst."  # of the names of all texts; in a packet `nst:`
JPEG_BYTES = 65_502  # of a packet, at most: it is one segment of the file
PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:nst="{namespace}">{properties}</rdf:Description>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)


def chunks(texts: Mapping[str, str]) -> PngImagePlugin.PngInfo:
    """`{name: text}` as compressed text chunks of a PNG."""
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_itxt(name, text, zip=True)
    return info


def packet(texts: Mapping[str, str]) -> bytes:
    """`{name: text}` as an XMP packet; the names begin with `PREFIX`, the rest are letters."""
    tags = {name.replace(".", ":"): _packed(text) for name, text in texts.items()}
    properties = "".join(f"<{tag}>{text}</{tag}>" for tag, text in tags.items())
    return PACKET.format(namespace=NAMESPACE, properties=properties).encode()


def fits(suffix: str, texts: Mapping[str, str]) -> bool:
    """Whether a `suffix` file has room for the texts: only JPEG has a limit."""
    return suffix != "jpg" or len(packet(texts)) <= JPEG_BYTES


def of_picture(picture: Image.Image, names: tuple[str, ...], source: str) -> dict[str, str]:
    """`{name: text}` of those of `names` that an open picture has; messages call the file `source`.

    Raises:
        InputError: a text cannot be unpacked, or is over `nst.bounded.BYTES`.
    """
    written: Mapping[str, Any] = getattr(picture, "text", {})
    found = {name: str(written[name]) for name in names if name in written}
    xmp = picture.info.get("xmp")
    if found or not isinstance(xmp, bytes):
        return found
    packed = {name: _property(xmp, name) for name in names}
    return {name: _unpacked(data, f"{source}: its {name}") for name, data in packed.items() if data is not None}


def _packed(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _property(xmp: bytes, name: str) -> bytes | None:
    """The property `name` of a packet, an element or an attribute of XML; None if it has none. No XML is parsed."""
    tag = re.escape(name.replace(".", ":").encode())
    found = re.search(rb"<" + tag + rb">([\w+/=\s]*)<|\s" + tag + rb"=[\"']([\w+/=\s]*)[\"']", xmp)
    return None if found is None else found[1] or found[2] or b""


def _unpacked(data: bytes, name: str) -> str:
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(base64.b64decode(data), bounded.BYTES + 1)
        if len(text) > bounded.BYTES:
            raise InputError(f"{name} is over {bounded.BYTES >> 20} MiB long")
        if not unpacker.eof:
            raise InputError(f"{name} is broken: its end is missing")
        return text.decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"{name} is broken") from error
