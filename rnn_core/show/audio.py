"""Sound in the page: a player under a picture, which plays when its button is pressed."""

from __future__ import annotations

import base64
import io
import wave
from html import escape

import numpy as np

from rnn_core.parameters import Array
from rnn_core.show.stepper import Frame


def player(sound: Array, rate: int, label: str, *, sample_width: int = 1) -> str:
    """Return the markup that plays a sound (samples,) when its button is pressed.

    `rate` is in samples a second; `sample_width` is 1 or 2 bytes.
    """
    loud = 0.9 * sound / max(1e-9, float(np.abs(sound).max(initial=0.0)))
    if sample_width == 1:
        data = np.round(127 * loud + 128).astype(np.uint8).tobytes()
    else:
        data = np.round(32767 * loud).astype("<i2").tobytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(sample_width)
        writer.setframerate(rate)
        writer.writeframes(data)
    source = base64.b64encode(file.getvalue()).decode()
    return (
        f'<audio controls aria-label="{escape(label)}" '
        f'src="data:audio/wav;base64,{source}"></audio>'
    )


class HeardFrame(Frame):
    """A frame with a player below; a still picture of it is silent."""

    audio: str = ""

    def html(self) -> str:
        return super().html() + self.audio


def heard(frame: Frame, audio: str) -> HeardFrame:
    """Return the frame with this player below."""
    found = HeardFrame(*frame)
    found.audio = audio
    return found
