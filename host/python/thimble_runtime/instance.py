"""A module in wasmtime, with a loop of its own over rows: a call from Python costs more than most inferences."""

import ctypes
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import wasmtime
from numpy.typing import NDArray

from .descriptor import Descriptor, Tensor
from .errors import ThimbleError, expected
from .sections import check_self_contained

ABI = 2
PAGE = 65536
#: Bytes of rows that are passed at a time.
STAGE_BYTES = 2**20

Raw = NDArray[Any]
Export = TypeVar("Export", wasmtime.Memory, wasmtime.Func, wasmtime.Global)


def _engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    config.wasm_multi_memory = True
    config.wasm_bulk_memory = True
    return wasmtime.Engine(config)


_ENGINE = _engine()


@dataclass(frozen=True)
class _Place:
    """A tensor in the module's memory, and its rows in the stage."""

    offset: int
    bytes: int
    stage: int


def _copies(places: list[_Place], inputs: bool) -> str:
    """Instructions that copy the tensors of row $i: from stage to module, or back."""
    text = []
    for place in places:
        module = f"(i32.const {place.offset})"
        stage = f"(i32.add (i32.const {place.stage}) (i32.mul (local.get $i) (i32.const {place.bytes})))"
        ends = f"$module $stage {module} {stage}" if inputs else f"$stage $module {stage} {module}"
        text.append(f"(memory.copy {ends} (i32.const {place.bytes}))")
    return "\n".join(text)


def _driver(inputs: list[_Place], outputs: list[_Place], bytes_needed: int) -> str:
    """The text of a module that runs rows; it answers how many rows it has done before one fails."""
    return f"""(module
      (import "module" "memory" (memory $module 0))
      (import "module" "invoke" (func $invoke (result i32)))
      (memory $stage (export "stage") {-(-bytes_needed // PAGE)})
      (global $status (export "status") (mut i32) (i32.const 0))
      (func (export "run") (param $rows i32) (result i32) (local $i i32)
        (block $done
          (loop $next
            (br_if $done (i32.ge_u (local.get $i) (local.get $rows)))
            {_copies(inputs, True)}
            (global.set $status (call $invoke))
            (br_if $done (global.get $status))
            {_copies(outputs, False)}
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $next)))
        (local.get $i)))"""


def _export(exports: wasmtime._instance.InstanceExports, name: str, kind: type[Export]) -> Export:
    found = exports.get(name)
    if not isinstance(found, kind):
        raise expected(name, f"an exported {kind.__name__.lower()}", "none")
    return found


class Instance:
    """Runs rows of integers. One thread at a time."""

    def __init__(self, module: bytes, descriptor: Descriptor) -> None:
        """Throws ThimbleError where the module is not of ABI v2, or has other tensors than its descriptor."""
        check_self_contained(module)
        self._store = wasmtime.Store(_ENGINE)
        try:
            instance = wasmtime.Instance(self._store, wasmtime.Module(_ENGINE, module), [])
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            raise ThimbleError(f"module: {str(error).splitlines()[0]}") from None
        self._exports = instance.exports(self._store)
        self._memory = _export(self._exports, "memory", wasmtime.Memory)
        invoke = _export(self._exports, "invoke", wasmtime.Func)
        self._check_number("abi", ABI)
        self._size = self._number("memory_bytes")
        if self._size > self._memory.data_len(self._store):
            raise expected("memory_bytes", f"at most {self._memory.data_len(self._store)}", self._size)
        self._first = bytes(self._memory.read(self._store, 0, self._size))
        self._connect(descriptor, invoke)

    def _connect(self, descriptor: Descriptor, invoke: wasmtime.Func) -> None:
        """Makes the loop over rows, and arrays that show its stage."""
        inputs, outputs = descriptor.inputs, descriptor.outputs
        row = sum(tensor.size * np.dtype(tensor.dtype).itemsize for tensor in inputs + outputs)
        #: Rows that are run at a time.
        self.most = max(1, STAGE_BYTES // row)
        places = self._places("input", inputs, 0)
        end = places[-1].stage + self.most * places[-1].bytes
        found = self._places("output", outputs, -(-end // 16) * 16)
        end = found[-1].stage + self.most * found[-1].bytes
        loop = wasmtime.Module(_ENGINE, _driver(places, found, end))
        driver = wasmtime.Instance(self._store, loop, [self._memory, invoke]).exports(self._store)
        self._run = _export(driver, "run", wasmtime.Func)
        self._status = _export(driver, "status", wasmtime.Global)
        stage = _export(driver, "stage", wasmtime.Memory)
        #: One array of integers for each tensor: `most` rows of its values.
        self.inputs = [self._rows(stage, place, tensor) for place, tensor in zip(places, inputs)]
        self.outputs = [self._rows(stage, place, tensor) for place, tensor in zip(found, outputs)]

    def _number(self, name: str) -> int:
        value = _export(self._exports, name, wasmtime.Global).value(self._store)
        if not isinstance(value, int):
            raise expected(name, "an i32", value)
        return value & 0xFFFFFFFF

    def _check_number(self, name: str, wanted: int) -> None:
        found = self._number(name)
        if found != wanted:
            raise expected(name, wanted, found)

    def _places(self, kind: str, tensors: tuple[Tensor, ...], stage: int) -> list[_Place]:
        places = []
        for i, tensor in enumerate(tensors):
            size = tensor.size * np.dtype(tensor.dtype).itemsize
            self._check_number(f"{kind}_{i}_bytes", size)
            offset = self._number(f"{kind}_{i}")
            if offset + size > self._size:
                raise expected(f"{kind}_{i}", f"to end within {self._size} bytes", offset + size)
            places.append(_Place(offset, size, stage))
            stage = -(-(stage + self.most * size) // 16) * 16
        if self._exports.get(f"{kind}_{len(tensors)}") is not None:
            raise expected("descriptor", f"more than {len(tensors)} {kind}s", len(tensors))
        return places

    def _rows(self, stage: wasmtime.Memory, place: _Place, tensor: Tensor) -> Raw:
        start = ctypes.addressof(stage.data_ptr(self._store).contents) + place.stage
        buffer = (ctypes.c_uint8 * (self.most * place.bytes)).from_address(start)
        array: Raw = np.frombuffer(buffer, np.dtype(tensor.dtype))  # type: ignore[call-overload]
        return array.reshape(self.most, tensor.size)

    def run(self, rows: int) -> None:
        """Runs the first `rows` rows of the inputs' arrays into those of the outputs. Throws ThimbleError."""
        try:
            done = self._run(self._store, rows)
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            raise ThimbleError(f"invoke: {str(error).splitlines()[0]}") from None
        if done != rows:
            raise expected("invoke", 0, self._status.value(self._store))

    def reset(self) -> None:
        """Forgets what the module remembers from row to row."""
        self._memory.write(self._store, self._first, 0)
