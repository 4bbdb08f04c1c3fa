"""A signal that is away, goes away or changes."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest
from linuxpy.video import raw

from app.sources.live import NoSignalError, SourceLostError
from tests.app.sources.reading import frames_of
from tests.capture.vivid import card
from tests.capture.vivid.card import Input, Signal
from tests.capture.vivid.reading import open_card, read_on, soon


@pytest.mark.parametrize("signal", [Signal.NONE, Signal.NO_LOCK, Signal.OUT_OF_RANGE])
def test_a_signal_that_cannot_be_had_is_said_at_opening(signal: Signal) -> None:
    card.choose_input(Input.HDMI)
    card.set_control("DV Timings Signal Mode", signal)
    with pytest.raises(NoSignalError, match="vivid"):
        open_card()


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("which", "control"),
    [(Input.HDMI, "DV Timings Signal Mode"), (Input.S_VIDEO, "Standard Signal Mode")],
)
def test_losing_the_signal_ends_reading(which: Input, control: str) -> None:
    card.choose_input(which)
    with open_card() as camera:
        frames_of(camera, 3)
        with (
            soon(card.set_control, control, Signal.NONE),
            pytest.raises(NoSignalError, match="cable"),
        ):
            read_on(camera)
    card.set_control(control, Signal.PRESENT)
    with open_card() as camera:
        frames_of(camera, 3)


@pytest.mark.timeout(30)
def test_a_driver_that_does_not_tell_is_asked() -> None:
    card.choose_input(Input.S_VIDEO)
    with open_card() as camera:
        frames_of(camera, 3)
        unsubscribe_events()
        card.set_control("Standard Signal Mode", Signal.NONE)
        with pytest.raises(NoSignalError):
            read_on(camera)


@pytest.mark.timeout(30)
def test_a_change_of_resolution_ends_reading_and_is_followed() -> None:
    card.choose_input(Input.HDMI)
    card.set_hdmi_signal("1280x720p60")
    with open_card(size=None) as camera:
        frames_of(camera, 2)
        with (
            soon(card.set_hdmi_signal, "800x600p60"),
            pytest.raises(SourceLostError, match="changed"),
        ):
            read_on(camera)
    with open_card(size=None) as camera:
        picture = frames_of(camera, 1)[0].picture
        assert (picture.width, picture.height) == (800, 600)


def unsubscribe_events() -> None:
    """Makes the camera's driver as silent as most are."""
    subscription = raw.v4l2_event_subscription(type=raw.EventType.ALL)
    for link in Path("/proc/self/fd").iterdir():
        if link.exists() and link.readlink() == card.NODE:
            fcntl.ioctl(int(link.name), raw.IOC.UNSUBSCRIBE_EVENT, subscription)
