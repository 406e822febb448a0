"""Model files of one Identity node, with any description."""

import json

# A valid ONNX model of one Identity node, without any description of semseg.
FOREIGN_MODEL = (
    b'\x08\x08\x12\x00:G\n\x17\n\x05image\x12\x04maps"\x08Identity\x12\x01gZ\x14\n\x05image'
    b"\x12\x0b\n\t\x08\x01\x12\x05\n\x03\x12\x01nb\x13\n\x04maps\x12\x0b\n\t\x08\x01\x12\x05\n\x03"
    b"\x12\x01nB\x04\n\x00\x10\x11"
)


def described_model(description: object) -> bytes:
    """A valid model file whose metadata hold this description as JSON."""
    value = json.dumps(description).encode()
    entry = _field(1, b"semseg") + _field(2, value)
    return FOREIGN_MODEL + _field(14, entry)  # ModelProto.metadata_props


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field of protobuf."""
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + _varint(rest) if rest else bytes([low])
