# Two words for a newcomer: `make run` shows the demo clip, `make test` runs the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Debian and Ubuntu packages: for everything, for the viewer's window, and what the tests add.
BASE_PACKAGES := python3 python3-venv
WINDOW_PACKAGES := libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 \
	libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0
TEST_PACKAGES := g++ xvfb

SCREEN := $(DISPLAY)$(WAYLAND_DISPLAY)

# Installed without what they ask for: the stubs of TensorRT, in which the tests look its calls up,
# want TensorRT itself, and pysodmetrics wants OpenCV 4 but works with 5.
WITHOUT_DEPENDENCIES := tensorrt-stubs==10.13.0.35.1 pysodmetrics==1.6.2

.PHONY: help run desktop test lint bench capture-check gpu-check clean

help:
	@echo "make run        the demo clip with its polyps marked: in the viewer, or without a"
	@echo "                screen as files under out/"
	@echo "make desktop    put the viewer into the desktop's menu"
	@echo "make test       install what the tests need, and run them all"
	@echo "make lint       ruff, mypy and import-linter"
	@echo "make bench      measure the figures of docs/benchmarks/, side by side"
	@echo "make capture-check  the capture tests, on the kernel's own virtual card"
	@echo "make gpu-check  everything that needs an NVIDIA GPU, in one go"
	@echo "make clean      remove the virtual environment and what was built"

run: $(VENV)/run-installed
ifdef SCREEN
	@sh assets/setup/debian-packages.sh $(WINDOW_PACKAGES)
	@$(BIN)/python run_app.py view assets/demo.mp4
else
	@$(BIN)/python run_app.py replay assets/demo.mp4 --output out --force
endif

desktop: $(VENV)/run-installed
	@mkdir -p $(HOME)/.local/share/applications
	@sed 's|@ROOT@|$(CURDIR)|g' assets/polyplens.desktop > $(HOME)/.local/share/applications/polyplens.desktop
	@echo "PolypLens is in the desktop's menu now."

test: $(VENV)/dev-installed
# Many tests hold real time to a bar. What fails beside others has to pass alone, and is named either way.
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder || { test $$? -eq 1 && \
	    $(BIN)/python -m pytest --last-failed --last-failed-no-failures none --maxfail 5; }

lint: $(VENV)/dev-installed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/dev-installed
	@$(BIN)/python -m tests.bench

capture-check: $(VENV)/dev-installed
	@$(BIN)/python -m tests.capture

gpu-check: $(VENV)/dev-installed
	@$(BIN)/python -m tests.gpu.check

clean:
	rm -rf $(VENV) build out

$(VENV)/run-installed: requirements.txt
	@sh assets/setup/debian-packages.sh $(BASE_PACKAGES)
	@$(venv)
	@echo "Installing what PolypLens needs (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

$(VENV)/dev-installed: requirements.txt requirements-train.txt requirements-dev.txt
	@sh assets/setup/debian-packages.sh $(BASE_PACKAGES) $(WINDOW_PACKAGES) $(TEST_PACKAGES)
	@$(venv)
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(WITHOUT_DEPENDENCIES)
	@touch $@

define venv
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "PolypLens needs Python 3.11 or newer; name one with: make PYTHON=python3.12 run" >&2; exit 1; }; \
test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
endef
