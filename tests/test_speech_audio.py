"""Audio files: what is right comes in exactly, what is wrong is one line that names the file."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinode.speech.audio import conversion_notes, read_all, read_clip
from tests.known_speech import tone, write

STEP = 1.0 / 32768.0  # one step of 16 bits
RESAMPLED = 2e-3  # ripple of the polyphase filter in its pass band, away from the ends


def test_sixteen_bits_come_back_to_half_a_step(tmp_path: Path) -> None:
    clip = read_clip(write(tmp_path / "a.wav", tone()), 8000)
    assert (clip.rate, clip.channels) == (8000, 1)
    assert clip.samples.dtype == np.float64
    np.testing.assert_allclose(clip.samples, tone(), atol=STEP)


@pytest.mark.parametrize("kind", ["WAV", "NIST", "FLAC"])
def test_the_formats_of_the_corpora_hold_the_same_samples(tmp_path: Path, kind: str) -> None:
    clip = read_clip(write(tmp_path / "a", tone(), 12500, kind), 12500)
    np.testing.assert_allclose(clip.samples, tone(), atol=STEP)


def test_channels_are_averaged(tmp_path: Path) -> None:
    both = np.stack([tone(), 0.5 * tone()], axis=1)
    clip = read_clip(write(tmp_path / "a.wav", both), 8000)
    assert clip.channels == 2
    np.testing.assert_allclose(clip.samples, 0.75 * tone(), atol=STEP)


@pytest.mark.parametrize("rate", [12500, 16000, 44100, 6000])
def test_a_tone_keeps_its_frequency_and_size_at_another_rate(tmp_path: Path, rate: int) -> None:
    clip = read_clip(write(tmp_path / "a.wav", tone(440.0, 0.5, rate), rate), 8000)
    expected = tone(440.0, 0.5, 8000)
    assert abs(len(clip.samples) - len(expected)) <= 1
    inner = slice(200, len(expected) - 200)
    np.testing.assert_allclose(clip.samples[inner], expected[inner], atol=RESAMPLED)


def test_what_was_changed_is_said(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.wav", tone(rate=16000), 16000) for n in range(2)]
    paths.append(write(tmp_path / "s.wav", np.stack([tone(), tone()], axis=1)))
    read = [clip for clip in read_all(paths, 8000) if not isinstance(clip, ValueError)]
    assert conversion_notes(read, 8000) == (
        "2 clips resampled from 16000 to 8000 Hz",
        "1 clip of 2 channels mixed to one",
    )
    assert conversion_notes(read[2:], 8000) == ("1 clip of 2 channels mixed to one",)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.wav does not exist"):
        read_clip(tmp_path / "gone.wav", 8000)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "is empty"),
        (b"not audio at all, but text", "is no readable audio file"),
        (b"RIFF", "is no readable audio file"),
        (b"NIST_1A\n   1024\n", "is no readable audio file"),
    ],
)
def test_other_content_is_one_line(tmp_path: Path, content: bytes, rule: str) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rule) as caught:
        read_clip(path, 8000)
    assert "bad.wav" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["WAV", "NIST"])
def test_a_file_that_ends_early_is_refused_though_libsndfile_reads_it(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "a.wav", tone(), 8000, kind)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"a\.wav is truncated: \d+ of \d+ bytes"):
        read_clip(path, 8000)


def test_a_stream_without_a_length_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone())
    content = bytearray(path.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(content)
    np.testing.assert_allclose(read_clip(path, 8000).samples, tone(), atol=STEP)


def test_a_silent_clip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.wav is silent: no sample above 0\.0001 of full scale"):
        read_clip(write(tmp_path / "a.wav", np.zeros(800)), 8000)
    quiet = read_clip(write(tmp_path / "b.wav", 0.001 * tone()), 8000)
    assert 0 < np.abs(quiet.samples).max() < 0.001


def test_a_clip_shorter_than_ten_milliseconds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is too short: 79 samples at 8000 Hz"):
        read_clip(write(tmp_path / "a.wav", tone()[:79]), 8000)
    assert len(read_clip(write(tmp_path / "b.wav", tone()[:80]), 8000).samples) == 80


def test_samples_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    import soundfile

    samples = tone()
    samples[5] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="FLOAT")
    with pytest.raises(ValueError, match="holds NaN or infinite samples"):
        read_clip(tmp_path / "a.wav", 8000)


@pytest.mark.parametrize("rate", [10, 5_000_000])
def test_a_rate_that_no_recording_has_is_refused(tmp_path: Path, rate: int) -> None:
    with pytest.raises(ValueError, match=rf"a\.wav claims {rate} Hz, not 1000 to 384000"):
        read_clip(write(tmp_path / "a.wav", tone(), rate), 8000)


def test_an_odd_rate_is_met_within_a_tenth_of_a_hertz(tmp_path: Path) -> None:
    clip = read_clip(write(tmp_path / "a.wav", tone(440.0, 1.0, 44_101), 44_101), 8000)
    assert abs(len(clip.samples) - 8000) <= 1


def test_a_header_as_the_disc_writes_it_is_read(tmp_path: Path) -> None:
    """SPHERE header of TI-46: 12 significant bits in 16, low byte first; the fields are those of NIST's format."""
    samples = np.round(2047 * tone(440.0, 0.1, 12500)).astype("<i2")
    head = (
        b"NIST_1A\n   1024\ndatabase_id -s4 TI46\nutterance_id -s8 00f1set0\nchannel_count -i 1\n"
        b"sample_count -i 1250\nsample_rate -i 12500\nsample_n_bytes -i 2\nsample_byte_format -s2 01\n"
        b"sample_sig_bits -i 12\nsample_coding -s3 pcm\nend_head\n"
    )
    path = tmp_path / "00f1set0.wav"
    path.write_bytes(head.ljust(1024, b"\n") + samples.tobytes())
    clip = read_clip(path, 12500)
    assert clip.rate == 12500
    np.testing.assert_allclose(clip.samples, samples / 32768.0, atol=1e-12)


def test_shorten_says_how_to_convert(tmp_path: Path) -> None:
    path = write(tmp_path / "a.sph", tone(), 12500, "NIST")
    head = b"NIST_1A\n   1024\nsample_count -i 1250\nsample_coding -s26 pcm,embedded-shorten-v1.09\nend_head\n"
    path.write_bytes(head.ljust(1024, b" ") + b"ajkg" + bytes(500))
    with pytest.raises(ValueError, match=r"compressed by shorten.*sph2pipe -f wav IN OUT\.wav"):
        read_clip(path, 12500)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["WAV", "NIST", "FLAC"]),
    cut=st.floats(0.0, 1.0),
    changes=st.lists(st.tuples(st.floats(0.0, 0.999), st.integers(0, 255)), max_size=8),
)
def test_a_damaged_file_is_read_or_refused_in_one_line_that_names_it(
    tmp_path: Path, kind: str, cut: float, changes: list[tuple[float, int]]
) -> None:
    path = write(tmp_path / "some.wav", tone(), 8000, kind)
    content = bytearray(path.read_bytes())
    content = content[: max(1, round(cut * len(content)))]
    for place, value in changes:
        content[int(place * min(len(content), 200))] = value  # the headers stand at the beginning
    path.write_bytes(content)
    try:
        clip = read_clip(path, 8000)
    except ValueError as error:
        assert "some.wav" in str(error) and "\n" not in str(error)
    else:
        assert np.isfinite(clip.samples).all() and np.abs(clip.samples).max() <= 1.0
