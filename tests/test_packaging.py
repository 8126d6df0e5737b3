"""What is published: one version everywhere, pinned dependencies, and nothing that only one machine knows."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from spinode import __version__, bundled

ROOT = Path(__file__).parent.parent
# Written in pieces, so that this file does not contain them.
FORBIDDEN = tuple(
    "".join(pieces)
    for pieces in (
        ("/wo", "rk/"),
        ("/ro", "ot/"),
        ("/ho", "me/"),
        ("/opt/", "pypi"),
        ("/opt/", "wheels"),
        ("file:", "///"),
        ("pypi", ".org"),
        ("python", "hosted"),
        ("download.", "pytorch"),
        ("localhost", ":"),
    )
)
BINARY = {".h5", ".png", ".pdf", ".mat", ".ico"}


def project() -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pinned() -> dict[str, str]:
    lines = [
        line
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    return {name: version for name, version in (line.split("==") for line in lines)}


def plain_name(requirement: str) -> str:
    return re.split(r"[<>=!~\[; ]", requirement)[0].lower().replace("_", "-")


def published_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("needs the git checkout to know which files are published")
    words = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_the_version_is_held_in_one_place_and_repeated_truly() -> None:
    assert "version" not in project()["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation
    assert f"\n## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_dependency_is_pinned() -> None:
    table = project()["project"]
    optional = table["optional-dependencies"]
    assert isinstance(optional, dict)
    asked = [*table["dependencies"], *(name for extra in optional.values() for name in extra)]  # type: ignore[misc]
    assert sorted({plain_name(str(name)) for name in asked} - pinned().keys()) == []


def test_the_pin_of_torch_admits_the_cpu_build_and_names_no_cuda_package() -> None:
    assert re.fullmatch(r"[\d.]+", pinned()["torch"])
    assert [name for name in pinned() if name.startswith(("nvidia", "cuda", "triton"))] == []


def test_no_file_names_a_machine_path_or_a_registry_host() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in published_files()
        if path.suffix not in BINARY
        for word in FORBIDDEN
        if word in path.read_text(encoding="utf-8")
    ]
    assert found == []


def test_bundled_data_is_found_in_the_package_before_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = (tmp_path / "package", tmp_path / "checkout")
    monkeypatch.setattr(bundled, "PLACES", places)
    for place in reversed(places):
        place.mkdir()
        (place / "trace.h5").touch()
        assert bundled.bundled_data("trace.h5") == place / "trace.h5"


def test_bundled_data_that_did_not_come_is_one_line() -> None:
    with pytest.raises(ValueError, match=r"bundled data 'nothing\.h5' did not come with this installation"):
        bundled.bundled_data("nothing.h5")


def test_a_wheel_carries_the_bundled_data() -> None:
    targets = project()["tool"]["hatch"]["build"]["targets"]  # type: ignore[index]
    for origin, place in targets["wheel"]["force-include"].items():
        assert (ROOT / origin).is_file()
        assert place == f"spinode/_data/{Path(origin).name}"


def test_the_source_archive_builds_the_wheel_and_nothing_is_lost_on_the_way(tmp_path: Path) -> None:
    """As an index has them: the archive from the checkout, the wheel from the archive alone."""
    pytest.importorskip("hatchling", reason="the build backend, which `make` installs")
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(tmp_path)]
    subprocess.run([*build, "--target", "sdist"], cwd=ROOT, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    (folder,) = (tmp_path / "unpacked").iterdir()
    subprocess.run([*build, "--target", "wheel"], cwd=folder, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    ours = [path for path in (ROOT / "spinode").rglob("*.*") if "__pycache__" not in path.parts]
    assert {path.relative_to(ROOT).as_posix() for path in ours} - set(names) == set()
    assert [name for name in names if "__pycache__" in name or name.startswith("tests")] == []
    data = {name for name in names if name.startswith("spinode/_data/")}
    assert data == {f"spinode/_data/{name}" for name in ("domain_wall.h5", "skyrmion_vcma.h5", "vortex_stno.h5")}
    (commands,) = [name for name in names if name.endswith("entry_points.txt")]
    assert "spinode = spinode.cli:main" in zipfile.ZipFile(wheel).read(commands).decode()
