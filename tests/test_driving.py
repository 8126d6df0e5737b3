"""``--device``, ``--range``, ``--at`` and ``--node-time``: the same words in every command that drives a device."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinode.cli.driving import is_named, named_or_learned, parse_constants, parse_node_time, parse_range


def test_a_range_is_two_quantities_of_the_unit() -> None:
    assert parse_range(" 4mA : 0.01 ", "A") == (4e-3, 0.01)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("4mA", "--range must be LOW:HIGH, got '4mA'"),
        (":4mA", "--range must be LOW:HIGH, got ':4mA'"),
        ("4mA:", "--range must be LOW:HIGH, got '4mA:'"),
        ("8mA:4mA", "LOW below HIGH, got '8mA:4mA'"),
        ("4mA:4mA", "LOW below HIGH, got '4mA:4mA'"),
        ("4mA:8mT", "--range: '8mT' must be a quantity in A"),
        ("nan:8mA", "--range: 'nan' must start with a number"),
    ],
)
def test_a_range_out_of_rule_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError) as refusal:
        parse_range(text, "A")
    assert told in str(refusal.value)


def test_constants_are_read_by_name_and_unit() -> None:
    assert parse_constants(["field=5mT", " angle = 0.1 "], {"field": "T", "angle": "rad"}) == {
        "field": 5e-3,
        "angle": 0.1,
    }


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("field", "--at must be name=value, got 'field'"),
        ("=5mT", "--at must be name=value"),
        ("field=", "--at must be name=value"),
        ("feld=5mT", "other input 'feld' is not there; closest: field"),
        ("field=5mA", "--at field: '5mA' must be a quantity in T"),
    ],
)
def test_a_constant_out_of_rule_is_refused(word: str, told: str) -> None:
    with pytest.raises(ValueError) as refusal:
        parse_constants([word], {"field": "T"})
    assert told in str(refusal.value)


def test_a_constant_is_given_once() -> None:
    with pytest.raises(ValueError, match="--at field must be given once, got it twice"):
        parse_constants(["field=5mT", "field=6mT"], {"field": "T"})


@pytest.mark.parametrize("text", ["0", "-1ns"])
def test_a_node_time_is_above_zero(text: str) -> None:
    assert parse_node_time("100ns") == 1e-7
    with pytest.raises(ValueError, match="--node-time must be above 0"):
        parse_node_time(text)


def test_a_file_wins_over_the_device_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_named("vortex")
    assert named_or_learned("vortex", ["radius=90nm"], "").name == "vortex"
    (tmp_path / "vortex").touch()
    assert not is_named("vortex")
    with pytest.raises(ValueError, match="--set goes with the name of a device"):
        named_or_learned("vortex", ["radius=90nm"], "")


def test_a_published_set_is_taken_and_a_setting_wins_over_it() -> None:
    published, changed = (named_or_learned("vortex", words, "guslienko_2014_l10") for words in ([], ["radius=90nm"]))
    assert published.radius != 90e-9  # type: ignore[union-attr]
    assert (changed.radius, changed.thickness) == (90e-9, published.thickness)  # type: ignore[union-attr]
