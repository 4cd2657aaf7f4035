"""The cases of TensorFlow Lite Micro's signal library, and of CAST and arithmetic in int32. Those of operators with state
are sequences of vectors."""

import numpy as np

from tflite_writer import Graph

INT16, INT32 = 7, 2  # the option T


def _samples(rng, shape, count=3):
    """Vectors of int16: all of the range, a quiet one, and the greatest numbers."""
    loud = [rng.integers(-32768, 32768, shape, np.int16) for _ in range(count)]
    quiet = rng.integers(-300, 301, shape, np.int16)
    edges = rng.choice(np.array([-32768, -32767, 32767], np.int16), shape)
    return [[v] for v in [*loud, quiet, edges]]


def _wide(rng, shape, bits):
    """Numbers without a sign whose lengths are spread evenly up to `bits`."""
    dtype = np.uint64 if bits > 32 else np.uint32
    lengths = rng.integers(0, bits + 1, shape)
    return np.array([int(rng.integers(0, 1 << 62)) << 2 >> (64 - int(n)) if n else 0 for n in lengths.ravel()], dtype).reshape(shape)


def _one(kind, inputs, outputs, vectors, name, **options):
    """A model of one custom operator; inputs and outputs are pairs of shape and type, or constants."""
    g = Graph()
    operands = [g.constant(x, dtype=str(x.dtype)) if isinstance(x, np.ndarray) else g.tensor(x[0], dtype=x[1]) for x in inputs]
    results = [g.tensor(shape, dtype=dtype) for shape, dtype in outputs]
    g.op(kind, operands, results, **options)
    computed = [value for value, x in zip(operands, inputs) if not isinstance(x, np.ndarray)]
    return name, g.finish(computed, results), vectors


def window(rng, index):
    shape = ((16,), (1, 40), (3, 12), (1, 480))[index % 4]
    shift = (12, 15, 8, 0)[index % 4]
    weights = rng.integers(-32768, 32768, shape[-1], np.int16)
    return _one("SignalWindow", [(shape, "int16"), weights], [(shape, "int16")], _samples(rng, shape), f"shift{shift}", shift=shift)


def auto_scale(rng, index):
    size = (16, 30, 7, 1)[index % 4]
    vectors = _samples(rng, (size,))
    vectors.append([np.zeros(size, np.int16)])
    vectors.append([np.resize(np.array([-32768, 5, -3], np.int16), size)])
    vectors.append([np.resize(np.array([-256, 255, 0], np.int16), size)])
    return _one("SignalFftAutoScale", [((size,), "int16")], [((size,), "int16"), ((), "int32")], vectors, f"{size}")


