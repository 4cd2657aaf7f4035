"""A network that feels what a machine does, from recordings of an accelerometer to ONNX (pip install numpy scikit-learn skl2onnx).

    motion.py shake FOLDER SHIFT        FOLDER/CLASS/*.csv of 6 seconds at 100 Hz; SHIFT/shift.csv, a minute, and SHIFT.csv, its times
    motion.py train FEATURES.csv FILE.onnx    and FILE.npy with the rows that it was trained on, for calibration
    motion.py expect FILE.onnx FILE.json      what ONNX Runtime makes of eight rows (pip install onnx onnxruntime)

Any folder of .csv or .wav files by class does in place of FOLDER. test/models/motion.onnx is what the first two write,
test/models/motion.csv the first SHIFT, and test/models/motion.expected.json what the last writes.
"""

import csv
import json
import math
import pathlib
import sys

import numpy

RATE = 100
CLASSES = ["idle", "knocking", "running"]
MINUTE = ["idle", "running", "idle", "knocking", "running", "knocking"]


def axes(rng, label, seconds):
    """Samples [moments, 3], 4096 a g: gravity on one axis, and what the machine adds, which differs from one to the next."""
    count = int(RATE * seconds)
    t = numpy.arange(count) / RATE
    still = rng.normal(size=3) * 0.2 + [0, 0, 1]
    found = still + rng.normal(size=(count, 3)) * rng.uniform(0.004, 0.02)
    if label != "idle":
        speed, size = rng.uniform(17, 28), rng.uniform(0.1, 0.5)
        for axis in range(3):
            phase, share = rng.uniform(0, 2 * math.pi), rng.uniform(0.4, 1)
            found[:, axis] += size * share * numpy.sin(2 * math.pi * speed * t + phase)
            found[:, axis] += size * share * 0.3 * numpy.sin(4 * math.pi * speed * t + 2 * phase)
    if label == "knocking":
        every, size = int(RATE / rng.uniform(2, 4)), rng.uniform(0.8, 2)
        decay = numpy.exp(-numpy.arange(count) % every / rng.uniform(2, 4))
        found += (size * decay * numpy.cos(1.9 * (numpy.arange(count) % every)))[:, None] * rng.uniform(0.4, 1, 3)
    return numpy.clip(numpy.round(found * 4096), -32768, 32767).astype(int)


def write_csv(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["x,y,z", *(",".join(map(str, row)) for row in rows)]) + "\n")


def shake(folder, shift):
    rng = numpy.random.default_rng(1)
    for label in CLASSES:
        for i in range(60):
            write_csv(folder / label / f"{i}.csv", axes(rng, label, 6))
    parts = [axes(rng, label, 10) for label in MINUTE]
    write_csv(shift / "shift.csv", numpy.concatenate(parts))
    times = [f"shift.csv,{10 * i},{10 * i + 10},{label}" for i, label in enumerate(MINUTE)]
    shift.with_suffix(".csv").write_text("\n".join(["file,start,end,label", *times]) + "\n")


def train(table, target):
    from skl2onnx import to_onnx
    from sklearn.model_selection import GroupShuffleSplit
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = list(csv.DictReader(open(table)))
    features = [name for name in rows[0] if name not in ("label", "file", "frame")]
    x = numpy.array([[float(row[name]) for name in features] for row in rows], numpy.float32)
    y = numpy.array([row["label"] for row in rows])
    machines = [row["label"] + row["file"] for row in rows]
    known, asked = next(GroupShuffleSplit(1, test_size=0.25, random_state=1).split(x, y, machines))
    model = make_pipeline(StandardScaler(), MLPClassifier((12,), alpha=1.0, max_iter=800, random_state=1))
    model.fit(x[known], y[known])
    print(f"{model.score(x[asked], y[asked]):.1%} of {len(asked)} windows of recordings that it was not trained on are right")
    model.fit(x, y)
    made = to_onnx(model, x[:1], options={id(model): {"zipmap": False}}, target_opset=17)
    pathlib.Path(target).write_bytes(made.SerializeToString())
    numpy.save(pathlib.Path(target).with_suffix(".npy"), x)


def expect(source, target):
    import onnx
    import onnxruntime

    (scaler,) = [node for node in onnx.load(source).graph.node if node.op_type == "Scaler"]
    offset, scale = [numpy.array(each.floats) for each in sorted(scaler.attribute, key=lambda each: each.name)]
    rows = offset + numpy.random.default_rng(1).normal(size=(8, len(offset))) / scale
    rows = rows.round(4).astype(numpy.float32)
    session = onnxruntime.InferenceSession(source)
    label, probabilities = session.run(None, {session.get_inputs()[0].name: rows})
    found = {
        "inputs": [[round(float(x), 4) for x in row] for row in rows],
        "outputs": {"probabilities": [[round(float(x), 7) for x in row] for row in probabilities], "label": list(label)},
    }
    pathlib.Path(target).write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    command, first, second = sys.argv[1:]
    if command == "shake":
        shake(pathlib.Path(first), pathlib.Path(second))
    elif command == "train":
        train(first, second)
    elif command == "expect":
        expect(first, second)
    else:
        sys.exit(f"expected shake, train or expect, found {command}")
