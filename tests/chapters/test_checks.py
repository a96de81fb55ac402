"""Each exercise's check accepts every correct approach we could think of and rejects typical wrong ones.

The answers are in tests/chapters/answers, one file a chapter. A chapter runs once, at the quick budget, and at each
exercise every listed answer is put in the place of the solution. One that says FULL BUDGET runs at the reader's own.
"""

import re
import textwrap
import warnings

import nbformat
import pytest
from exercise_answers import ANSWERS, BLOCK, ROOT, answers, judged

from tools.site.course import exercises

NAMES = sorted(path.stem for path in ANSWERS.glob("*.py"))


@pytest.mark.answers
@pytest.mark.parametrize("name", NAMES)
def test_the_checks_of_a_chapter_accept_what_is_right_and_reject_what_is_wrong(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a chapter may break things on purpose; `make test` runs it as it is, too
        results = judged(name)
    assert results.keys() >= answers(name).keys()
    wrong = [f"{key}: {error!r}" for key, error in results.items() if key[1] == "right" and error is not None]
    assert not wrong, "right answers that a check rejects:\n" + "\n".join(wrong)
    passed = [str(key) for key, error in results.items() if key[1] == "wrong" and error is None]
    assert not passed, "wrong answers that pass a check:\n" + "\n".join(passed)
    silent = [str(key) for key, error in results.items() if error is not None and not str(error)]
    assert not silent, "rejected without a word:\n" + "\n".join(silent)


@pytest.mark.parametrize("name", NAMES)
def test_every_exercise_has_three_wrong_answers_or_more_and_a_right_one_that_is_not_ours(name):
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    for label in exercises(notebook):
        kinds = [kind for one, kind, _ in answers(name) if one == label]
        right, wrong = kinds.count("right"), kinds.count("wrong")
        said = f"{label}: needs a right answer and three wrong ones, has {right} right and {wrong} wrong"
        assert right >= 1 and wrong >= 3, said


def passes(check, answer):
    try:
        exec(f"{answer}\n{check}", {})
    except AssertionError:
        return False
    return True


def test_the_example_of_contributing_has_what_it_asks_for():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("\n## Adding an exercise\n")[2]
    _, check, examples = re.findall(r"^ *```python\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)[:3]
    parts = BLOCK.split(examples)[1:]  # label, kind, what, answer; label, ...
    results = [(kind, passes(textwrap.dedent(check), answer)) for kind, answer in zip(parts[1::4], parts[3::4])]
    assert results == [("right", True), *[("wrong", False)] * 3]