def rfft(rng, index):
    length = (64, 128, 256, 512, 1024, 32)[index % 6]
    shape = ((length,), (length - 7,), (2, length // 2), (480,), (1, length), (length,))[index % 6]
    output = (*shape[:-1], length + 2)
    return _one("SignalRfft", [(shape, "int16")], [(output, "int16")], _samples(rng, shape, 1), f"{length}", T=INT16, fft_length=length)


def irfft(rng, index):
    length = (64, 128, 256, 512, 1024)[index % 5]
    rows = (2,) if index == 1 else ()
    vectors = _samples(rng, (*rows, length + 2), 1)
    return _one("SignalIrfft", [((*rows, length + 2), "int16")], [((*rows, length), "int16")], vectors, f"{length}", T=INT16, fft_length=length)


def energy(rng, index):
    """Behind it the part that it writes."""
    size, start, end = ((16, 0, 16), (33, 0, 33), (257, 5, 241), (9, 8, 9))[index % 4]
    g = Graph()
    x = g.tensor((2 * size,), dtype="int16")
    energies = g.tensor((size,), dtype="uint32")
    whole = g.tensor((size,), dtype="int32")
    y = g.tensor((end - start,), dtype="int32")
    g.op("SignalEnergy", [x], energies, start_index=start, end_index=end)
    g.op("CAST", [energies], whole)
    g.op("STRIDED_SLICE", [whole, *(g.constant([n], dtype="int32") for n in (start, end, 1))], y)
    return f"{start}_{end}", g.finish([x], [y]), _samples(rng, (2 * size,), 2)


def _bank(rng, channels, bins):
    widths = rng.integers(0, bins // channels, channels + 1)
    ends = np.concatenate([[0], np.cumsum(widths)])
    weights, unweights = (rng.integers(0, 4096, int(ends[-1]) + 1, np.int16) for _ in range(2))
    return [weights, unweights, (ends[:-1] + 1).astype(np.int16), ends[:-1].astype(np.int16), widths.astype(np.int16)]


def filter_bank(rng, index):
    """Roots of what it adds up, since the interpreter's Python does not know uint64."""
    channels, bins = ((4, 20), (8, 65), (40, 257), (1, 5))[index % 4]
    g = Graph()
    x = g.tensor((bins,), dtype="uint32")
    bits = g.tensor((), dtype="int32")
    sums = g.tensor((channels,), dtype="uint64")
    y = g.tensor((channels,), dtype="uint32")
    constants = [g.constant(c, dtype="int16") for c in _bank(rng, channels, bins - 1)]
    g.op("SignalFilterBank", [x, *constants], sums, num_channels=channels)
    g.op("SignalFilterBankSquareRoot", [sums, bits], y)
    vectors = [[_wide(rng, (bins,), 32 if i else 12), np.array(n, np.int32)] for i, n in enumerate((0, 0, 3, 15))]
    return f"{channels}", g.finish([x, bits], [y]), vectors


def spectral_subtraction(rng, index):
    channels = (4, 7, 40, 1)[index % 4]
    vectors = [[_wide(rng, (channels,), 20)] for _ in range(5)] + [[_wide(rng, (channels,), 32)] for _ in range(3)]
    options = dict(
        smoothing=int(rng.integers(1, 1000)), one_minus_smoothing=int(rng.integers(14000, 16384)),
        alternate_smoothing=int(rng.integers(1, 1000)), alternate_one_minus_smoothing=int(rng.integers(14000, 16384)),
        smoothing_bits=(10, 0, 10, 5)[index % 4], min_signal_remaining=int(rng.integers(0, 2000)),
        spectral_subtraction_bits=14, clamping=index % 2 == 1, num_channels=channels,
    )
    shape = ((channels,), "uint32")
    return _one("SignalFilterBankSpectralSubtraction", [shape], [shape, shape], vectors, f"{channels}", **options)


def pcan(rng, index):
    channels = (4, 20, 40)[index % 3]
    table = rng.integers(-32768, 32768, 125, np.int16) if index > 1 else rng.integers(0, 8000, 125, np.int16)
    shape = ((channels,), "uint32")
    vectors = [[_wide(rng, (channels,), 32), _wide(rng, (channels,), 32)] for _ in range(4)]
    vectors.append([_wide(rng, (channels,), 12), _wide(rng, (channels,), 12)])
    return _one("SignalPCAN", [shape, shape, table], [shape], vectors, f"{channels}", snr_shift=(6, 12, 0)[index % 3])


def log(rng, index):
    channels = (5, 20, 40)[index % 3]
    vectors = [[_wide(rng, (channels,), bits)] for bits in (32, 28, 12, 3)]
    options = dict(output_scale=(64, 1, 1600)[index % 3], input_correction_bits=(3, 0, 5)[index % 3])
    return _one("SignalFilterBankLog", [((channels,), "uint32")], [((channels,), "int16")], vectors, f"{channels}", **options)


def framer(rng, index):
    size, step, prefill = ((6, 2, True), (5, 5, False), (7, 3, False), (480, 320, False))[index % 4]
    rows, frames = ((), (2,))[index % 2], 2 if index == 1 else 1
    vectors = [[rng.integers(-32768, 32768, (*rows, frames * step), np.int16)] for _ in range(5)]
    outputs = [((*rows, frames, size), "int16"), ((), "bool")]
    shape = (*rows, frames * step)
    return _one("SignalFramer", [(shape, "int16")], outputs, vectors, f"{size}_{step}", frame_size=size, frame_step=step, prefill=prefill)


def stacker(rng, index):
    channels, left, right, step = ((4, 1, 1, 1), (3, 2, 0, 2), (5, 0, 0, 1), (2, 3, 2, 3))[index % 4]
    vectors = [[rng.integers(-32768, 32768, (channels,), np.int16)] for _ in range(7)]
    outputs = [((channels * (left + right + 1),), "int16"), ((), "bool")]
    options = dict(num_channels=channels, stacker_left_context=left, stacker_right_context=right, stacker_step=step)
    return _one("SignalStacker", [((channels,), "int16")], outputs, vectors, f"{left}_{right}_{step}", **options)


def delay(rng, index):
    shape, length = (((6,), 3), ((2, 4), 9), ((5,), 0), ((3,), 7))[index % 4]
    vectors = [[rng.integers(-32768, 32768, shape, np.int16)] for _ in range(5)]
    return _one("SignalDelay", [(shape, "int16")], [(shape, "int16")], vectors, f"{length}", delay_length=length)


def overlap_add(rng, index):
    shape, step = (((1, 6), 2), ((3, 8), 8), ((2, 2, 5), 3), ((2, 9), 1))[index % 4]
    vectors = [[rng.integers(-32768, 32768, shape, np.int16)] for _ in range(5)]
    output = (*shape[:-2], shape[-2] * step)
    return _one("SignalOverlapAdd", [(shape, "int16")], [(output, "int16")], vectors, f"{step}", T=INT16, frame_step=step)


OPERATIONS = ("ADD", "SUB", "MUL", "DIV", "MINIMUM", "MAXIMUM")


def int32(rng, index):
    kind = OPERATIONS[index % 6]
    g = Graph()
    x = g.tensor((2, 9), dtype="int32")
    scalar = kind == "DIV" or index % 4 == 0
    b = g.constant(int(rng.integers(1, 700)), dtype="int32") if scalar else g.constant(rng.integers(-90000, 90000, (2, 9)), dtype="int32")
    y = g.tensor((2, 9), dtype="int32")
    # The kernel of ADD takes no notice of a fused activation, which is refused therefore.
    fuses = kind in ("SUB", "MUL", "DIV") and index >= 6
    g.op(kind, [x, b], y, **({"FusedActivationFunction": index % 4} if fuses else {}))
    vectors = [[rng.integers(-20000, 20000, (2, 9), np.int32)] for _ in range(3)]
    return kind.lower(), g.finish([x], [y]), vectors


CASTS = (("int16", "int32"), ("int32", "int8"), ("int32", "int16"), ("uint32", "int32"), ("int8", "int32"), ("int32", "uint32"))


def cast(rng, index):
    source, target = CASTS[index % len(CASTS)]
    info = np.iinfo(source)
    vectors = [[rng.integers(info.min, info.max, 11, source, endpoint=True)] for _ in range(3)]
    return _one("CAST", [((11,), source)], [((11,), target)], vectors, f"{source}_{target}")


FAMILIES = {
    "signal_window": (4, window),
    "signal_fft_auto_scale": (4, auto_scale),
    "signal_rfft": (6, rfft),
    "signal_irfft": (5, irfft),
    "signal_energy": (4, energy),
    "signal_filter_bank": (4, filter_bank),
    "signal_spectral_subtraction": (4, spectral_subtraction),
    "signal_pcan": (3, pcan),
    "signal_filter_bank_log": (3, log),
    "signal_framer": (4, framer),
    "signal_stacker": (4, stacker),
    "signal_delay": (4, delay),
    "signal_overlap_add": (4, overlap_add),
    "int32": (12, int32),
    "cast": (6, cast),
}
HAVE_STATE = {"signal_spectral_subtraction", "signal_framer", "signal_stacker", "signal_delay", "signal_overlap_add"}


def cleaner(family):
    """A framer or stacker that has not enough samples leaves its output as it was; ours makes it zeros."""
    if family not in ("signal_framer", "signal_stacker"):
        return lambda outputs: outputs
    return lambda outputs: [outputs[0] if outputs[1] == "01" else "0" * len(outputs[0]), outputs[1]]
