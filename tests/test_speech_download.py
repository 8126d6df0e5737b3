"""Fetching the data set: a local server with a small archive takes the place of the network."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from spinode.speech.download import DIGESTS, URL, download_fsdd, speaker_digest
from spinode.speech.fsdd import load_fsdd
from tests.known_speech import tone, write


class Server:
    """Answers every path with what ``content`` says."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
                body = outer.content.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = Server()
    yield running
    running.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Recordings of two speakers."""
    folder = tmp_path / "source"
    for digit in (0, 9):
        for number, speaker in enumerate(("theo", "yweweler")):
            write(folder / f"{digit}_{speaker}_0.wav", tone(300.0 + 10 * digit + number))
    return folder


def archive(source: Path, extra: dict[str, bytes] | None = None) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for path in sorted(source.iterdir()):
            file.writestr(f"free-spoken-digit-dataset-26eb9aa/recordings/{path.name}", path.read_bytes())
        for name, content in (extra or {"x/README.md": b"words"}).items():
            file.writestr(name, content)
    return stream.getvalue()


def test_the_archive_is_fetched_checked_and_loaded(tmp_path: Path, server: Server, source: Path) -> None:
    server.content["/fsdd.zip"] = archive(source)
    digests = {"theo": speaker_digest(source, "theo")}
    result = download_fsdd(tmp_path / "fsdd", url=server.url("/fsdd.zip"), digests=digests)
    assert result.checked == ("theo",) and result.unchecked == ("yweweler",)
    assert load_fsdd(result.folder).speakers == ("theo", "yweweler")
    assert sorted(p.name for p in result.folder.iterdir()) == sorted(p.name for p in source.iterdir())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fsdd", "source"]
    again = download_fsdd(
        tmp_path / "again", url=server.url("/fsdd.zip"), digests=digests, known_hash=result.archive_sha256
    )
    assert again.archive_sha256 == result.archive_sha256


def test_other_recordings_than_the_known_ones_are_refused_and_nothing_is_kept(
    tmp_path: Path, server: Server, source: Path
) -> None:
    digests = {"theo": speaker_digest(source, "theo")}
    write(source / "0_theo_0.wav", tone(301.0))
    server.content["/fsdd.zip"] = archive(source)
    with pytest.raises(ValueError, match="recordings of theo .* are not the known ones"):
        download_fsdd(tmp_path / "fsdd", url=server.url("/fsdd.zip"), digests=digests)
    assert [p.name for p in tmp_path.iterdir()] == ["source"]


def test_a_missing_speaker_is_refused_by_default(tmp_path: Path, server: Server, source: Path) -> None:
    server.content["/fsdd.zip"] = archive(source)
    with pytest.raises(ValueError, match="recordings of george .* are not the known ones"):
        download_fsdd(tmp_path / "fsdd", url=server.url("/fsdd.zip"))


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"no archive", "is no readable zip archive"),
        (None, r"cannot be fetched \(HTTPError\); fetch it by hand"),
        (b"PK\x05\x06" + bytes(18), "is no Free Spoken Digit Dataset: 0 recordings in it"),
    ],
)
def test_a_bad_answer_is_one_line(tmp_path: Path, server: Server, content: bytes | None, rule: str) -> None:
    if content is not None:
        server.content["/fsdd.zip"] = content
    with pytest.raises(ValueError, match=rule) as caught:
        download_fsdd(tmp_path / "fsdd", url=server.url("/fsdd.zip"))
    assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == []


def test_an_archive_that_is_cut_is_refused(tmp_path: Path, server: Server, source: Path) -> None:
    server.content["/fsdd.zip"] = archive(source)[:-300]
    with pytest.raises(ValueError, match="is no readable zip archive"):
        download_fsdd(tmp_path / "fsdd", url=server.url("/fsdd.zip"))


def test_a_hash_that_differs_is_one_line(tmp_path: Path, server: Server, source: Path) -> None:
    server.content["/fsdd.zip"] = archive(source)
    with pytest.raises(ValueError, match="its hash differs; nothing was kept") as caught:
        download_fsdd(tmp_path / "fsdd", url=server.url("/fsdd.zip"), known_hash="sha256:" + "0" * 64)
    assert "\n" not in str(caught.value)


def test_no_network_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot be fetched \(ConnectionError\); fetch it by hand"):
        download_fsdd(tmp_path / "fsdd", url="http://127.0.0.1:9/fsdd.zip")


def test_a_path_in_the_archive_leads_nowhere(tmp_path: Path, server: Server, source: Path) -> None:
    wav = (source / "0_theo_0.wav").read_bytes()
    server.content["/fsdd.zip"] = archive(source, {"../../1_evil_0.wav": wav, "../../evil.txt": b"x"})
    result = download_fsdd(tmp_path / "deep" / "fsdd", url=server.url("/fsdd.zip"), digests={})
    assert (result.folder / "1_evil_0.wav").is_file()
    assert not list(tmp_path.rglob("evil.txt")) and not (tmp_path / "1_evil_0.wav").exists()


def test_a_folder_that_is_there_is_not_touched(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match="exists already; give it to load_fsdd"):
        download_fsdd(tmp_path)


def test_the_pinned_state_is_a_whole_commit() -> None:
    assert URL.startswith("https://") and len(URL.rsplit("/", 1)[-1]) == 40


@pytest.mark.slow
def test_the_known_digests_are_those_of_the_real_recordings(shared_data: Path) -> None:
    folder = shared_data / "fsdd" / "recordings"
    assert {speaker: speaker_digest(folder, speaker) for speaker in DIGESTS} == DIGESTS
