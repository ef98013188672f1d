"""Recordings from strangers are opened with care, cut where it is quiet, and written with their times."""

import json
import sys
import wave
from pathlib import Path

import pytest

for requirement in ("av", "numpy"):
    pytest.importorskip(requirement)
sys.path.insert(0, str(Path(__file__).parents[2] / "src" / "foretell" / "models" / "transcribe"))

import numpy as np  # noqa: E402 - only where the model's requirements are installed
from sound_file import MINUTES_MAX, PIECE_SECONDS, SAMPLES_PER_SECOND, pieces, read_sound  # noqa: E402
from transcript import Segment, detailed, flowing, srt, timed, vtt  # noqa: E402

SEGMENTS = [
    Segment(0.0, 1.25, " Good morning.", ({"word": "Good", "start": 0.0, "end": 0.5},), {"seek": 0}),
    Segment(3725.5, 3727.0, " Is 1 --> 2\n& <late>?"),
]


def recording(path: Path, samples: np.ndarray, *, per_second: int = SAMPLES_PER_SECOND) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(per_second)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def test_segments_run_on_or_stand_after_their_times() -> None:
    late = Segment(3725.5, 3727.0, " It is late.")
    assert flowing([SEGMENTS[0], late]) == "Good morning. It is late."
    assert timed([SEGMENTS[0], late]) == "[00:00:00.000] Good morning.\n[01:02:05.500] It is late."


def test_subtitles_are_such_as_players_read() -> None:
    assert srt(SEGMENTS) == (
        "1\n00:00:00,000 --> 00:00:01,250\nGood morning.\n"
        "\n2\n01:02:05,500 --> 01:02:07,000\nIs 1 -> 2 & <late>?\n"
    )
    assert vtt(SEGMENTS) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.250\nGood morning.\n"
        "\n01:02:05.500 --> 01:02:07.000\nIs 1 -&gt; 2 &amp; &lt;late&gt;?\n"
    )
    assert vtt([]) == "WEBVTT\n"


def test_what_is_known_of_each_segment_and_word_can_be_had_as_json() -> None:
    found = json.loads(detailed(SEGMENTS, 3728.0))
    assert (found["duration"], found["language"]) == (3728.0, "english")
    assert found["segments"][0] == {"id": 0, "start": 0.0, "end": 1.25, "text": " Good morning.", "seek": 0}
    assert found["words"] == [{"word": "Good", "start": 0.0, "end": 0.5}]
    assert "words" not in json.loads(detailed(SEGMENTS[1:], 3728.0))


def test_sound_comes_out_at_the_rate_that_the_model_hears(tmp_path: Path) -> None:
    second = (np.sin(np.arange(44_100) / 10) * 10_000).astype(np.int16)
    sound = read_sound(recording(tmp_path / "tone.wav", second, per_second=44_100))
    assert sound.dtype == np.int16
    assert len(sound) == pytest.approx(SAMPLES_PER_SECOND, abs=50)


def test_an_empty_recording_is_silence(tmp_path: Path) -> None:
    assert len(read_sound(recording(tmp_path / "empty.wav", np.zeros(0)))) == 0


def test_a_recording_that_is_too_long_is_refused(tmp_path: Path) -> None:
    long = np.zeros(8_000 * 60 * (MINUTES_MAX + 1), np.int16)
    with pytest.raises(ValueError, match=f"longer than {MINUTES_MAX} minutes"):
        read_sound(recording(tmp_path / "long.wav", long, per_second=8_000))


@pytest.mark.parametrize(
    "content",
    [
        b"not sound",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile secret.wav\n",
    ],
)
def test_what_is_no_recording_is_refused_and_playlists_are_not_followed(tmp_path: Path, content) -> None:
    recording(tmp_path / "secret.wav", np.ones(1000))
    (tmp_path / "sound.wav").write_bytes(content)
    with pytest.raises(ValueError, match="known kind"):
        read_sound(tmp_path / "sound.wav")


def test_a_long_recording_is_cut_in_its_pauses_and_nothing_is_lost() -> None:
    sound = np.random.default_rng(0).integers(-9000, 9000, 400 * SAMPLES_PER_SECOND, np.int16)
    pause = slice((PIECE_SECONDS - 10) * SAMPLES_PER_SECOND, (PIECE_SECONDS - 9) * SAMPLES_PER_SECOND)
    sound[pause] = 0
    cut = list(pieces(sound))
    assert pause.start < cut[1][0] < pause.stop
    assert all(len(piece) <= PIECE_SECONDS * SAMPLES_PER_SECOND for _, piece in cut)
    assert [start for start, _ in cut] == [0, *np.cumsum([len(piece) for _, piece in cut])[:-1]]
    assert np.array_equal(np.concatenate([piece for _, piece in cut]), sound)
