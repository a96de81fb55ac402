"""What the site adds for teaching; the notebooks themselves have none of it. To a chapter, while its notebook is read:

1. Under the title: where the chapter stands in the table of contents, which chapters it needs (book/needs.yml), how
   long it takes to read (its words, counted) and to run (as measured).
2. Before the heading "Exercises", or "Summary" in a chapter whose exercises stand in the text: the questions of
   book/quizzes/NAME.yml, if there are any. Plain radio buttons, feedback for every answer, nothing stored and nothing
   sent; `quiz.js` adds a button to each question.
3. The markers round solutions and those for nbval, and hidden tests, are not shown.

To the teacher's guide: `{minutes}`, a table of what each chapter takes, and `{schedule}`, which deals chapters out to
the sessions of a course and adds up. Both count and add when the site is built. And `{lines}`, the questions to ask in
class, which stand with the slides of a chapter in book/slides.
"""

import html
import json
import math
import re
from pathlib import Path
from typing import NamedTuple

import yaml
from contents import chapters, numeral, parts
from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.statemachine import StringList
from explorable import NAMES as EXPLORABLES

WORDS_A_MINUTE = 200  # plain non-fiction is read at about 240 (Brysbaert, 2019); here are formulas between the words
SECONDS_A_FIGURE = 30
# Two guesses, for somebody who follows: a displayed formula, and a line of code that is not folded away.
SECONDS_A_FORMULA = 45
SECONDS_A_LINE = 4
FOLDED = {"setup", "hide-input", "solution", "check"}
MARKER = re.compile(r"^[ \t]*(?:### (?:BEGIN|END) SOLUTION|# NBVAL_\w+)[ \t]*\n?", re.MULTILINE)
HIDDEN = re.compile(r"^[ \t]*### BEGIN HIDDEN TESTS.*?^[ \t]*### END HIDDEN TESTS[ \t]*\n?", re.MULTILINE | re.DOTALL)


def prose(notebook: dict) -> str:
    return "\n\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def words(notebook: dict) -> int:
    """Words of the Markdown cells; formulas and code cells are not counted."""
    text = prose(notebook)
    text = re.sub(r"\$\$[^$]*\$\$|\$[^$]+\$", " ", text)
    text = re.sub(r"^(?:```|:::|:\w+:).*$|^\(.+\)=$|https?://\S+", " ", text, flags=re.MULTILINE)
    return len(re.findall(r"[^\W\d_][\w'-]*", text))


def figures(notebook: dict) -> int:
    outputs = [out for cell in notebook["cells"] if cell["cell_type"] == "code" for out in cell["outputs"]]
    kinds = "|".join(["diagram", *EXPLORABLES])
    drawn = len(re.findall(rf"^`{{3,}}\{{(?:{kinds})\}}", prose(notebook), flags=re.MULTILINE))
    return drawn + sum(any(kind.startswith("image/") for kind in out.get("data", {})) for out in outputs)


def reading(notebook: dict) -> float:
    """Minutes."""
    return words(notebook) / WORDS_A_MINUTE + figures(notebook) * SECONDS_A_FIGURE / 60


def running(seconds: float) -> str:
    return f"{10 * math.ceil(seconds / 10)} seconds" if seconds < 90 else f"{math.ceil(seconds / 60)} minutes"


def head(notebook: dict) -> str:
    """The line under a chapter's title."""
    count, pictures = words(notebook), figures(notebook)
    line = f"About {math.ceil(reading(notebook))} minutes of reading ({count:,} words and {pictures} figures"
    seconds = notebook["metadata"].get("ganbook", {}).get("seconds")
    run = "not measured yet" if seconds is None else f"{running(seconds)} on one CPU core, as measured"
    return f"*{line}). Running time: {run}.*"


def standing(source: Path, docname: str) -> str:
    """Where a chapter stands and what it needs, for the same line, in Markdown."""
    for caption, files in parts(source):
        if docname in files:
            among = f", {files.index(docname) + 1} of {len(files)}" if len(files) > 1 else ""
            needs = needed(source).get(docname.rpartition("/")[2], [])
            links = [f"[chapter {numeral(name)}]({name}.ipynb)" for name in needs]
            first = ", ".join(links[:-1]) + " and " + links[-1] if len(links) > 1 else "".join(links)
            return f"**{caption}**{among}. Needs {first or 'no other chapter'}."
    raise ValueError(f"{docname} is not in _toc.yml")


