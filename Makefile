# Every target below makes the environment first if it has to. `make` alone explains itself.
# The steps of book, environment, lint and test stand in make.py, which also runs without make: python make.py book

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Another installer can be named, and is given requirements files or names: make test INSTALLER="uv pip install"
export VENV INSTALLER
COURSE ?= course
STEP = @command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) found. Install Python 3.10 or newer, or say where it is: make PYTHON=/path/to/python3"; exit 1; }; \
	$(PYTHON) make.py
ONE_THREAD = OMP_NUM_THREADS=1 MKL_NUM_THREADS=1  # as many processes as cores, or one more where browsers are waited for

.DEFAULT_GOAL := help
# A space, to put "or" in its place.
empty :=
space := $(empty) $(empty)

.PHONY: help book environment ready teaching notebooks test quick answers commands bench peers board matrix clean lint vendor course mark questions slides pdf zip usb downloads release colab edition

help:  ## list these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1|\2/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

book:  ## build the book into _build/html from the stored outputs (installs no PyTorch)
	$(STEP) book

environment:  ## install what the notebooks and the tests need into .venv, PyTorch included
	$(STEP) environment

ready teaching:  # what other targets begin with; the second adds what a course and the PDF need
	$(STEP) $@

notebooks: ready  ## run the notebooks whose code changed, store their outputs (NAMES="01_noise" for some, ARGS=--list to look)
	$(ONE_THREAD) $(BIN)/python -m tools.site.notebooks $(ARGS) $(NAMES)

test:  ## check style, then test the package, the site and every notebook
	$(STEP) test

quick: ready  ## test the package alone, in under two minutes
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist worksteal tests/package

commands: teaching  ## start every command that a page, a docstring or a stored result names, at smoke size
	$(BIN)/python -m pytest -n 2 --dist worksteal --durations=10 -m commands tests/tools/test_commands.py

answers: teaching  ## try right and wrong answers on every exercise's check, and have nbgrader mark submissions (some minutes)
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist worksteal -m answers tests/chapters$(if $(NAMES), -k "$(subst $(space), or ,$(strip $(NAMES)))")

course: teaching  ## notebooks to hand out into _build/course, and what nbgrader needs into COURSE=course (NAMES="01_noise" for some)
	@GANBOOK_SECRET="$$SECRET" $(BIN)/python -m tools.site.course --course "$(COURSE)" $(ARGS) $(NAMES)

mark: teaching  ## mark what students handed in, also what is not intact, and say what a person must look at (NAMES="01_noise")
	@test -n "$(NAMES)" || { echo 'Say which chapters: make mark NAMES="01_noise"'; exit 1; }
	$(BIN)/python -m tools.site.mark --course "$(COURSE)" $(ARGS) $(NAMES)

edition: ready  ## the notebooks that Colab, Jupyter and GitHub show, from the chapters, into _build/edition
	$(BIN)/python -m tools.site.edition $(NAMES)

questions: ready  ## the questions of the chapters, for Moodle and on paper, into _build/questions (NAMES="01_noise" for some)
	$(BIN)/python -m tools.site.questions $(ARGS) $(NAMES)

slides: ready  ## a deck of slides from each chapter into _build/slides
	$(BIN)/python -m tools.site.slides $(NAMES)

pdf: teaching book  ## the whole book as _build/ganbook.pdf, printed by Chromium
	$(BIN)/python -m tools.site.pdf

zip: ready book  ## the site as _build/ganbook-site.zip, for reading without a network
	$(BIN)/python -m tools.site.downloads

usb:  ## a folder for a stick: wheels, the book and the notebooks for a class without a network (ARGS="--system windows macos")
	$(STEP) usb $(ARGS)

downloads: pdf  ## both files into the built site, linked from the preface, as they are published
	$(BIN)/python -m tools.site.downloads --publish

release: ready  ## write a version into every file that bears it, commit and tag (VERSION=0.2.0)
	$(BIN)/python -m tools.site.release $(VERSION)

colab: ready  ## run every notebook as Colab would: alone, with older Jupyter parts, the package fetched by its first cell
	$(BIN)/python -m tools.checks.colab $(NAMES)

bench: ready  ## measure the speed that book/performance.md shows, on a machine that does nothing else (under twenty minutes on two cores)
	$(BIN)/python -m tools.experiments.bench

peers: ready  ## train the settings that are copied most, for book/performance.md (an hour and a half of one core; may be stopped and continued)
	$(ONE_THREAD) $(BIN)/python -m tools.experiments.peers

board: ready  ## train every recipe from several seeds for chapter 16's board (an hour or more on two cores; may be stopped and continued)
	$(ONE_THREAD) $(BIN)/python -m tools.experiments.board

matrix:  ## test the package on the other versions of Python that are here, and on the oldest libraries it allows (gigabytes, once)
	$(PYTHON) -m tools.checks.matrix $(ARGS)

# Of _build/course only what `make course` makes is removed: it once held submissions and marks as well.
clean:  ## remove what was built (the environment in .venv and a course's folder stay; remove them by hand)
	@if [ -d _build ]; then find _build -mindepth 1 -maxdepth 1 -not -name course -exec rm -rf {} +; fi
	rm -rf _build/course/instructor _build/course/student .pytest_cache .ruff_cache .mypy_cache dist build *.egg-info
	@if [ -d _build ]; then find _build -depth -type d -empty -delete; fi
	@if [ -d _build/course/autograde ]; then \
		echo "_build/course/autograde stays, because it may hold submissions and marks. Move them with \`mkdir -p $(COURSE) && mv -n _build/course/autograde/* $(COURSE)/\`, or remove _build/course by hand if nobody needs them."; \
	elif [ -d _build/course ]; then \
		echo "_build/course stays, because it holds files that \`make course\` does not make. Remove it by hand if nobody needs them."; fi
	find $(wildcard ganbook tools tests book notebooks) -name __pycache__ -prune -exec rm -rf {} +

lint:  ## check style and formatting, notebooks included, and the package's types
	$(STEP) lint

vendor:  ## fetch MathJax and the widget scripts again (needs npm; not needed to build)
	$(PYTHON) -m tools.site.vendor
