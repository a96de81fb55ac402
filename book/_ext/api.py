"""The page book/api.md: every name that `ganbook.__all__` lists, read from the sources without importing them.

griffe reads the package as text and follows a name from `ganbook/__init__.py` to the file that defines it, however many
packages lie between. The page shows the signature, the docstring, the methods that have one, the example and a link to
the source. `{{ names }}` on the page becomes the Markdown for all of it.

A docstring is plain prose. Words in single backticks are code, and so is a word in quotes, as in "train". A paragraph
that begins with the name of a parameter and a colon becomes a list, with an item wherever the next such name begins. A
paragraph that begins with `>>>` is an example.
"""

import re
import textwrap
from pathlib import Path

import griffe

PAGE = "book/api"
CODE = re.compile(r"(`[^`]+`|\"[\w.-]+\")")  # a single word in quotes is a value
SPECIAL = re.compile(r"([\\*_{}\[\]<>()#$|~^@!&+=\"'-])")  # a backslash before one of these makes it plain text
SHOWN = ("__call__", "__enter__", "__getitem__", "__iter__", "__len__")  # methods that are used without their name


def modules(package: griffe.Module) -> dict[str, griffe.Module]:
    """A package and all modules in it, by their path with dots."""
    found = {package.path: package}
    for inner in (one for one in package.members.values() if not one.is_alias and one.is_module):
        found |= modules(inner)
    return found


def defined(path: str, within: dict[str, griffe.Module]) -> griffe.Object:
    """What a path like "ganbook.train" stands for, through all imports; an import hides a module of its name."""
    place, _, name = path.rpartition(".")
    module = within.get(place)
    if module and name in module.imports:
        return defined(module.imports[name], within)
    if module and name in module.members and not module.members[name].is_alias:
        return module.members[name]
    raise ValueError(
        f"{path} is public, and the text of the package does not say what it is. Import it by name from the module "
        "that defines it; under `if TYPE_CHECKING:` if it is loaded later."
    )


def public(package: griffe.Module) -> dict[str, griffe.Object]:
    """The names of `__all__` in its order, and what each stands for."""
    within = modules(package)
    names = [str(name) for name in package.exports or [] if not str(name).startswith("__")]
    return {name: defined(f"{package.path}.{name}", within) for name in names}


def prose(text: str, known: dict[str, str]) -> str:
    """A paragraph as Markdown: code stays code, a public name becomes a link, everything else is plain text."""
    parts = []
    for part in CODE.split(" ".join(text.split())):
        if not CODE.fullmatch(part):
            parts.append(SPECIAL.sub(r"\\\1", part))
        elif part.strip("`") in known:
            parts.append(f"{{py:obj}}`{known[part.strip('`')]}`")
        else:
            parts.append(part if part.startswith("`") else f"`{part}`")
    return "".join(parts)


def items(text: str, parameters: set[str], known: dict[str, str]) -> str | None:
    """A paragraph about parameters as a list of definitions, None if it is not about parameters."""
    start = re.compile(r"(?:^|(?<=[.;:] ))(\w+(?:, \w+)*): ", re.MULTILINE)
    lines = "\n".join(line.strip() for line in text.splitlines())
    starts = [one for one in start.finditer(lines) if set(one[1].split(", ")) <= parameters]
    if not starts or starts[0].start():
        return None
    ends = [one.start() for one in starts[1:]] + [len(lines)]
    return "\n\n".join(
        f"{', '.join(f'`{name}`' for name in one[1].split(', '))}\n: {prose(lines[one.end() : end], known)}"
        for one, end in zip(starts, ends)
    )


def described(one: griffe.Object, known: dict[str, str]) -> str:
    """The docstring of `one` as Markdown."""
    if not one.docstring:
        return ""
    parameters = {parameter.name for parameter in getattr(one, "parameters", None) or []}
    made = []
    for paragraph in re.split(r"\n\s*\n", one.docstring.value.strip()):
        if paragraph.lstrip().startswith(">>>"):
            made.append(f"```pycon\n{textwrap.dedent(paragraph)}\n```")
        else:
            made.append(items(paragraph, parameters, known) or prose(paragraph, known))
    return "\n\n".join(made)