def needed(source: Path) -> dict[str, list[str]]:
    """Each chapter and those that have to be read before it."""
    return yaml.safe_load((source / "book" / "needs.yml").read_text(encoding="utf-8"))


def place(notebook: dict) -> str | None:
    """The heading that the questions stand before; None if the chapter has neither of the two."""
    lines = prose(notebook).splitlines()
    return next((heading for heading in ("## Exercises", "## Summary") if heading in lines), None)


def with_questions(text: str, heading: str, questions: str) -> str:
    """The Markdown `text` with `questions` before its line `heading`, if it has one."""
    return re.sub(rf"^{heading}$", lambda _: f"{questions}\n\n{heading}", text, count=1, flags=re.MULTILINE)


def add_to_chapter(app, docname, source):
    """Sphinx's event `source-read`: the text of the notebook as it goes to the parser."""
    folder, _, name = docname.rpartition("/")
    if folder != "notebooks":
        return
    notebook = json.loads(source[0])
    quiz, heading = (Path(app.srcdir) / "book" / "quizzes" / f"{name}.yml").exists(), place(notebook)
    if quiz and heading is None:
        raise ValueError(f"{docname} has questions but no heading '## Exercises' or '## Summary' to put them before")
    for number, cell in enumerate(notebook["cells"]):
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            text = HIDDEN.sub("", MARKER.sub("", text)).rstrip("\n")
        elif number == 0:
            line = f"```{{standing}}\n{standing(Path(app.srcdir), docname)}\n{head(notebook)}\n```"
            text = re.sub(r"^# .+$", lambda title, line=line: f"{title[0]}\n\n{line}", text, count=1, flags=re.M)
        elif quiz:
            text = with_questions(text, heading, f"## Questions\n\n```{{quiz}} {name}\n```")
        cell["source"] = text
    source[0] = json.dumps(notebook)


# -------------------------------------------------------------------------------------------------------- questions


class Tag(nodes.Element):
    """One HTML element: its name in `tag`, its attributes in `set`."""


def open_tag(self, node):
    attributes = "".join(f' {name}="{html.escape(value)}"' for name, value in node["set"].items())
    self.body.append(f"<{node['tag']}{attributes}>")


def close_tag(self, node):
    self.body.append("" if node["tag"] == "input" else f"</{node['tag']}>")


def open_standing(self, node):
    self.body.append('<div class="standing">')


def close_standing(self, node):
    self.body.append("</div>")


def tag(element: str, /, *children, **attributes) -> Tag:
    made = Tag(tag=element, set={key.rstrip("_"): value for key, value in attributes.items()})
    made += [nodes.Text(child) if isinstance(child, str) else child for child in children]
    return made


class Standing(nodes.Admonition, nodes.Element):
    """The line under a title. Descriptions of a page are made of its first words, and skip what is an admonition."""


class Stand(Directive):
    """```{standing}: its content, as the line under a title."""

    has_content = True

    def run(self):
        line = Standing()
        self.state.nested_parse(self.content, self.content_offset, line)
        return [line]


def of_chapter(directive: Directive, folder: str) -> list[dict]:
    """What book/FOLDER/NAME.yml lists for the chapter NAME, the directive's argument; the page depends on the file."""
    environment = directive.state.document.settings.env
    path = Path(environment.srcdir) / "book" / folder / f"{directive.arguments[0]}.yml"
    environment.note_dependency(str(path))
    return yaml.safe_load(path.read_text(encoding="utf-8"))


class Quiz(Directive):
    """```{quiz} 01_noise: the questions of book/quizzes/01_noise.yml."""

    required_arguments = 1

    def run(self):
        questions = of_chapter(self, "quizzes")
        return [tag("div", *(self.question(one, n) for n, one in enumerate(questions, 1)), class_="quiz")]

    def inline(self, text: str) -> list[nodes.Node]:
        return self.state.inline_text(" ".join(text.split()), self.lineno)[0]

    def question(self, one: dict, number: int) -> Tag:
        name = f"quiz-{number}"
        answers = []
        for place, answer in enumerate(one["answers"], 1):
            mark = f"{name}-{place}"
            right = bool(answer.get("right"))
            # A formula alone has no words that would name the button.
            formula = re.fullmatch(r"\$([^$]+)\$", answer["text"].strip())
            words = {"aria-label": re.sub(r"[\\{}]", "", formula[1])} if formula else {}
            answers.append(
                tag(
                    "div",
                    tag("input", type="radio", name=name, id=mark, value=str(place), **words),
                    tag("label", *self.inline(answer["text"]), for_=mark),
                    tag(
                        "div",
                        tag("strong", "Right. " if right else "No. "),
                        *self.inline(answer["feedback"]),
                        class_=f"quiz-feedback {'quiz-right' if right else 'quiz-wrong'}",
                    ),
                    class_="quiz-answer",
                )
            )
        legend = tag("legend", tag("span", f"{number}. "), *self.inline(one["question"]))
        return tag("fieldset", legend, *answers)


