"""``spinode design --serve`` and what it must refuse: other hosts, other pages, other paths, and no requests at all."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest

from spinode.cli import main
from spinode.design_page.server import DRAINED, LARGEST_BODY, PLACES, PageServer
from tests.page_client import QUICK, post, raw, send


@pytest.mark.parametrize("path", ["/../pyproject.toml", "/..%2f..%2fetc/passwd", "//etc/passwd", "/page.py", "/?a=1"])
def test_no_other_path_is_served(page_server: PageServer, path: str) -> None:
    for method, body in (("GET", None), ("POST", b"{}")):
        status, headers, answer = send(page_server, method, path, body)
        assert status == 404
        assert headers["Content-Type"].startswith("text/plain") and answer.count(b"\n") == 1


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1", "127.0.0.1.example.org:{port}", "", "0.0.0.0:{port}"])
def test_another_host_name_is_refused(page_server: PageServer, host: str) -> None:
    named = host.format(port=page_server.server_port)
    assert send(page_server, "GET", "/", host=named)[0] == 421
    assert post(page_server, "/design", {"values": QUICK}, host=named)[0] == 421


def test_the_two_names_of_this_machine_are_answered(page_server: PageServer) -> None:
    for name in ("127.0.0.1", "localhost", "LOCALHOST"):
        assert send(page_server, "GET", "/", host=f"{name}:{page_server.server_port}")[0] == 200


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://example.org", "http://127.0.0.1:1"])
def test_a_request_of_another_page_is_refused(page_server: PageServer, origin: str) -> None:
    assert post(page_server, "/design", {"values": QUICK}, origin=origin)[0] == 403
    own = f"http://127.0.0.1:{page_server.server_port}"
    assert post(page_server, "/design", {"values": QUICK}, origin=own)[0] == 200


@pytest.mark.parametrize("size", [LARGEST_BODY + 1, DRAINED])
def test_a_body_that_is_too_long_is_refused(page_server: PageServer, size: int) -> None:
    status, _, answer = post(page_server, "/design", b" " * size)
    assert (status, answer.count(b"\n")) == (413, 1)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"[" * 10_000, 400),
        (b"[1]", 400),
        (b'{"values": 3}', 400),
        (b'{"values": {"spacing": 1}}', 400),
        (b'{"values": {}, "width": "wide"}', 400),
        (b'{"values": {}, "width": ' + b"9" * 9_000 + b"}", 400),
        (b'{"values": {"spacing": "\\ud800"}}', 422),
        (b'{"values": {"<script>": "1"}}', 422),
        (b'{"values": {"spacing": "1e999999999"}}', 422),
        (b'{"values": {"number": "1e300"}}', 422),
        (b'{"values": {"radius": "1"}}', 422),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_body_of_another_form_is_refused(page_server: PageServer, body: bytes, status: int) -> None:
    found, _, answer = post(page_server, "/design", body)
    assert found == status
    assert b"Traceback" not in answer and b"unexpected" not in answer


def test_a_form_of_another_kind_is_refused(page_server: PageServer) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert post(page_server, "/design", {"values": QUICK}, content_type=kind)[0] == 415


@pytest.mark.parametrize("head", ["", "Content-Length: -1", "Content-Length: x", "Transfer-Encoding: chunked",
                                  "Content-Length: 2\r\nContent-Length: 3", "Content-Length: " + "9" * 40])  # fmt: skip
def test_a_body_without_a_true_length_is_refused(page_server: PageServer, head: str) -> None:
    lines = f"POST /design HTTP/1.1\r\nHost: 127.0.0.1:{page_server.server_port}\r\nContent-Type: application/json"
    assert raw(page_server, f"{lines}\r\n{head}\r\n\r\n".encode()).startswith(b"HTTP/1.0 411")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"431"),
        (b"DELETE / HTTP/1.1\r\n\r\n", b"501"),
        (b"<script>\r\n\r\n", b"bad request"),
        (b"GET / HTTP/1.1\r\n\r\n", b"421"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_request_is_refused_without_repeating_it(
    page_server: PageServer, data: bytes, status: bytes
) -> None:
    answer = raw(page_server, data)
    assert status in answer[:20]
    assert b"script" not in answer.split(b"\r\n\r\n")[-1]


def test_a_request_that_ends_too_early_is_refused(page_server: PageServer) -> None:
    head = f"POST /design HTTP/1.1\r\nHost: 127.0.0.1:{page_server.server_port}\r\nContent-Length: 10\r\n\r\n{{}}"
    assert raw(page_server, head.encode()).startswith(b"HTTP/1.0 400")


def test_too_many_connections_are_told_so_and_the_page_lives_on(page_server: PageServer) -> None:
    lines = [socket.create_connection(("127.0.0.1", page_server.server_port), timeout=30) for _ in range(PLACES)]
    try:
        with socket.create_connection(("127.0.0.1", page_server.server_port), timeout=30) as late:
            assert late.recv(100).startswith(b"HTTP/1.0 503")
    finally:
        for line in lines:
            line.close()
    for _ in range(100):
        if raw(page_server, b"GET /x HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.0 421"):
            return
    raise AssertionError("no connection was given back")


def test_an_unexpected_error_is_told_and_the_page_lives_on(
    page_server: PageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> dict[str, object]:
        raise ZeroDivisionError("oh")

    with monkeypatch.context() as patch:
        patch.setattr(page_server.calculator, "answer", broken)
        status, _, body = post(page_server, "/design", {"values": QUICK})
    assert status == 500 and json.loads(body)["error"] == "unexpected ZeroDivisionError: oh; please report this"
    assert post(page_server, "/design", {"values": QUICK})[0] == 200


def test_only_this_machine_can_connect(page_server: PageServer) -> None:
    assert page_server.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_one_line(page_server: PageServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["design", "--serve", "--port", str(page_server.server_port)]) == 1
    error = capsys.readouterr().err
    assert "try --port 0" in error and error.count("\n") == 1


@pytest.mark.parametrize(("words", "code"), [(["--json"], 1), (["--set", "spacing=1mA"], 1), (["--port", "70000"], 2)])
def test_a_page_that_cannot_be_is_one_line(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["design", "--serve", *words]) == code
    assert capsys.readouterr().err.count("\n") == 1


def _hear_interrupts() -> None:
    """A shell makes what it runs in the background deaf to Ctrl-C, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_ends_the_page_with_130_while_it_calculates() -> None:
    words = [sys.executable, "-m", "spinode", "design", "--serve", "--port", "0"]
    with (
        subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_hear_interrupts
        ) as running,
        ExitStack() as otherwise,
    ):
        otherwise.callback(running.kill)  # leaving Popen would wait for ever for a page that nobody ends
        assert running.stdout is not None and running.stderr is not None
        port = int(running.stdout.readline().split("/")[2].split(":")[1])
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            body = b'{"values": {"spacing": "1"}}'
            head = f"POST /design HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            line.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            line.settimeout(0.5)
            with pytest.raises(TimeoutError):
                line.recv(1)  # it is at work
            os.kill(running.pid, signal.SIGINT)
            assert running.wait(30) == 130
        said_last = running.stderr.read()
    assert said_last == f"spinode: the page at http://127.0.0.1:{port}/ is closed\n"
