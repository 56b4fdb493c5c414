"""A Snapshot as a few hundred bytes: compressed against the keyframe before it."""

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from perftui.model.base import plain
from perftui.model.snapshot import Snapshot

if TYPE_CHECKING:
    import zstandard

GROUP = 30
"""Frames from one keyframe to the next, so that any frame is two decompressions away."""

LARGEST_FRAME_BYTES = 64 * 1024 * 1024
"""A frame that claims to be larger is not ours."""

_NEW_KEY_SHARE = 0.5
_SMALLEST_HASH_LOG, _LARGEST_HASH_LOG = 12, 19
_LARGEST_WINDOW_LOG = 27
_ENCODER = msgspec.msgpack.Encoder(enc_hook=plain)
_DECODER = msgspec.msgpack.Decoder(Snapshot)


class EncodedFrame(NamedTuple):
    """`data` of a keyframe stands alone, that of another frame needs its keyframe."""

    key: bool
    data: bytes


class FrameEncoder:
    """Encodes Snapshots in order. The text of 5,000 operations repeats almost whole from second to second, so the
    last keyframe as a dictionary makes both the size and the time small (measured: 4 MB -> 54 KB in 1.6 ms).
    """

    def __init__(self) -> None:
        self._since_key = 0
        self._key_bytes = 0
        self._deltas: zstandard.ZstdCompressor | None = None

    def encode(self, snapshot: Snapshot) -> EncodedFrame:
        """The next frame; a keyframe every `GROUP` frames, and when a keyframe would be hardly larger."""
        plain = _ENCODER.encode(snapshot)
        if self._deltas is not None and self._since_key < GROUP - 1:
            data = _compact(self._deltas.compress(plain))
            if len(data) <= max(self._key_bytes * _NEW_KEY_SHARE, 512):
                self._since_key += 1
                return EncodedFrame(False, data)
        return EncodedFrame(True, self._new_key(plain))

    def _new_key(self, plain: bytes) -> bytes:
        import zstandard

        data = _compact(zstandard.ZstdCompressor(level=1).compress(plain))
        size_log = len(plain).bit_length()
        parameters = zstandard.ZstdCompressionParameters(
            strategy=zstandard.STRATEGY_FAST,
            window_log=min(size_log + 2, _LARGEST_WINDOW_LOG),
            hash_log=min(max(size_log - 2, _SMALLEST_HASH_LOG), _LARGEST_HASH_LOG),
            min_match=6,
        )
        self._deltas = zstandard.ZstdCompressor(compression_params=parameters, dict_data=_dictionary(plain))
        self._since_key, self._key_bytes = 0, len(data)
        return data


class FrameDecoder:
    """Decodes frames; remembers the last keyframe, as neighbours share it."""

    def __init__(self) -> None:
        self._key: bytes | None = None
        self._deltas: zstandard.ZstdDecompressor | None = None

    def decode(self, key: bytes, delta: bytes | None = None) -> Snapshot:
        """The Snapshot of a keyframe, or of a frame after it. Raises `ValueError` for data that is no frame."""
        import zstandard

        try:
            if key != self._key or self._deltas is None:
                plain = zstandard.ZstdDecompressor().decompress(key, max_output_size=LARGEST_FRAME_BYTES)
                self._deltas = zstandard.ZstdDecompressor(dict_data=_dictionary(plain))
                self._key = key
                if delta is None:
                    return _DECODER.decode(plain)
            if delta is None:
                return _DECODER.decode(
                    zstandard.ZstdDecompressor().decompress(key, max_output_size=LARGEST_FRAME_BYTES)
                )
            return _DECODER.decode(self._deltas.decompress(delta, max_output_size=LARGEST_FRAME_BYTES))
        except (zstandard.ZstdError, msgspec.DecodeError, MemoryError) as error:
            raise ValueError(f"not a frame: {error}") from error


def _compact(data: bytes) -> bytes:
    """A copy in a block of its own: the library's result sits in one as large as its input, which splinters the heap
    until an hour of frames takes ten times their size.
    """
    return bytes(memoryview(data))


def _dictionary(plain: bytes) -> "zstandard.ZstdCompressionDict":
    import zstandard

    return zstandard.ZstdCompressionDict(plain, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
