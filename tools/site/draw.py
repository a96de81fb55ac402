"""Store what the book's diagrams need and what they become outside the site.

    python -m tools.site.draw                  everything below, for all diagrams
    python -m tools.site.draw two-players      for one

1. book/diagrams/networks/RECIPE.json: the layers of a recipe's networks with their shapes and parameters, read from the
   modules while a batch runs through them, because the site is built without PyTorch. For every recipe that a diagram
   names.
2. ganbook/assets/diagrams/NAME.png: the diagram as a picture on white paper, drawn by Chromium, with its title, its
   description and the hash of what it was drawn from. Tests compare all of it with what would be made now.
"""

import argparse
import hashlib
import io
import json
from pathlib import Path

import diagrams
import torch
import yaml
from drawing import plain
from PIL import Image, ImageOps, PngImagePlugin
from torch import nn

from ganbook.chapters.stored_diagrams import FOLDER as PICTURES
from ganbook.chapters.stored_diagrams import SCALE
from ganbook.training import recipes
from tools.site import chromium

ROOT = Path(__file__).resolve().parents[2]
NETWORKS = ROOT / "book" / "diagrams" / "networks"
LOOK = ROOT / "book" / "_static" / "diagrams.css"
COLOURS = 16  # of a picture: enough for flat colours, and a notebook holds several pictures


# ----------------------------------------------------------------------------------------------------------- networks


def flat(module: nn.Module) -> list[nn.Module]:
    """The layers in their order, those of a Sequential inside a Sequential too."""
    if not isinstance(module, nn.Sequential):
        return [module]
    return [layer for inner in module for layer in flat(inner)]


def words(layer: nn.Module) -> str:
    """A layer by the name that PyTorch gives it, with what sets its size."""
    name = type(layer).__name__
    match layer:
        case nn.Linear():
            return f"Linear {layer.in_features} → {layer.out_features}"
        case nn.Conv2d() | nn.ConvTranspose2d():
            return f"{name} {'×'.join(map(str, layer.kernel_size))}, stride {layer.stride[0]}"
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            return "BatchNorm"
        case nn.LeakyReLU():
            return f"LeakyReLU {layer.negative_slope:g}"
        case nn.Dropout():
            return f"Dropout {layer.p:g}"
    return name


def layers(network: nn.Module, x: torch.Tensor) -> dict:
    """What a network does with a batch x (m, ...): its layers, each with its words, its shape without m, parameters."""
    if not isinstance(getattr(network, "layers", None), nn.Sequential):
        raise SystemExit(
            f"{type(network).__name__} has no nn.Sequential called `layers`; it cannot be drawn like this."
        )
    found: list[dict] = []

    def note(layer: nn.Module, _: tuple, out: torch.Tensor) -> None:
        main = isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)  # a bar of the drawing ends here
        count = sum(parameter.numel() for parameter in layer.parameters())
        found.append({"words": words(layer), "main": main, "shape": list(out.shape[1:]), "parameters": count})

    hooks = [layer.register_forward_hook(note) for layer in flat(network.layers)]
    with torch.no_grad():
        network.eval()(x)
    for hook in hooks:
        hook.remove()
    return {"input": list(x.shape[1:]), "parameters": sum(one["parameters"] for one in found), "layers": found}


def pair(name: str) -> dict:
    """Both networks of a recipe."""
    G, D = recipes.get(name).networks(seed=0)
    if hasattr(G, "classes"):
        raise SystemExit(f"The networks of {name} take labels too; what they do with them has no drawing yet.")
    z = torch.zeros(2, G.z_dim)
    with torch.no_grad():
        x = G.eval()(z)
    return {"G": layers(G, z), "D": layers(D, x)}


def as_stored(name: str) -> str:
    """The networks of a recipe as JSON, a layer a line."""
    networks = []
    for player, network in pair(name).items():
        start = json.dumps({**network, "layers": []}).removesuffix("[]}")
        lines = ",\n".join(f"  {json.dumps(layer, ensure_ascii=False)}" for layer in network["layers"])
        networks.append(f' "{player}": {start}[\n{lines}\n ]}}')
    return "{\n" + ",\n".join(networks) + "\n}\n"


def wanted(name: str) -> set[str]:
    """The recipes that the diagram `name` shows."""
    content = yaml.safe_load((diagrams.FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    return {content[key] for key in ("networks", "compared_with") if key in content}


# ----------------------------------------------------------------------------------------------------------- pictures


def source(name: str) -> str:
    """The form of a diagram that a page shows, as SVG."""
    return diagrams.svg(diagrams.load(name), name, narrow=False)


def fingerprint(name: str) -> str:
    """The hash of all that a picture is drawn from."""
    return hashlib.sha256((source(name) + LOOK.read_text(encoding="utf-8")).encode()).hexdigest()


def page(body: str, theme: str = "light") -> str:
    """A page of HTML with the diagrams' style sheet, to be opened at an address in its folder."""
    return (
        f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><title>Diagrams</title>'
        f'<link rel="stylesheet" href="{LOOK.name}"><body style="margin: 0; font-family: sans-serif">{body}</html>'
    )


def open_page(tab, body: str, theme: str = "light") -> None:
    """Show HTML in a tab of the browser as if it lay beside the style sheet, and wait for the fonts."""
    address = (LOOK.parent / "diagrams.html").as_uri()  # no such file: the answer is given here
    tab.route(address, lambda route: route.fulfill(body=page(body, theme), content_type="text/html; charset=utf-8"))
    tab.goto(address)
    tab.evaluate("document.fonts.ready.then(() => 0)")


def draw(tab, name: str) -> bytes:
    """The picture of a diagram, as the bytes of a PNG file."""
    open_page(tab, f'<div class="diagram" style="width: 1000px">{source(name)}</div>')
    seen = Image.open(io.BytesIO(tab.locator("svg").screenshot())).convert("RGB")
    seen = ImageOps.expand(seen, 6 * SCALE, "white")
    content, info, file = diagrams.load(name), PngImagePlugin.PngInfo(), io.BytesIO()
    info.add_itxt("Title", plain(content["title"]))
    info.add_itxt("Description", plain(diagrams.described(content)))
    info.add_itxt("Source", fingerprint(name))
    seen.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        file, "PNG", optimize=True, pnginfo=info
    )
    return file.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description="Store the networks that diagrams show, and diagrams as pictures.")
    parser.add_argument("names", nargs="*", help="diagrams (default: all)")
    names = parser.parse_args().names or diagrams.names()
    if unknown := set(names) - set(diagrams.names()):
        raise SystemExit(f"No diagram is called {', '.join(sorted(unknown))}; there are {', '.join(diagrams.names())}.")
    NETWORKS.mkdir(exist_ok=True)
    for recipe in sorted(set().union(*map(wanted, names))):
        path = NETWORKS / f"{recipe}.json"
        path.write_text(as_stored(recipe), encoding="utf-8")
        print(path.relative_to(ROOT))
    browser = chromium.find()
    if browser is None:
        raise SystemExit("Pictures are drawn with Chromium or Chrome, and none is installed here.")
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=browser, args=[*chromium.FLAGS])
        tab = chrome.new_page(device_scale_factor=SCALE)
        for name in names:
            path = PICTURES / f"{name}.png"
            path.write_bytes(draw(tab, name))
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
        chrome.close()


if __name__ == "__main__":
    main()
