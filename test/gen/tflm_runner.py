"""Runs one model on TensorFlow Lite Micro in a process of its own, for a refused model may abort."""

import json
import os
import sys

import numpy as np

ARENA_BYTES = 1 << 18


def run_isolated(model, vectors, has_state=False, clean=lambda outputs: outputs):
    """`clean` is applied to the outputs of each vector, as hex strings. Returns the outputs, as lists of hex strings, or a string that says why the model was refused."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        with os.fdopen(write_end, "w") as pipe:
            json.dump(_run_twice(model, vectors, has_state, clean), pipe)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        text = pipe.read()
    status = os.waitpid(child, 0)[1]
    return json.loads(text) if status == 0 else f"aborted, status {status}"


def _run_twice(model, vectors, has_state, clean):
    # A kernel that read stale arena bytes would answer differently when the order is turned round; one with state does.
    order = 1 if has_state else -1
    try:
        forward = [clean(outputs) for outputs in _run(model, vectors)]
        backward = [clean(outputs) for outputs in _run(model, vectors[::order])[::order]]
    except (RuntimeError, ValueError) as error:
        return f"refused: {error}"
    return forward if forward == backward else "not deterministic"


def _run(model, vectors):
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model, arena_size=ARENA_BYTES)
    results = []
    for inputs in vectors:
        for index, array in enumerate(inputs):
            interpreter.set_input(array, index)
        interpreter.invoke()
        results.append([hex_bytes(output) for output in _outputs(interpreter)])
    return results


def _outputs(interpreter):
    outputs = []
    while True:
        try:
            outputs.append(interpreter.get_output(len(outputs)))
        except (ValueError, IndexError, RuntimeError):
            return outputs


def hex_bytes(array):
    """The raw little-endian bytes of a tensor."""
    return np.asarray(array).tobytes().hex()