# ------------------------------------------------------------------------------------------------- what a course takes


def following(notebook: dict) -> float:
    """Minutes for formulas and code: a formula in a line counts as a word, a line of code if it is not folded away."""
    text = prose(notebook)
    displayed = len(re.findall(r"\$\$[^$]+\$\$", text))
    inline = len(re.findall(r"(?<!\$)\$(?!\$)[^$]+\$(?!\$)", text))
    seen = [
        line
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and not FOLDED.intersection(cell.get("metadata", {}).get("tags", []))
        for line in "".join(cell["source"]).splitlines()
        if line.strip()
    ]
    return (displayed * SECONDS_A_FORMULA + len(seen) * SECONDS_A_LINE) / 60 + inline / WORDS_A_MINUTE


class Cost(NamedTuple):
    """Minutes of reading, of following formulas and code, of running (None: never run), and how many exercises."""

    reading: int
    following: int
    running: int | None
    exercises: int


def cost(notebook: dict) -> Cost:
    seconds = notebook["metadata"].get("ganbook", {}).get("seconds")
    exercises = len(re.findall(r"^`{3,}\{exercise\}", prose(notebook), flags=re.MULTILINE))
    run = None if seconds is None else math.ceil(seconds / 60)
    return Cost(math.ceil(reading(notebook)), math.ceil(following(notebook)), run, exercises)


def minutes_of(costs: list[Cost], each: int) -> int:
    """All minutes of some chapters, with `each` minutes for an exercise."""
    return sum(one.reading + one.following + (one.running or 0) + each * one.exercises for one in costs)


def together(costs: list[Cost], each: int, talk: int = 0) -> tuple[str, ...]:
    """Reading, following, running, exercises, talk and the sum, with `each` minutes for an exercise.

    A + says that the running time of a chapter is not known.
    """
    more = "+" if any(one.running is None for one in costs) else ""
    read, follow, exercises = (
        sum(getattr(one, name) for one in costs) for name in ("reading", "following", "exercises")
    )
    run = sum(one.running or 0 for one in costs)
    return str(read), str(follow), f"{run}{more}", str(exercises), str(talk), f"{minutes_of(costs, each) + talk}{more}"


def sections(notebook: dict) -> list[tuple[str, float]]:
    """Title and minutes of reading of each section of level 2; what stands before the first has no title."""
    found: list[tuple[str, list]] = [("", [])]
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] != "markdown":
            found[-1][1].append(cell)
            continue
        first, *rest = re.split(r"^## +(.+)$", text, flags=re.MULTILINE)
        found[-1][1].append(cell | {"source": first})
        found += [(title, [cell | {"source": body}]) for title, body in zip(rest[::2], rest[1::2])]
    return [(title.strip(), reading({"cells": cells})) for title, cells in found]


def minutes(notebooks: dict[str, dict]) -> str:
    """Markdown: a table of all chapters, and folded below it the minutes of each section."""
    lines = ["| Chapter | reading | formulas and code | running | exercises |", "|---|---|---|---|---|"]
    folded = ["````{admonition} Section by section", ":class: dropdown", ""]
    for file, notebook in notebooks.items():
        read, follow, run, exercises = cost(notebook)
        shown = "not measured yet" if run is None else run
        lines.append(f"| {{doc}}`/{file}` | {read} | {follow} | {shown} | {exercises} |")
        parts = [f"{title or 'opening'} ({max(1, round(read))})" for title, read in sections(notebook)]
        folded += [f"- {{doc}}`/{file}`: {'; '.join(parts)}"]
    rate = (
        f"Minutes, rounded up: {WORDS_A_MINUTE} words a minute, {SECONDS_A_FIGURE} seconds a figure, "
        f"{SECONDS_A_FORMULA} a displayed formula and {SECONDS_A_LINE} a line of code that is not folded away."
    )
    return "\n".join([*lines, "", rate, "", *folded, "````"])


