"""The door to PolypLens: ``python run_app.py --help`` says what there is."""

from __future__ import annotations

import sys

from app.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
