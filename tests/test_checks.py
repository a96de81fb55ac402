"""Each exercise's check accepts every correct approach we could think of and rejects typical wrong ones.

The answers are in tests/answers, a file a chapter. A chapter's cells run once, at the quick budget, up to each exercise,
where every listed answer is put in the solution's place. An answer that says FULL BUDGET runs at the reader's own.
"""

import functools
import warnings

import nbformat
import pytest
from chapters import ANSWERS, ROOT, answers, judged

from tools.course import exercises

NAMES = sorted(path.stem for path in ANSWERS.glob("*.py"))
CASES = [(name, *key) for name in NAMES for key in answers(name)]


@functools.cache
def results(name):
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # chapters that break things on purpose may warn; make test runs them as they are
        return judged(name)


def case_marks(case):
    return pytest.param(*case, id="-".join(case[:3]) + ": " + case[3], marks=pytest.mark.xdist_group(case[0]))


@pytest.mark.parametrize("name, label, kind, what", map(case_marks, CASES))
def test_a_check_accepts_what_is_right_and_rejects_what_is_wrong(name, label, kind, what):
    error = results(name)[label, kind, what]
    if kind == "right":
        assert error is None, f"a right answer is rejected: {error!r}"
    else:
        assert error is not None, "a wrong answer passes the check"
        assert str(error), "the check does not say what is wrong"


@pytest.mark.parametrize("name", NAMES)
def test_every_exercise_has_three_wrong_answers_or_more_and_a_right_one_that_is_not_ours(name):
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    for label in exercises(notebook):
        kinds = [kind for one, kind, _ in answers(name) if one == label]
        assert kinds.count("wrong") >= 3 and kinds.count("right") >= 1, f"{label}: {kinds}"
