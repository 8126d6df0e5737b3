"""Where the data that comes with spinode lies: inside an installed package, or in a checkout."""

from __future__ import annotations

from pathlib import Path

PLACES = (
    Path(__file__).parent / "_data",  # a wheel carries the files here
    Path(__file__).parent.parent / "micromag_data",  # a checkout, or an editable install of one
)


def bundled_data(name: str) -> Path:
    """Path of a file that comes with spinode.

    Parameters
    ----------
    name : str
        File name, for example ``skyrmion_vcma.h5``.

    Raises
    ------
    ValueError
        If no such file came with this installation.
    """
    for place in PLACES:
        if (place / name).is_file():
            return place / name
    raise ValueError(f"bundled data '{name}' did not come with this installation; install spinode again")