def schedule(
    plan: list[dict[str, str]], notebooks: dict[str, dict], each: int, talk: int = 0, most: int | None = None
) -> str:
    """Markdown: a table with a row for each session of `plan` and their sum.

    A session is {its name: "01_noise, 08_failures 2"}: chapters, a number behind one says how many of its exercises.
    `talk` minutes belong to no chapter. Raises ValueError if a session takes more than `most` minutes.
    """
    files, total = {Path(file).name: file for file in notebooks}, []
    lines = [
        "| Session | chapters | reading | formulas and code | running | exercises | together in class | all |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for session in plan:
        ((name, wanted),) = session.items()
        costs, links = [], []
        for chapter, *number in map(str.split, wanted.split(",")):
            whole = cost(notebooks[files[chapter]])
            taken = int(number[0]) if number else whole.exercises
            if not 0 <= taken <= whole.exercises:
                raise ValueError(f"{chapter} has {whole.exercises} exercises, not {taken}")
            costs.append(whole._replace(exercises=taken))
            count = f" ({taken})" if taken < whole.exercises else ""
            links.append(f"{{doc}}`/{files[chapter]}`{count}")
        if most is not None and minutes_of(costs, each) + talk > most:
            raise ValueError(f"{name} takes {minutes_of(costs, each) + talk} minutes, and has {most}")
        lines.append(f"| {name} | {'; '.join(links)} | {' | '.join(together(costs, each, talk))} |")
        total += costs
    whole = together(total, each, talk * len(plan))
    lines.append(f"| **All** | | {' | '.join(f'**{value}**' for value in whole)} |")
    note = f"Minutes; {each} are counted for an exercise. In brackets: how many exercises, where it is not all."
    if most is not None:
        note += f" No session takes more than {most}."
    if any(one.running is None for one in total):
        note += " A + stands where the running time of a chapter has not been measured yet."
    return "\n".join([*lines, "", note])


class Lines(Directive):
    """```{lines} 01_noise: what each slide of book/slides/01_noise.yml says, and the question to ask there."""

    required_arguments = 1

    def run(self):
        asked = [one for one in of_chapter(self, "slides") if "ask" in one]
        rows = [[one[column].replace("|", "\\|") for column in ("title", "ask")] for one in asked]
        lines = ["| On the slide | Ask |", "|---|---|", *(f"| {title} | {ask} |" for title, ask in rows)]
        made = nodes.container(classes=["costs"])
        self.state.nested_parse(StringList(lines, ""), self.content_offset, made)
        return [made]


class FromNotebooks(Directive):
    """A directive whose Markdown is made of the notebooks in the table of contents."""

    def markdown(self, notebooks: dict[str, dict]) -> str:
        raise NotImplementedError

    def run(self):
        environment = self.state.document.settings.env
        source, notebooks = Path(environment.srcdir), {}
        for file in chapters(source):
            path = source / f"{file}.ipynb"
            environment.note_dependency(str(path))
            notebooks[file] = json.loads(path.read_text(encoding="utf-8"))
        made = nodes.container(classes=["costs"])
        self.state.nested_parse(StringList(self.markdown(notebooks).splitlines(), ""), self.content_offset, made)
        return [made]


class Minutes(FromNotebooks):
    """```{minutes}: what each chapter takes."""

    def markdown(self, notebooks):
        return minutes(notebooks)


class Schedule(FromNotebooks):
    """```{schedule}: the sessions of a course, as a list in YAML; `:exercise:` are the minutes for an exercise.

    `:talk:` are the minutes of a session that belong to no chapter, `:most:` those that it must not exceed.
    """

    has_content = True
    option_spec = dict.fromkeys(("exercise", "talk", "most"), directives.nonnegative_int)

    def markdown(self, notebooks):
        options = self.options
        plan = yaml.safe_load("\n".join(self.content))
        return schedule(plan, notebooks, options["exercise"], options.get("talk", 0), options.get("most"))


def setup(app):
    app.add_node(Tag, html=(open_tag, close_tag))
    app.add_node(Standing, html=(open_standing, close_standing))
    app.add_directive("standing", Stand)
    app.add_directive("quiz", Quiz)
    app.add_directive("minutes", Minutes)
    app.add_directive("schedule", Schedule)
    app.add_directive("lines", Lines)
    app.connect("source-read", add_to_chapter)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
