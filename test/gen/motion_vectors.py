"""Writes test/vectors/frontends/motion.json: statistics and spectra of generated motion, by numpy and scipy (pip install scipy)."""

import json
import math
import pathlib

import numpy
import scipy.signal
import scipy.stats

ROOT = pathlib.Path(__file__).parent.parent.parent
RATE = 100
UNIT = 2**-12
MOTION = {"sample_rate": RATE, "window_size": 2000, "window_step": 500, "channels": 3}
NAMES = ["mean", "minimum", "maximum", "rms", "stdev", "skewness", "kurtosis", "zero_crossings"]


def motion(seconds=6):
    """A shaken axis that gravity pulls, one with knocks, and a loud sawtooth; noise of a linear congruential generator."""
    state, rows = 1, []
    for i in range(seconds * RATE):
        noise = []
        for _ in range(3):
            state = (state * 1664525 + 1013904223) % 2**32
            noise.append(state / 2**32 - 0.5)
        t = i / RATE
        shaken = 4096 + 900 * math.sin(2 * math.pi * (9 + t) * t) * (1 - t / 8)
        knock = 6000 * math.exp(-(i % 41) / 3) * math.cos(1.9 * (i % 41)) - 40
        saw = 24000 * ((t * 3.1 % 1) ** 2 - 0.3)
        rows.append([round(x + n * size) for x, n, size in zip((shaken, knock, saw), noise, (300, 90, 2000))])
    return rows


def statistics(x, names, centered):
    y = x - x.mean() if centered else x
    found = {
        "mean": x.mean() * UNIT, "minimum": y.min() * UNIT, "maximum": y.max() * UNIT,
        "rms": math.sqrt((y**2).mean()) * UNIT, "stdev": x.std() * UNIT,
        "skewness": scipy.stats.skew(x), "kurtosis": scipy.stats.kurtosis(x),
        "zero_crossings": numpy.diff(numpy.signbit(y)).mean(),
    }
    return [found[name] for name in names]


def spectrum(x, length, window="boxcar", edges=None):
    """Edge Impulse's greatest powers over segments that overlap by a half, as log10; those that lie in the window."""
    y = (x - x.mean()) * UNIT
    size = min(length, len(y))
    shape = scipy.signal.get_window(window, size)
    starts = range(0, len(y) - size + 1, length // 2)
    powers = numpy.array([abs(numpy.fft.rfft(y[at : at + size] * shape, length)) ** 2 / length for at in starts])
    hertz = numpy.fft.rfftfreq(length, 1 / RATE)
    if edges is None:
        bands = powers[:, 1:]
    else:
        bands = numpy.array([powers[:, (hertz >= a) & (hertz < b) & (hertz > 0)].sum(1)
                             for a, b in zip(edges, edges[1:])]).T
    return numpy.log10(numpy.maximum(bands.max(0), 1e-8)).tolist()


SHAPES = ["rms", "skewness", "kurtosis"]
ALL = NAMES[:-1]
EDGES = [0.5, 3, 6, 12, 25, 50]
SETS = [
    ("statistics", {"type": "statistics", **MOTION}, lambda x: numpy.clip(statistics(x, ALL, False), -8, 8)),
    ("statistics without the mean", {"type": "statistics", **MOTION, "range": 32, "features": NAMES, "remove_mean": True},
     lambda x: statistics(x, NAMES, True)),
    ("spectral", {"type": "spectral", **MOTION, "range": 32}, lambda x: statistics(x, SHAPES, True) + spectrum(x, 64)),
    ("spectral, bands", {"type": "spectral", **MOTION, "fft_length": 128, "window": "hann", "edges": EDGES,
                         "features": ["rms", "zero_crossings"]},
     lambda x: statistics(x, ["rms", "zero_crossings"], True) + spectrum(x, 128, "hann", EDGES)),
    ("spectral of a window shorter than its transform", {"type": "spectral", **MOTION, "range": 32, "fft_length": 256,
                                                        "edges": EDGES},
     lambda x: statistics(x, SHAPES, True) + spectrum(x, 256, "boxcar", EDGES)),
]


def frames(rows, make):
    values = numpy.array(rows, float)
    return [[float(f"{x:.8g}") for channel in values[at : at + 200].T for x in make(channel)]
            for at in range(0, len(values) - 200 + 1, 50)]


if __name__ == "__main__":
    sound = motion()
    sets = [{"name": name, "parameters": parameters, "frames": frames(sound, make)} for name, parameters, make in SETS]
    target = ROOT / "test" / "vectors" / "frontends" / "motion.json"
    target.write_text(json.dumps({"samples": sound, "sets": sets}) + "\n")
