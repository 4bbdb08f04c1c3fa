"""``view``: the viewer."""

from __future__ import annotations

import argparse

from app.commands.options import add_debug, add_network, config_from, location_from
from app.ui.viewer_error import library_missing
from models.interruptions import interruptions_held

HELP = "open the viewer (the default)"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.description = "Opens a window that shows recorded or live video and marks its polyps."
    parser.add_argument(
        "location",
        nargs="?",
        metavar="LOCATION",
        help='a video file, an image, a folder of images, "phantom", or what is live: a device as '
        '"devices" lists it, the address of a stream, or "test-picture"; @FILE takes it from there',
    )
    parser.add_argument("--fullscreen", action="store_true", help="start in full screen")
    parser.add_argument(
        "--screen", type=int, metavar="N", help="the monitor for full screen, counted from 1"
    )
    parser.add_argument("--raster", action="store_true", help="draw without OpenGL")
    parser.add_argument(
        "--reset", action="store_true", help="forget all settings and where the window was"
    )
    add_network(parser)
    add_debug(parser)


def run(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    config = config_from(arguments, parser)
    location = arguments.location and location_from(arguments.location, parser)
    try:
        # Imported here: the other commands work on machines that have no Qt.
        with interruptions_held():
            from app.ui.application import ViewerOptions, run_viewer
    except ImportError as error:
        raise library_missing(error) from error
    options = ViewerOptions(
        location=location,
        full_screen=arguments.fullscreen,
        screen=arguments.screen,
        raster=arguments.raster,
        reset=arguments.reset,
    )
    return run_viewer(config, options)
