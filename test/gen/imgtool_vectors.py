"""Generates test/vectors/imgtool: model images signed by imgtool, MCUboot's own image tool.

Needs Python 3.9 or newer and imgtool (made with 2.5.0: pip install imgtool==2.5.0). imgtool is the one
beside this Python, the one on the PATH, or the one that IMGTOOL names. Run, from the top of the repository:
    python test/gen/imgtool_vectors.py

module.wasm is a module of ABI v2 written here by hand: one input byte, one output byte, output = input + 1.
vectors.json lists for every image the arguments that imgtool was given ({module} and {key} stand for files),
the key, and either the fields that a reader has to find, or the status (THIMBLE_ERR_... in firmware) and a part
of the host's message that refuse it.
Ed25519 signatures are deterministic, so a second run gives the same bytes. The keys are for tests only: they
are made once and kept.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "vectors" / "imgtool"
KEY = "test_only_key.pem"
OTHER_KEY = "test_only_other_key.pem"
SIGN = ["sign", "--key", "{key}", "--header-size", "32", "--pad-header", "--slot-size", "65536"]
MODEL = ["--non-bootable", "--security-counter", "7"]
TLVS = {
    "id": ["--custom-tlv", "0x00a0", "plus_one"],
    "abi": ["--custom-tlv", "0x00a1", "0x02000000"],
    "memory": ["--custom-tlv", "0x00a2", "0x20000000"],
    "capabilities": ["--custom-tlv", "0x00a3", "0x00000000"],
}
ALL = [argument for tlv in TLVS.values() for argument in tlv]
FIELDS = {"id": "plus_one", "abi": 2, "memoryBytes": 32, "capabilities": 0}


def text(name):
    return bytes([len(name)]) + name.encode()


def section(number, *entries):
    body = bytes([len(entries)]) + b"".join(entries)
    return bytes([number, len(body)]) + body


def global_i32(value):
    return bytes([0x7F, 0x00, 0x41, value, 0x0B])


def module():
    """(func (export "invoke") (result i32) (i32.store8 (i32.const 17) (i32.add (i32.load8_u (i32.const 16))
    (i32.const 1))) (i32.const 0)) with one page of memory, of which 32 bytes are used."""
    names = {"abi": 2, "memory_bytes": 32, "input_0": 16, "input_0_bytes": 1, "output_0": 17, "output_0_bytes": 1}
    code = bytes.fromhex("00 41 11 41 10 2d 00 00 41 01 6a 3a 00 00 41 00 0b")
    return b"\0asm\1\0\0\0" + b"".join(
        [
            section(1, bytes([0x60, 0, 1, 0x7F])),
            section(3, b"\0"),
            section(5, b"\0\1"),
            section(6, *(global_i32(value) for value in names.values())),
            section(
                7,
                text("memory") + b"\2\0",
                text("invoke") + b"\0\0",
                *(text(name) + bytes([3, index]) for index, name in enumerate(names)),
            ),
            section(10, bytes([len(code)]) + code),
        ]
    )


def imgtool():
    beside = Path(sys.executable).parent / "imgtool"
    found = os.environ.get("IMGTOOL") or (str(beside) if beside.exists() else shutil.which("imgtool"))
    if not found:
        sys.exit("imgtool: expected beside this Python or on the PATH, found none: pip install imgtool==2.5.0")
    return found


def accepted():
    version = ["--version", "1.2.3"]
    fields = {"version": "1.2.3", "securityCounter": 7}
    yield "full.img", [*version, *MODEL, *ALL], {**fields, **FIELDS}
    reordered = [*TLVS["memory"], "--custom-tlv", "0x00b0", "later", *TLVS["id"]]
    yield "reordered.img", [*version, *MODEL, *reordered], {**fields, "id": "plus_one", "memoryBytes": 32}
    yield "bare.img", ["--version", "255.255.65535+4294967295", "--non-bootable"], {"version": "255.255.65535+4294967295"}
    counter = ["--version", "0.0.0", "--non-bootable", "--security-counter", "4294967295"]
    yield "greatest_counter.img", counter, {"version": "0.0.0", "securityCounter": 4294967295}


def refused():
    """A device takes padded.img from its slot: only a file must not have bytes after its end."""
    version = ["--version", "1.2.3"]
    yield "bootable.img", [*version, "--security-counter", "7"], "HEADER", "flags: expected 0x10"
    yield "pure.img", [*version, *MODEL, "--pure"], "TLV", "SIG_PURE"
    yield "sha512.img", [*version, *MODEL, "--sha", "512"], "TLV", "found SHA512 (0x12)"
    yield "whole_key.img", [*version, *MODEL, "--public-key-format", "full"], "TLV", "found SHA256 (0x10), PUBKEY (0x02)"
    yield "dependency.img", [*version, *MODEL, "--dependencies", "(1, 1.0.0)"], "TLV", "TLV 0x40"
    yield "class_id.img", [*version, *MODEL, "--vid", "example.org", "--cid", "model"], "TLV", "TLV 0x74"
    yield "padded.img", [*version, *MODEL, "--pad", "--slot-size", "1024"], "TLV", "without --pad"
    yield "load_address.img", [*version, *MODEL, "--load-addr", "0x20000000"], "HEADER", "load address: expected 0"
    yield "big_endian.img", [*version, *MODEL, "--endian", "big"], "MAGIC", "magic: expected 0x96f3b83d"
    yield "long_header.img", [*version, *MODEL, "--header-size", "64"], "HEADER", "header size: expected 32"
    yield "long_id.img", [*version, *MODEL, "--custom-tlv", "0x00a0", "m" * 65], "TLV", "model id: expected 1 to 64"
    yield "id_characters.img", [*version, *MODEL, "--custom-tlv", "0x00a0", "a b"], "TLV", "model id: expected 1 to 64"
    yield "short_abi.img", [*version, *MODEL, "--custom-tlv", "0x00a1", "0x0100"], "TLV", "ABI (0xa1): expected 4 bytes"


def main():
    tool = imgtool()
    TARGET.mkdir(parents=True, exist_ok=True)
    (TARGET / "module.wasm").write_bytes(module())
    for key in (KEY, OTHER_KEY):
        if not (TARGET / key).exists():
            subprocess.run([tool, "keygen", "--type", "ed25519", "--key", TARGET / key], check=True)
    public = ["getpub", "--encoding", "pem", "--key", TARGET / KEY, "--output", TARGET / "test_only_public_key.pem"]
    subprocess.run([tool, *public], check=True)

    vectors = []

    def sign(name, key, arguments, expected):
        # Of options given twice imgtool takes the last.
        given = [*SIGN, *arguments, "{module}"]
        files = {"{key}": str(TARGET / key), "{module}": str(TARGET / "module.wasm")}
        command = [tool, *(files.get(argument, argument) for argument in given), str(TARGET / name)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        vectors.append({"file": name, "key": key, "arguments": given, **expected})

    for name, arguments, fields in accepted():
        sign(name, KEY, arguments, {"fields": fields})
    for name, arguments, status, error in refused():
        sign(name, KEY, arguments, {"status": status, "error": error})
    full = ["--version", "1.2.3", *MODEL, *ALL]
    sign("other_key.img", OTHER_KEY, full, {"status": "KEY", "error": "signed with another key"})
    lines = ",\n".join(json.dumps(vector) for vector in vectors)
    (TARGET / "vectors.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
