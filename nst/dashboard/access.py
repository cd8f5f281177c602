"""Which requests are answered: those of the page itself, in a browser on this machine.

A page of another site can make the browser send requests to 127.0.0.1, and can give its own name this address (DNS
rebinding). The headers that browsers add tell such requests apart, and scripts cannot change them.
"""

from email.message import Message
from http import HTTPStatus

NAMES = ("127.0.0.1", "localhost", "[::1]")
METHODS = ("GET", "HEAD")
OWN = (None, "same-origin", "none")  # values of Sec-Fetch-Site; `none`: the user typed the address
HTTP_PORT = 80  # which browsers leave out


def refusal(method: str, path: str, headers: Message, port: int) -> tuple[HTTPStatus, str] | None:
    """Why a request is refused, as a status and a line; None if it is answered."""
    hosts = {f"{name}:{port}" for name in NAMES} | (set(NAMES) if port == HTTP_PORT else set())
    if method not in METHODS:
        return HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD are answered"
    given = headers.get_all("Host") or []
    if len(given) != 1 or given[0].strip().lower() not in hosts:
        return HTTPStatus.FORBIDDEN, f"the address must be http://127.0.0.1:{port}/ or http://localhost:{port}/"
    origins = headers.get_all("Origin") or []
    if any(origin.strip().lower() not in {f"http://{host}" for host in hosts} for origin in origins):
        return HTTPStatus.FORBIDDEN, "requests of other sites are refused"
    if headers.get("Sec-Fetch-Site") not in OWN and not _opens_the_page(path, headers):
        return HTTPStatus.FORBIDDEN, "requests of other sites are refused"
    return None


def _opens_the_page(path: str, headers: Message) -> bool:
    """Whether the user follows a link of another site to the page; in a frame, the page is not displayed."""
    return path == "/" and headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") == "document"
