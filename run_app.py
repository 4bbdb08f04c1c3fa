"""The door to PolypLens: ``python run_app.py --help`` says what there is."""

from __future__ import annotations

import sys

from models.interruptions import interruptions_held


def main() -> int:
    """Runs what the command line asks for; gives the exit code."""
    try:
        # Imported here: it takes a while, in which a person may change their mind.
        with interruptions_held():
            from app.cli import main as run
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
