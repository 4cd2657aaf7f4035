"""Writes test/vectors/frontends/mel.json: log-mel features and cepstra of a generated sound, and of a recording beside the
checkout where it is there, by librosa and kaldi-native-fbank (pip install librosa kaldi-native-fbank)."""

import json
import math
import pathlib
import wave

import kaldi_native_fbank
import librosa
import numpy
import scipy.signal

RATE = 16000
ROOT = pathlib.Path(__file__).parent.parent.parent
SPEECH = ROOT.parent / "shared" / "signal" / "yes_1000ms.wav"
STRIDED = {"window_size": 30, "window_step": 20, "num_channels": 40, "log": "db"}
CLASSIC = {"window_size": 25, "window_step": 10, "num_channels": 32, "mel_scale": "htk", "mel_norm": "none", "floor": 1e-6,
           "lower_band_limit": 60, "upper_band_limit": 7600, "pre_emphasis": 0.97, "window": "hamming", "window_periodic": False}
KALDI = {"window": "povey", "window_periodic": False, "mel_scale": "htk", "mel_triangles": "mel", "mel_norm": "none",
         "num_channels": 40, "lower_band_limit": 20, "sample_range": "int16", "floor": 1.1920928955078125e-07}


def chirp(seconds=0.3):
    """A rising tone that fades above noise of a linear congruential generator."""
    state, phase, values = 1, 0.0, []
    count = int(RATE * seconds)
    for i in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        phase += 2 * math.pi * (150 + 6500 * i / count) / RATE
        values.append(round(9000 * math.sin(phase) * (1 - i / count) + (state / 2**32 - 0.5) * 600))
    return values


def mel(samples, length, step, fft, **options):
    """Powers [frames, bands]; librosa lays the window into the middle of the transform."""
    beside = numpy.zeros((fft - length) // 2)
    y = numpy.concatenate([beside, samples, beside])
    return librosa.feature.melspectrogram(y=y, sr=RATE, n_fft=fft, win_length=length, hop_length=step, center=False,
                                          power=2.0, **options).T


def strided(samples, floor=1e-10):
    return 10 * numpy.log10(numpy.maximum(mel(samples / 32768, 480, 320, 512, n_mels=40), floor))


def classic(samples):
    y = samples / 32768
    emphasised = y[1:] - 0.97 * y[:-1]
    window = scipy.signal.get_window("hamming", 400, fftbins=False)
    power = mel(emphasised, 400, 160, 512, n_mels=32, htk=True, norm=None, fmin=60, fmax=7600, window=window)
    return numpy.log(numpy.maximum(power, 1e-6))


def kaldi(samples):
    options = kaldi_native_fbank.FbankOptions()
    frame, bands = options.frame_opts, options.mel_opts
    frame.dither, frame.remove_dc_offset, frame.preemph_coeff, frame.samp_freq = 0, False, 0, RATE
    frame.window_type, frame.snip_edges = "povey", True
    bands.num_bins, bands.low_freq, bands.high_freq = 40, 20, RATE / 2
    bank = kaldi_native_fbank.OnlineFbank(options)
    bank.accept_waveform(RATE, samples.tolist())
    bank.input_finished()
    return numpy.array([bank.get_frame(i) for i in range(bank.num_frames_ready)])


def mfcc(samples):
    return librosa.feature.mfcc(S=strided(samples, 1e-5).T, n_mfcc=13, dct_type=2, norm="ortho", lifter=22).T


def wakeword(samples):
    """As MLCommons Tiny's streaming wakeword trains on: TensorFlow's mel weights are straight over mel."""
    y = samples / 32768
    emphasised = y[1:] - (1 - 2**-5) * y[:-1]
    starts = range(0, len(emphasised) - 1024 + 1, 512)
    frames = numpy.array([emphasised[at : at + 1024] for at in starts]) * numpy.hamming(1024)
    power = abs(numpy.fft.rfft(frames)) ** 2 / 1024
    mels = 1127 * numpy.log1p(numpy.arange(513) * RATE / 1024 / 700)
    edges = numpy.linspace(0, 1127 * math.log1p(RATE / 2 / 700), 42)
    weights = [numpy.clip(numpy.minimum((mels - a) / (b - a), (c - mels) / (c - b)), 0, None)
               for a, b, c in zip(edges, edges[1:], edges[2:])]
    log = 10 * numpy.log10(numpy.maximum(power, 1e-30) @ numpy.array(weights).T)
    return numpy.clip((log + 52) / 64, 0, 1)


SETS = [
    ("librosa", {"type": "log-mel", **STRIDED}, strided),
    ("librosa, pre-emphasis, htk", {"type": "log-mel", **CLASSIC}, classic),
    ("kaldi", {"type": "log-mel", **KALDI}, kaldi),
    ("librosa mfcc", {"type": "mfcc", **STRIDED, "floor": 1e-5, "num_coefficients": 13, "lifter": 22}, mfcc),
    ("mlperf-sww", {"type": "mlperf-sww"}, wakeword),
]


def speech():
    with wave.open(str(SPEECH)) as file:
        return numpy.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)


def rounded(rows):
    return [[float(f"{x:.7g}") for x in row] for row in rows]


if __name__ == "__main__":
    sound = chirp()
    sets = [{"name": name, "parameters": parameters, "chirp": rounded(make(numpy.array(sound, float))),
             "speech": rounded(make(speech())[::4])} for name, parameters, make in SETS]
    target = ROOT / "test" / "vectors" / "frontends" / "mel.json"
    target.write_text(json.dumps({"samples": sound, "sets": sets}) + "\n")
