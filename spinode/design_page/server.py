"""The server of the page: answers this machine's browser, serves a fixed list of texts, and refuses everything else.

It binds to the loopback address alone. A page of another site could still send requests to it, or give itself a name
that points to it, so that the Host and Origin of every request are checked as well. No path is ever looked up on the
disk, and a request is refused before its body is read where that is too long.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from socket import socket
from threading import BoundedSemaphore
from typing import Any

from spinode.design import DesignSpec
from spinode.design_page.calculator import DOWNLOADS, Calculator, ImpossibleError
from spinode.design_page.document import document
from spinode.json_text import json_text

HOST = "127.0.0.1"
LARGEST_BODY = 16_384
"""Bytes of a request; a form with every field at its longest has a quarter of that."""
DRAINED = 1_048_576
"""Bytes of a body that is too long that are read and forgotten, so that the refusal arrives before the line is cut."""
PATIENCE = 15.0
"""Seconds to wait for a client that says nothing."""
PLACES = 32
"""Connections at a time."""
NARROWEST, WIDEST, USUAL = 240, 1600, 800
"""Width of the figure in CSS pixels."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class RefusedError(Exception):
    """A request that is not answered: its status and the reason in one line."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class PageServer(ThreadingHTTPServer):
    """Holds the calculator and the texts of the page; a thread a connection, at most ``PLACES`` at a time."""

    daemon_threads = True
    request_queue_size = PLACES

    def __init__(self, spec: DesignSpec, seed: int, port: int) -> None:
        super().__init__((HOST, port), Handler)
        self.calculator = Calculator(seed)
        self.hosts = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}
        folder = files("spinode.design_page")
        self.texts = {
            "/": ("text/html", document(spec, seed)),
            "/page.css": ("text/css", folder.joinpath("page.css").read_text(encoding="utf-8")),
            "/page.js": ("text/javascript", folder.joinpath("page.js").read_text(encoding="utf-8")),
        }
        self._places = BoundedSemaphore(PLACES)

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/"

    def process_request(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            assert isinstance(request, socket)
            request.sendall(b"HTTP/1.0 503 Service Unavailable\r\n\r\ntoo many connections; close a page\n")
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """A client that went away or fell silent is nobody's fault; all else was answered with status 500."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: PageServer
    timeout = PATIENCE
    server_version, sys_version = "spinode", ""

    def do_GET(self) -> None:  # noqa: N802 - the name is that of http.server
        self._answer(self._get)

    def do_POST(self) -> None:  # noqa: N802
        self._answer(self._post)

    def _answer(self, work: Callable[[], None]) -> None:
        try:
            self._check_origin()
            work()
        except RefusedError as refused:
            self._send(refused.status, "text/plain", f"{refused.reason}\n")
        except ImpossibleError as impossible:
            self._send(HTTPStatus.UNPROCESSABLE_ENTITY, "application/json", json_text(impossible.answer()))
        except OSError:
            raise  # the connection is gone
        except Exception as error:  # a page that waits for ever would hide the defect
            text = f"unexpected {type(error).__name__}: {error}; please report this"
            answer: dict[str, object] = {"error": " ".join(text.split()), "field": None, "offers": []}
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, "application/json", json_text(answer))

    def _check_origin(self) -> None:
        """Only a browser that was given this address by hand, or by this page, is answered."""
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self.server.hosts:
            raise RefusedError(HTTPStatus.MISDIRECTED_REQUEST, f"this page is only at {self.server.address}")
        origins = self.headers.get_all("Origin", [])
        if any(origin.lower().removeprefix("http://") not in self.server.hosts for origin in origins):
            raise RefusedError(HTTPStatus.FORBIDDEN, "requests of other pages are not answered")

    def _get(self) -> None:
        found = self.server.texts.get(self.path)
        if found is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"there is nothing here but {self.server.address}")
        self._send(HTTPStatus.OK, *found)

    def _post(self) -> None:
        name = self.path.removeprefix("/")
        if name != "design" and name not in DOWNLOADS:
            self._drain()
            raise RefusedError(HTTPStatus.NOT_FOUND, f"there is nothing here but {self.server.address}")
        values, width, whole = asked(self._body())
        if name == "design":
            answer = self.server.calculator.answer(values, width, whole)
            self._send(HTTPStatus.OK, "application/json", json_text(answer, indent=None))
        else:
            self._send(HTTPStatus.OK, DOWNLOADS[name].kind, self.server.calculator.download(name, values))

    def _length(self) -> int:
        """Length of the body that the request claims."""
        lengths = self.headers.get_all("Content-Length", [])
        claimed = lengths[0] if len(lengths) == 1 else ""
        if "Transfer-Encoding" in self.headers or not (claimed.isascii() and claimed.isdigit() and len(claimed) < 16):
            raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "a request must say its length")
        return int(claimed)

    def _drain(self) -> None:
        left = min(self._length(), DRAINED)
        while left > 0 and (part := self.rfile.read(min(left, 65_536))):
            left -= len(part)

    def _body(self) -> bytes:
        length = self._length()
        if length > LARGEST_BODY:
            self._drain()
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request may have {LARGEST_BODY} bytes")
        body = self.rfile.read(length)
        if len(body) < length:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"the request ended after {len(body)} of {length} bytes")
        if self.headers.get_content_type() != "application/json":  # a form of another page cannot send this
            raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a request must be JSON")
        return body

    def _send(self, status: HTTPStatus, kind: str, text: str) -> None:
        body = text.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself refuses, such as a method that it does not know, in one line without the request."""
        status = HTTPStatus(code)
        self._send(status, "text/plain", f"{status.phrase.lower()}\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is that of http.server
        """Nothing: the terminal belongs to the command."""


def asked(body: bytes) -> tuple[dict[str, str], int, bool]:
    """What a request typed, by field, the width of the figure [CSS pixels], and whether the yield is wanted as well.

    Raises
    ------
    RefusedError
        If it is not JSON of that form.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "a request must be JSON") from None
    values = found.get("values") if isinstance(found, dict) else None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "a request must have 'values', texts by the names of the fields")
    width, whole = found.get("width", USUAL), found.get("whole", True)
    if isinstance(width, bool) or not isinstance(width, int) or not isinstance(whole, bool):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "'width' must be a whole number, 'whole' true or false")
    return values, min(max(width, NARROWEST), WIDEST), whole


def make_server(spec: DesignSpec, seed: int, port: int) -> PageServer:
    """The server, bound to the loopback address and not yet answering: call ``serve_forever`` and close it after.

    Parameters
    ----------
    spec : DesignSpec
        What the fields hold at first.
    seed : int
        Of the yield's Monte Carlo.
    port : int
        0 to 65535; 0 takes any that is free.

    Raises
    ------
    ValueError
        If the port cannot be had.
    """
    try:
        return PageServer(spec, seed, port)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ValueError(f"--port must be one that is free, got {port} ({reason}); try --port 0") from None
