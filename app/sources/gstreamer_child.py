"""GStreamer's own process: ``python gstreamer_child.py``, which imports nothing of the project.

Its first line of standard input says as JSON which library to load and which elements to join; on a
command line, whoever lists the computer's processes would read a passphrase. It ends with the
pipeline, or when its standard input does: so it never outlives the program that started it, however
that ends. Its last words are one line of JSON on standard output; what GStreamer prints is lost.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_uint32, c_uint64, c_void_p
from threading import Thread

_END_LIMIT_S = 1
"""For ending in order, which tells an encoder at once that nobody listens any more."""

_STATE_NULL, _STATE_PLAYING = 1, 4
_STATE_FAILURE = 0
_MESSAGE_EOS, _MESSAGE_ERROR = 1, 2
_FOR_EVER = 2**64 - 1
_DETECTED = b"detected"


class _Error(ctypes.Structure):
    """``GError``."""

    _fields_ = [("domain", c_uint32), ("code", c_int), ("message", c_char_p)]


_ERROR_OUT = POINTER(POINTER(_Error))
_SIGNATURES = {
    "gst_init": (None, [c_void_p, c_void_p]),
    "gst_parse_launchv": (c_void_p, [POINTER(c_char_p), _ERROR_OUT]),
    "gst_element_set_state": (c_int, [c_void_p, c_int]),
    "gst_element_get_bus": (c_void_p, [c_void_p]),
    "gst_bus_timed_pop_filtered": (c_void_p, [c_void_p, c_uint64, c_int]),
    "gst_message_get_structure": (c_void_p, [c_void_p]),
    "gst_message_parse_error": (None, [c_void_p, _ERROR_OUT, POINTER(c_char_p)]),
    "gst_bin_get_by_name": (c_void_p, [c_void_p, c_char_p]),
    "gst_element_get_static_pad": (c_void_p, [c_void_p, c_char_p]),
    "gst_pad_get_current_caps": (c_void_p, [c_void_p]),
    "gst_caps_to_string": (c_char_p, [c_void_p]),
}
"""What each function of GStreamer returns and takes; all are of its first version, 1.0."""


def main() -> None:
    last_words = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    told = sys.stdin.buffer.readline()
    if told:
        description = json.loads(told)
        end = _run(description["library"], description["elements"])
        os.write(last_words, json.dumps(end).encode())
    # What libraries do at the end of a process is not waited for.
    os._exit(0)


def _run(library: str, elements: list[str]) -> dict[str, bool | str]:
    """Until the pipeline ends; why it did, and what reached the element named ``detected``."""
    try:
        gst = _load(library)
    except OSError:
        return {"installed": False}
    gst.gst_init(None, None)
    error = POINTER(_Error)()
    words = (c_char_p * (len(elements) + 1))(*(os.fsencode(word) for word in elements), None)
    pipeline = gst.gst_parse_launchv(words, byref(error))
    if error:
        return {"reason": _text(error.contents.message)}
    Thread(target=_end_with_input, args=(gst, pipeline), daemon=True).start()
    begun = gst.gst_element_set_state(pipeline, _STATE_PLAYING) != _STATE_FAILURE
    bus = gst.gst_element_get_bus(pipeline)
    # An element that fails at once need not say why.
    wait_ns = _FOR_EVER if begun else 0
    message = gst.gst_bus_timed_pop_filtered(bus, wait_ns, _MESSAGE_EOS | _MESSAGE_ERROR)
    if message is None:
        return {}
    if gst.gst_message_get_structure(message) is None:  # the stream's regular end
        return {"caps": _detected_caps(gst, pipeline)}
    details = c_char_p()
    gst.gst_message_parse_error(message, byref(error), byref(details))
    return {"reason": _text(error.contents.message), "details": _text(details.value)}


def _load(library: str) -> ctypes.CDLL:
    gst = ctypes.CDLL(library)
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(gst, name)
        function.restype, function.argtypes = result, arguments
    return gst


def _detected_caps(gst: ctypes.CDLL, pipeline: int) -> str:
    element = gst.gst_bin_get_by_name(pipeline, _DETECTED)
    if element is None:
        return ""
    caps = gst.gst_pad_get_current_caps(gst.gst_element_get_static_pad(element, b"sink"))
    return "" if caps is None else _text(gst.gst_caps_to_string(caps))


def _end_with_input(gst: ctypes.CDLL, pipeline: int) -> None:
    os.read(sys.stdin.fileno(), 1)
    signal.alarm(_END_LIMIT_S)  # ends the process, whatever hangs
    gst.gst_element_set_state(pipeline, _STATE_NULL)
    os._exit(0)


def _text(words: bytes | None) -> str:
    return (words or b"").decode(errors="replace")


if __name__ == "__main__":
    main()
