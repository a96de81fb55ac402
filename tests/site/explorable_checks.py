"""What the tests of several explorables ask of their pages in the same way."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from axe_playwright_python.base import AXE_SCRIPT


def prose(path: Path) -> str:
    """The Markdown of a page: of a file, or of a notebook's cells."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    return "\n\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")


def tries(text: str, name: str) -> dict[str, str]:
    """The links of a text to states of the explorable `name`: words -> state."""
    return dict(re.findall(rf"\{{try\}}`([^<`]+?) <({name}:[^>`]+)>`", text))


def spent_on(page, script: str) -> float:
    """Seconds of the page's main thread, script to paint, while `script` runs."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    spent = []
    for task in ("0", script):
        page.evaluate(task)
        metrics = session.send("Performance.getMetrics")["metrics"]
        spent.append(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))
    return spent[1] - spent[0]


def inputs_are_answered(page, name: str, script: str, inputs: int) -> None:
    """`script` makes so many inputs: each is answered within a tenth of a second, and nothing is left behind."""
    page.evaluate(script)
    count = f"document.querySelectorAll('#{name}-demo *').length"
    before = page.evaluate(count)
    each = spent_on(page, script) / inputs
    assert 0 < each < 0.1, f"{1000 * each:.0f} ms for an input"
    assert page.evaluate(count) == before


def anew(page, address: str, demo: str):
    """The page as an address opens it in a new tab, once what has the id `demo` is ready."""
    tab = page.context.new_page()
    tab.goto(address)
    tab.wait_for_selector(f"#{demo}[data-state=ready]")
    return tab


def refused(page, name: str, addresses: dict[str, str]) -> Iterator[str]:
    """Follow each address, a part after "NAME:", and wait until the page says these words; yields the address.

    The caller looks whether anything has changed.
    """
    news = f"#{name}-demo [data-part=news]"
    for wrong, told in addresses.items():
        page.evaluate("hash => { location.hash = hash; }", f"{name}:{wrong}")
        page.wait_for_function(
            "([news, told]) => document.querySelector(news).textContent.includes(told)", arg=[news, told]
        )
        said = page.locator(news).inner_text()
        assert said.startswith("The link cannot be followed.") and said.endswith("Nothing was changed.")
        yield wrong


def wide(page, name: str, but: str = "noscript *") -> list[str]:
    """What sticks out of the window on the right, save what fits the selector `but`."""
    return page.evaluate(
        """([name, but]) => [...document.querySelectorAll(`#${name}-demo *`)]
          .filter(e => !e.matches(but) && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML)""",
        [name, but],
    )


def fits_a_telephone(page, name: str, pressed: str, but: str = "noscript *") -> None:
    """Nothing sticks out of a window of 320 pixels, and what is `pressed` (a selector) has room for a thumb."""
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert wide(page, name, but) == []
    small = page.evaluate(
        """([name, pressed]) => [...document.querySelectorAll(`#${name}-demo :is(${pressed})`)]
          .filter(e => e.offsetParent && e.getBoundingClientRect().height < 28).map(e => e.outerHTML)""",
        [name, pressed],
    )
    assert small == [], "too small for a thumb"


def violations(page, where: str | None = None, **options) -> list[dict]:
    """What axe-core finds on a page, or within the selector `where`; it is loaded once into a page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"], **options}
    script = "([where, options]) => axe.run(where || document, options).then(results => results.violations)"
    return page.evaluate(script, [where, options])


def axe_finds_nothing(page, label: str, schemes: tuple[str, ...] = ("light", "dark")) -> None:
    """axe-core has no complaint about the figure, in light and in dark."""
    for scheme in schemes:
        page.evaluate(f"document.documentElement.dataset.mode = document.documentElement.dataset.theme = {scheme!r}")
        found = violations(page, f"#{label}", preload=False)
        assert not found, [(scheme, rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]


def doubled(page, grown: str = "innerWidth === 640") -> None:
    """Text of double size in a window of 640 pixels; `grown` is a condition that holds when the figure has followed."""
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.set_viewport_size({"width": 640, "height": 900})
    page.wait_for_function(grown)


def paper_has_the_picture(page, name: str, label: str) -> None:
    """In print the still picture stands in the place of the explorable."""
    page.emulate_media(media="print")
    assert page.locator(f"#{label} img").is_visible() and not page.locator(f"#{name}-demo").is_visible()
