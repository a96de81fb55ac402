# Every target below makes the environment first if it has to. `make` alone explains itself.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
INSTALLED = $(VENV)/.ganbook-installed
TEACHING = $(VENV)/.ganbook-teaching
SITE = _build/.site
COURSE ?= course

NOTEBOOKS = $(wildcard notebooks/*.ipynb)
PAGES = _config.yml _toc.yml index.md $(wildcard ganbook/assets/trained/*.png) $(wildcard ganbook/assets/results/*.json) $(NOTEBOOKS) $(shell find book -type f -not -path '*/__pycache__/*')
ONE_THREAD = OMP_NUM_THREADS=1 MKL_NUM_THREADS=1  # two processes on two cores

.DEFAULT_GOAL := help
.PHONY: help book notebooks test answers bench board matrix clean lint vendor course slides pdf colab

help:  ## list these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1|\2/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

book: $(SITE)  ## build the book into _build/html from the stored outputs
	@echo "The book is in _build/html: open _build/html/index.html"

notebooks: $(INSTALLED)  ## run the notebooks whose code changed, store their outputs (NAMES="01_noise" for some, ARGS=--list to look)
	$(BIN)/python tools/notebooks.py $(ARGS) $(NAMES)

test: $(INSTALLED) lint $(SITE)  ## check style, then test the package, the site and every notebook
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist worksteal --durations=10 -m "not answers"
ifneq ($(NOTEBOOKS),)
	GANBOOK_SMOKE=1 $(ONE_THREAD) $(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=300 \
		-n 2 --dist loadscope $(NOTEBOOKS)
endif

answers: $(TEACHING)  ## try right and wrong answers on every exercise's check, and have nbgrader mark submissions (some minutes)
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist worksteal -m answers tests/test_checks.py tests/test_course.py

course: $(TEACHING)  ## notebooks to hand out into _build/course, and what nbgrader needs into COURSE=course (NAMES="01_noise" for some)
	$(BIN)/python -m tools.course --course "$(COURSE)" $(ARGS) $(NAMES)

slides: $(INSTALLED)  ## a deck of slides from each chapter into _build/slides
	$(BIN)/python tools/slides.py $(NAMES)

pdf: $(TEACHING) $(SITE)  ## the whole book as _build/ganbook.pdf, printed by Chromium
	$(BIN)/python tools/pdf.py

colab: $(INSTALLED)  ## run every notebook as Colab would: alone, with older Jupyter parts, the package fetched by its first cell
	$(BIN)/python tools/colab.py $(NAMES)

bench: $(INSTALLED)  ## measure what book/performance.md shows, on a machine that does nothing else (about an hour on two cores)
	$(BIN)/python tools/bench.py
	$(ONE_THREAD) $(BIN)/python tools/quality.py

board: $(INSTALLED)  ## train every recipe from several seeds for chapter 15's board (an hour or more on two cores; may be stopped and continued)
	$(ONE_THREAD) $(BIN)/python tools/board.py

matrix:  ## test the package on the other versions of Python that are here, and on the oldest libraries it allows (gigabytes, once)
	$(PYTHON) tools/matrix.py $(ARGS)

# Of _build/course only what `make course` makes is removed: it once held submissions and marks as well.
clean:  ## remove what was built (the environment in .venv and what people put into COURSE=course stay; remove them by hand)
	@if [ -d _build ]; then find _build -mindepth 1 -maxdepth 1 -not -name course -exec rm -rf {} +; fi
	rm -rf _build/course/instructor _build/course/student .pytest_cache .ruff_cache dist build *.egg-info
	@if [ -d _build ]; then find _build -depth -type d -empty -delete; fi
	@if [ -d _build/course ]; then echo "_build/course stays, because it holds files that were not built, perhaps submissions and marks. Move them with \`mkdir -p $(COURSE) && mv -n _build/course/autograde/* $(COURSE)/\`, or remove _build/course by hand if nobody needs them."; fi
	find . -name __pycache__ -not -path './$(VENV)/*' -not -path './$(COURSE)/*' -prune -exec rm -rf {} +

lint: $(INSTALLED)  ## check style and formatting, notebooks included
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

vendor:  ## fetch MathJax and the widget scripts again (needs npm; not needed to build)
	$(PYTHON) tools/vendor.py

$(INSTALLED): requirements.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) found. Install Python 3.10 or newer, or say where it is: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Building the book needs Python 3.10 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1). Say where a newer one is: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

# nbgrader and what prints the PDF go into the same environment; the versions of requirements.txt win.
$(TEACHING): requirements-course.txt $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-course.txt -c requirements.txt
	@touch $@

# From scratch each time: an incremental build would leave pages that the table of contents no longer has.
$(SITE): $(PAGES) $(INSTALLED)
	@rm -rf _build/html _build/.doctrees _build/jupyter_execute $@
	$(BIN)/jupyter-book build . -W -n --keep-going --quiet
	@touch $@
