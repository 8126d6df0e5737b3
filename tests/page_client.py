"""A client of ``spinode design --serve``: honest requests, and bytes that no honest client sends."""

from __future__ import annotations

import http.client
import json
import socket

from spinode.design_page.server import PageServer

QUICK = {"number": "5", "spacing": "2", "draws": "20"}
"""What is typed for an array that takes a tenth of a second."""
SEED = 3
Answer = tuple[int, dict[str, str], bytes]


def send(server: PageServer, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
    """One request; keyword ``content_type`` becomes the header Content-Type."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    response = connection.getresponse()
    found = response.status, dict(response.getheaders()), response.read()
    connection.close()
    return found


def post(server: PageServer, path: str, body: object, **headers: str) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return send(server, "POST", path, data, **{"content_type": "application/json", **headers})


def raw(server: PageServer, data: bytes) -> bytes:
    """What comes back for bytes that no honest client sends."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as line:
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        found = b""
        while part := line.recv(65_536):
            found += part
    return found
