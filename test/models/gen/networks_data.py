"""Data for networks.py: small integers as sensors give them, which the networks scale themselves.

Fashion-MNIST (Zalando, MIT licence) is Debian's package dataset-fashion-mnist; BasicMotions comes with PyPI's aeon
(pip install --no-deps aeon); digits come with scikit-learn. Packages are read, not imported.
"""

import gzip
import importlib.util
import pathlib
from collections import namedtuple

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "networks"
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")
FASHION_TRAIN, FASHION_TEST, CALIBRATION = 30000, 1000, 200
MOTIONS = ["standing", "running", "walking", "badminton"]
WINDOW, STEP = 50, 5

# Arrays (rows, ...) of uint8 or int8, and classes.
Data = namedtuple("Data", "train train_labels test test_labels")


def idx(name, count):
    """The first arrays of a file in the IDX format of MNIST: magic, dimensions (big-endian), bytes."""
    content = gzip.decompress((FASHION / name).read_bytes())
    shape = np.frombuffer(content, ">u4", content[3], 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)[:count]


def halve(images):
    """28x28 to 14x14: the mean of each square of four, as uint8."""
    squares = images.reshape(-1, 14, 2, 14, 2).astype(np.uint16).sum((2, 4))
    return ((squares + 2) // 4).astype(np.uint8)[..., None]


def fashion():
    return Data(
        halve(idx("train-images-idx3-ubyte.gz", FASHION_TRAIN)),
        idx("train-labels-idx1-ubyte.gz", FASHION_TRAIN),
        halve(idx("t10k-images-idx3-ubyte.gz", FASHION_TEST)),
        idx("t10k-labels-idx1-ubyte.gz", FASHION_TEST),
    )


def motion_series(part):
    """Series (n, 100, 6) of an accelerometer and a gyroscope, and their classes, from sktime's text format."""
    package = importlib.util.find_spec("aeon").submodule_search_locations[0]
    path = pathlib.Path(package, "datasets", "data", "BasicMotions", f"BasicMotions_{part}.ts")
    lines = [line for line in path.read_text().lower().splitlines() if line and line[0] not in "@#"]
    rows = [line.split(":") for line in lines]
    series = np.array([[channel.split(",") for channel in row[:-1]] for row in rows], np.float32)
    return series.transpose(0, 2, 1), np.array([MOTIONS.index(row[-1]) for row in rows], np.uint8)


def motion_windows(part):
    """Windows of 50 steps, a new one every 5. A count is 1/4 m/s^2, and 1/16 rad/s, saturated as sensors do."""
    series, labels = motion_series(part)
    counts = np.clip(np.round(series * np.array([4, 4, 4, 16, 16, 16])), -128, 127).astype(np.int8)
    starts = range(0, counts.shape[1] - WINDOW + 1, STEP)
    windows = np.stack([counts[:, start : start + WINDOW] for start in starts], 1)
    return windows.reshape(-1, WINDOW, 6), np.repeat(labels, len(starts))


def motions():
    return Data(*motion_windows("TRAIN"), *motion_windows("TEST"))


def digits():
    """8x8 images of 0..16, shuffled: the file is in the order in which people wrote them."""
    package = importlib.util.find_spec("sklearn").submodule_search_locations[0]
    with gzip.open(pathlib.Path(package, "datasets", "data", "digits.csv.gz"), "rt") as file:
        rows = np.loadtxt(file, np.uint8, delimiter=",")
    rows = np.random.default_rng(8).permutation(rows)
    images, labels = rows[:, :64].reshape(-1, 8, 8, 1), rows[:, 64]
    return Data(images[500:], labels[500:], images[:500], labels[:500])


def calibration_rows(data):
    """Training rows of all classes: evenly from the whole set, which is in the order of classes where it is small."""
    return data.train[np.linspace(0, len(data.train) - 1, CALIBRATION).astype(int)]
