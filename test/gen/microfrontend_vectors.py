"""Writes test/vectors/frontends/microfrontend.json: features of a generated sound by TensorFlow Lite Micro's C microfrontend
(pip install pymicro-features)."""

import json
import math
import pathlib

from pymicro_features import MicroFrontend

RATE = 16000
SECONDS = 0.4
CHUNK = 160
SCALE = 0.0390625  # what the package multiplies whole numbers by


def samples():
    """A rising tone that fades, above noise of a linear congruential generator."""
    state, phase, values = 1, 0.0, []
    count = int(RATE * SECONDS)
    for i in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        phase += 2 * math.pi * (200 + 5000 * i / count) / RATE
        values.append(round(9000 * math.sin(phase) * (1 - i / count) + (state / 2**32 - 0.5) * 600))
    return values


def features(values):
    frontend = MicroFrontend()
    data = b"".join(v.to_bytes(2, "little", signed=True) for v in values)
    rows, at = [], 0
    while at + 2 * CHUNK <= len(data):
        result = frontend.process_samples(data[at : at + 2 * CHUNK])
        at += 2 * result.samples_read
        if result.features:
            rows.append([round(x / SCALE) for x in result.features])
    return rows


if __name__ == "__main__":
    values = samples()
    parameters = {"type": "tflm", "window_size": 30, "window_step": 10, "num_channels": 40, "enable_pcan": True}
    target = pathlib.Path(__file__).parent.parent / "vectors" / "frontends" / "microfrontend.json"
    target.write_text(json.dumps({"parameters": parameters, "samples": values, "features": features(values)}) + "\n")