def signature(name: str, one: griffe.Object) -> str:
    """How `one` is called, as its source writes it."""
    if one.is_attribute or (kind_of(one) == "exception" and len(one.parameters) < 2):
        return name
    parts, star = [], False
    parameters = list(one.parameters)
    if one.is_class or (one.parent and one.parent.is_class and "staticmethod" not in one.labels):
        parameters = parameters[1:]  # self
    positional = [p for p in parameters if p.kind is griffe.ParameterKind.positional_only]
    for place, parameter in enumerate(parameters):
        kind = parameter.kind
        stars = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}.get(kind, "")
        if kind is griffe.ParameterKind.keyword_only and not star:
            parts.append("*")
        star = star or stars == "*" or kind is griffe.ParameterKind.keyword_only
        text = stars + parameter.name + (f": {parameter.annotation}" if parameter.annotation else "")
        if parameter.default is not None and not stars:
            text += f" = {parameter.default}" if parameter.annotation else f"={parameter.default}"
        parts.append(text)
        if positional and place == len(positional) - 1:
            parts.append("/")
    returns = f" -> {one.returns}" if one.is_function and one.returns and str(one.returns) != "None" else ""
    return f"{name}({', '.join(parts)}){returns}"


def kind_of(one: griffe.Object) -> str:
    """The directive of Sphinx's Python domain that describes `one`."""
    if one.is_class:
        return "exception" if any(str(base).endswith(("Exception", "Error")) for base in one.bases) else "class"
    if one.parent and one.parent.is_class:
        return "property" if one.is_attribute else "method"
    return "function" if one.is_function else "data"


def methods(one: griffe.Object) -> dict[str, griffe.Object]:
    """The methods and properties of a class that have a docstring, with those that it inherits."""
    members = one.all_members.items() if one.is_class else []
    found = {name: member.final_target if member.is_alias else member for name, member in members}
    return {
        name: member
        for name, member in found.items()
        if (member.is_function or "property" in member.labels)
        and member.docstring
        and (not name.startswith("_") or name in SHOWN)
    }


def source(one: griffe.Object, root: Path, repository: str, branch: str) -> str:
    """A link to the lines that define `one`."""
    place = Path(one.filepath).resolve().relative_to(root.resolve()).as_posix()
    return f"[Source: {place}]({repository}/blob/{branch}/{place}#L{one.lineno}-L{one.endlineno})"


def reference(root: Path, repository: str, branch: str, package: str = "ganbook") -> tuple[str, set[Path]]:
    """The Markdown for all public names of the package in the folder `root`, and the files that it was made from."""
    loaded = griffe.load(package, search_paths=[root], allow_inspection=False)
    names = public(loaded)
    known = {written: f"{package}.{name}" for name in names for written in (name, f"{package}.{name}")}
    parts = []
    for name, one in names.items():
        body = [described(one, known), source(one, root, repository, branch)]
        for method, member in methods(one).items():
            head = f"`````{{py:{kind_of(member)}}} {signature(f'{package}.{name}.{method}', member)}"
            body.append(f"{head}\n\n{described(member, known)}\n`````")
        head = f"``````{{py:{kind_of(one)}}} {signature(f'{package}.{name}', one)}"
        parts.append("\n\n".join([f"(api-{name})=\n## {name}", head, *body, "``````"]))
    return "\n\n".join(parts), {Path(one.filepath) for one in names.values()}


def fill_in(app, docname, text):
    """Sphinx's event `source-read`. A substitution of MyST would not do: it may hold no headings."""
    if docname != PAGE:
        return
    options = app.config.html_theme_options
    made, files = reference(Path(app.srcdir), options["repository_url"], options["repository_branch"])
    for file in files:
        app.env.note_dependency(str(file))
    text[0] = text[0].replace("{{ names }}", made)


def spans(head: re.Match) -> str:
    plain = head[0]
    for tag, name in (("dl", "sig-lines"), ("dd", "sig-line")):
        plain = plain.replace(f"<{tag}>", f'<span class="{name}">').replace(f"</{tag}>", "</span>")
    return plain


def lines(app, page, template, context, doctree):
    """Sphinx's event `html-page-context`: it writes a long signature as a list of definitions without terms."""
    if page == PAGE:
        context["body"] = re.sub(r'(?s)<dt class="sig .*?</dt>', spans, context["body"])


def setup(app):
    app.connect("source-read", fill_in)
    app.connect("html-page-context", lines)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
