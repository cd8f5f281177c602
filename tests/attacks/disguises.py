"""Files of other formats, many of which Pillow or a viewer gives to another program; none is a picture for nst."""

import io
import struct

from PIL import Image

POSTSCRIPT = b"%%!PS-Adobe-3.0 EPSF-3.0\n%%%%BoundingBox: 0 0 64 64\n%%%%EndComments\n%s\nshowpage\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><script>alert(1)</script></svg>'
DOS_EPS = struct.pack("<IIIIIIIH", 0xC6D3D0C5, 30, 120, 0, 0, 0, 0, 0xFFFF)
WMF = b"\xd7\xcd\xc6\x9a\0\0" + struct.pack("<4hHIH", 0, 0, 64, 64, 96, 0, 0) + b"\x01\0\t\0" + bytes(40)
EMF = struct.pack("<II", 1, 108) + bytes(32) + b" EMF" + bytes(80)


def _saved(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, kind)
    return buffer.getvalue()


DISGUISES: dict[str, bytes] = {
    "PostScript that does not end": POSTSCRIPT % b"{} loop",
    "PostScript that writes a file": POSTSCRIPT % b"(overwritten) (w) file (executed) writestring",
    "PostScript after an MS-DOS header": DOS_EPS + POSTSCRIPT % b"{} loop",
    "PDF": _saved("PDF"),
    "SVG": SVG,
    "SVG with an XML header": b'<?xml version="1.0"?>\n' + SVG,
    "WMF": WMF,
    "EMF": EMF,
    "MPEG": b"\0\0\x01\xb3" + bytes(60),
    "GRIB": b"GRIB\0\0\0\x01" + bytes(60),
    "BUFR": b"BUFR" + bytes(60),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(60),
    "HTML": b"<!DOCTYPE html><html><body>Please log in</body></html>",
    "a program": b"#!/bin/sh\ntouch executed\n",
    "ImageMagick's MVG": b"push graphic-context\nfill 'url(https://127.0.0.1/x\"|touch executed\")'\n",
    "XPM": b'/* XPM */\nstatic char *a[] = {\n"1 1 1 1",\n"  c red",\n" "};\n',
    **{kind: _saved(kind) for kind in ("PPM", "TGA", "ICO", "PCX", "DDS", "ICNS", "SGI", "EPS")},
}
