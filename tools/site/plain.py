"""The chapters' Markdown without MyST, for places that know plain Markdown only: students' notebooks and slides.

    reader = Plain()
    reader.text(cell.source)

Directives become paragraphs, quotes and tables; roles become the words that the site shows; labels disappear. Links to
other pages of the book lead to the site, so that a single notebook needs no file beside it. In the place of a diagram
stands a mark, DIAGRAM, with the caption below it: who shows the text puts the picture there. An explorable is a diagram
too, since a picture stands for it, with a link to its place on the site.
"""

import posixpath
import re
import sys
from pathlib import Path

import yaml
from contents import front, pages
from explorable import NAMES as EXPLORABLES
from publish import address
from pybtex.database import parse_file
from pybtex.richtext import Text
from records import numbers

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "book" / "_ext"))

from notebook_form import read  # noqa: E402

# A fence with a {name} is a directive, any other is a block of code: one pattern, so that no closing fence opens one.
FENCE = re.compile(
    r"^(?P<mark>`{3,}|:{3,}|~{3,})(?:\{(?P<name>[\w:-]+)\} *(?P<title>[^\n]*)|[^\n]*)\n(?P<body>.*?)^(?P=mark)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
EQUATION = re.compile(r"\$\$(?P<tex>.+?)\$\$ *\((?P<label>[\w-]+)\)", re.S)
ROLE = re.compile(r"\{(?P<name>[\w:]+)\}`(?:(?P<words>[^`<]+?) *<(?P<target>[^`>]+)>|(?P<key>[^`]+))`")
CHAPTER = re.compile(r"(?:\([\w-]+\)=\n)?# (\d+[a-z]?\.) ")
DIAGRAM = re.compile(r"^<!-- diagram ([\w-]+) -->$", re.MULTILINE)
VERBATIM = ("url", "doi", "eprint")  # fields of a .bib file in which a % or a ~ is only that
KINDS = {"prf:theorem": "Theorem", "prf:definition": "Definition", "prf:algorithm": "Algorithm", "prf:remark": "Remark"}


def bibliography(path: Path) -> dict:
    """The works of a .bib file as one reads them: without TeX's accents and braces in names and fields."""
    works = parse_file(str(path), "bibtex").entries
    for work in works.values():
        for name in work.fields:
            if name not in VERBATIM:
                work.fields[name] = str(Text.from_latex(work.fields[name]))
        for person in (one for role in work.persons.values() for one in role):
            for part in ("first", "middle", "prelast", "last", "lineage"):
                read = getattr(person, f"rich_{part}_names")
                setattr(person, f"{part}_names", [str(name) for name in read])
    return works


def family_names(entry) -> str:
    """Goodfellow et al.; Heusel and Ramsauer; Kingma."""
    names = [" ".join([*person.prelast_names, *person.last_names]) for person in entry.persons["author"]]
    return f"{names[0]} et al." if len(names) > 2 else " and ".join(names)


def options(body: str) -> tuple[dict[str, str], str]:
    """The `:name: value` lines that open a directive, and what follows them."""
    found = {}
    lines = body.split("\n")
    while lines and (line := re.match(r"^:([\w-]+): *(.*)$", lines[0])):
        found[line[1]] = line[2]
        lines.pop(0)
    return found, "\n".join(lines).strip("\n")


def first_sentence(caption: str) -> str:
    return re.match(r".+?[.?](?=\s|$)|.+", caption, re.S)[0].rstrip(".")


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def table(body: str) -> str:
    """A {list-table} as a table of Markdown; its first row is the head."""
    rows: list[list[str]] = []
    for line in body.split("\n"):
        if line.startswith("* -"):
            rows.append([line[3:].strip()])
        elif line.startswith("  -"):
            rows[-1].append(line[3:].strip())
        elif line.strip() and rows:
            rows[-1][-1] += " " + line.strip()
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


class Plain:
    """Knows what every label, figure and citation of the book is called; reads all notebooks once."""

    def __init__(self, root: Path = ROOT):
        config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
        self.repository = f"{config['repository']['url']}/blob/{config['repository']['branch']}"
        self.home = config.get("html", {}).get("baseurl") or address(config["repository"]["url"])
        self.pages = {front(root), *pages(root)}
        self.works = bibliography(root / "book" / "references.bib")
        self.names: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.values: dict[str, str] = {}
        self.places: dict[str, str] = {}  # of explorables: the address of each on the site, by label
        self.homes: dict[str, str] = {}  # and the address of its page, by name
        for path in sorted((root / "notebooks").glob("*.ipynb")):
            self.learn(read(path), path.stem)

    def learn(self, notebook, page: str = "") -> None:
        """Note the title of each label, the number of each equation in its chapter, and the numbers from outputs.

        `page` is the chapter's name.
        """
        chapter = CHAPTER.match(notebook.cells[0].source) if notebook.cells else None
        number, before = 0, chapter[1] if chapter else ""
        self.values |= numbers(notebook)
        for cell in notebook.cells:
            figure = cell.metadata.get("mystnb", {}).get("figure", {})
            if "name" in figure:
                self.names[figure["name"]] = f"the figure “{self.roles(first_sentence(figure.get('caption', '')))}”"
            if cell.cell_type != "markdown":
                continue
            for label, title in re.findall(r"^\(([\w-]+)\)=\n+#+ +(.+)$", cell.source, re.M):
                self.names[label] = title
            for found in FENCE.finditer(cell.source):
                if not found["name"]:
                    continue
                set_, body = options(found["body"])
                if found["name"] in EXPLORABLES:
                    self.homes[found["name"]] = f"{self.home}notebooks/{page}.html"
                    self.places[set_["name"]] = f"{self.homes[found['name']]}#{set_['name']}"
                if found["name"] in ("diagram", *EXPLORABLES):
                    self.names[set_["name"]] = f"the figure “{self.roles(first_sentence(body.strip()))}”"
                elif label := set_.get("label", set_.get("name")):
                    kind = KINDS.get(found["name"], "Exercise" if found["name"] == "exercise" else "")
                    self.names[label] = (
                        " ".join(filter(None, [kind, f"“{found['title']}”"])) if found["title"] else kind
                    )
            for found in EQUATION.finditer(cell.source):
                number += 1
                self.numbers[found["label"]] = f"{before}{number}"  # 3.2, as book/_ext/counting.py counts

    # ---------------------------------------------------------------------------------------------------------- text

    def text(self, source: str) -> str:
        """One Markdown cell. Blocks of code keep every character."""
        kept: list[str] = []

        def fence(found):
            if found["name"]:
                return self.directive(found, fence)
            kept.append(found[0])
            return f"\0{len(kept) - 1}\0"

        source = FENCE.sub(fence, source)
        source = re.sub(r"^\([\w-]+\)=\n", "", source, flags=re.M)
        source = EQUATION.sub(lambda e: f"$${e['tex'].rstrip()} \\tag{{{self.numbers[e['label']]}}}$$", source)
        source = self.links(self.roles(source))
        return re.sub(r"\0(\d+)\0", lambda n: kept[int(n[1])], source).strip("\n")

    def directive(self, found, fence) -> str:
        """One directive; `fence` does the same for what stands in it."""
        name, title = found["name"], found["title"].strip()
        set_, body = options(found["body"])
        body = FENCE.sub(fence, body)
        if name == "diagram":
            return f"<!-- diagram {title} -->\n\n**Figure.** {body.strip()}"
        if name in EXPLORABLES:
            there = f"*On [the page of the book]({self.places[set_['name']]}) you can do this yourself.*"
            return f"<!-- diagram {name} -->\n\n**Figure.** {body.strip()}\n\n{there}"
        if name == "exercise":
            return f"### Exercise: {title}\n\n{body}"
        if name in KINDS:
            return quoted(f"**{KINDS[name]}{f' ({title})' if title else ''}.**\n\n{body}")
        if name == "prf:proof":
            return f"*Proof.* {body}"
        if name == "list-table":
            return f"**{title}**\n\n{table(body)}" if title else table(body)
        if "dropdown" in set_.get("class", ""):
            return f"<details><summary>{title or name.capitalize()}</summary>\n\n{body}\n\n</details>"
        return quoted(f"**{title if name == 'admonition' else name.capitalize()}.** {body}")

    def roles(self, source: str) -> str:
        return ROLE.sub(self.role, source)

    def role(self, found) -> str:
        name, key = found["name"], (found["target"] or found["key"]).strip()
        if name in ("cite:t", "cite:p"):
            works = [
                (family_names(self.works[one.strip()]), self.works[one.strip()].fields["year"])
                for one in key.split(",")
            ]
            if name == "cite:t":
                return "; ".join(f"{who} ({year})" for who, year in works)
            return "(" + "; ".join(f"{who}, {year}" for who, year in works) + ")"
        if name == "eq":
            return f"({self.numbers[key]})"
        if name == "glue:text":
            return self.values[key.rpartition("::")[2]]
        if name == "try":
            return f"[{found['words']}]({self.homes[key.partition(':')[0]]}#{key})"
        if name in ("ref", "numref", "prf:ref"):
            return found["words"] or self.names[key]
        raise ValueError(f"the role {{{name}}} has no plain form yet: add one to tools/site/plain.py")

    def links(self, source: str) -> str:
        """[text](03_dcgan.ipynb) and [text](../book/notation.md) lead to the site; [text](#label) is its text.

        What is no page of the book is in the repository.
        """

        def absolute(found):
            target, _, anchor = found[2].partition("#")
            if not target:
                return found[1]
            if re.match(r"[a-z]+:", target):
                return found[0]
            path = posixpath.normpath(posixpath.join("notebooks", target))
            page = path.rpartition(".")[0]
            start = f"{self.home}{page}.html" if page in self.pages else f"{self.repository}/{path}"
            return f"[{found[1]}]({start}{'#' + anchor if anchor else ''})"

        return re.sub(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)", absolute, source)
