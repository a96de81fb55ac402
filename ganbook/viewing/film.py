"""The same noise at many steps of a training, as a player for a static page, for Jupyter and for Colab."""

import base64
import html
import io
import json
import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ganbook.base.errors import InputError
from ganbook.viewing.sheet import tile

LEVELS = 16  # of grey: enough to see a stroke form, and the noise of the first frames costs half as many bytes


class Film:
    """Images x (frames, n, 1 or 3, h, w) in [-1, 1] of the same n noise vectors, with the step of each frame.

    As the last value of a cell it shows a player: a slider for the step, a button that plays and pauses, and nothing
    that moves before it is asked to. The player needs no other host and no kernel. Where scripts are not run, the last
    frame is shown alone, with its step; where styles are taken out as well, all frames side by side.

    alt: what there is to see, in words, for those who do not see it. title: stands above the picture.
    columns: images in a row. rate: frames a second.

    Raises InputError if x is not such a film, or there is not one rising step for each frame.
    """

    def __init__(
        self, steps: Sequence[int], x: Tensor, *, alt: str, title: str = "", columns: int = 8, rate: float = 6.0
    ) -> None:
        if x.ndim != 5 or len(x) == 0 or len(x) != len(steps) or list(steps) != sorted(set(steps)):
            raise InputError(
                f"Expected images (frames, n, channels, h, w) and a rising step for each frame, got {tuple(x.shape)} "
                f"and {len(steps)} steps."
            )
        if not alt.strip() or not 0 < rate < math.inf:
            raise InputError(f"Expected alt text and a rate above 0, got {alt!r} and {rate}.")
        self.steps, self.alt, self.title, self.rate = [int(step) for step in steps], alt, title, float(rate)
        self.frames = torch.stack([_framed(tile(images, columns)) for images in x])  # (frames, H, W) or (..., 3)

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        return f"Film of {len(self)} frames, steps {self.steps[0]:,} to {self.steps[-1]:,}: {self.alt}"

    def sprite(self) -> tuple[Tensor, int]:
        """Return all frames in one picture (rows * H, across * W), line by line, and how many stand in a line."""
        height, width = self.frames.shape[1:3]
        across = min(len(self), max(1, round(math.sqrt(len(self) * height / width))))
        rows = math.ceil(len(self) / across)
        blank = self.frames.new_ones(rows * across - len(self), *self.frames.shape[1:])
        sheet = torch.cat([self.frames, blank]).unflatten(0, (rows, across))
        return sheet.transpose(1, 2).flatten(2, 3).flatten(0, 1), across  # (rows, H, across, W) -> one picture

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        ends = torch.cat([self.frames[0], self.frames[-1]])  # for a front end that shows no HTML
        ends = ends.repeat_interleave(2, 0).repeat_interleave(2, 1)
        return {"text/plain": repr(self), "text/html": self.html(), "image/png": _png(ends)}

    def html(self) -> str:
        """Return the player: elements with their own styles, no ids, and one script that only knows its players."""
        sprite, across = self.sprite()
        height, width = self.frames.shape[1:3]
        last = len(self) - 1
        values = {
            "alt": self.alt,
            "title": self.title or "Film of a training",
            "heading": "" if self.title else "hidden",
            "steps": json.dumps(self.steps),
            "step": f"step {self.steps[-1]:,}",
            "source": f"data:image/png;base64,{_png(sprite)}",
        }
        values |= {name: html.escape(value) for name, value in values.items()}
        numbers = {"last": last, "across": across, "rate": self.rate, "width": width, "height": height}
        sizes = {
            "limit": 3 * width + 16,  # three screen pixels a pixel, and the padding
            "wide": 100 * across,
            "high": 100 * (sprite.shape[0] // height),
            "left": -100 * (last % across),
            "top": -100 * (last // across),
        }
        return PLAYER.format(**values, **numbers, **sizes) + SCRIPT


def _framed(picture: Tensor) -> Tensor:
    """A rim of one grey pixel (H, W, ...) -> (H + 2, W + 2, ...): where a browser rounds, it shows rim, not digits."""
    rim = (1, 1, 1, 1) if picture.ndim == 2 else (0, 0, 1, 1, 1, 1)
    return F.pad(picture, rim, value=0.5)


def _png(picture: Tensor) -> str:
    """A picture (H, W) or (H, W, 3) in [0, 1] as PNG with 16 levels a channel, in base64."""
    levels = (picture * (LEVELS - 1)).round().byte()
    if picture.ndim == 2:
        image = Image.fromarray(levels.numpy(), mode="L").convert("P")
        image.putpalette([value * 255 // (LEVELS - 1) for value in range(LEVELS) for _ in "rgb"])
    else:
        image = Image.fromarray((levels * (255 // (LEVELS - 1))).numpy(), mode="RGB")
    file = io.BytesIO()
    image.save(file, format="png", optimize=True, **({"bits": 4} if picture.ndim == 2 else {}))
    return base64.b64encode(file.getvalue()).decode()


# White paper on every theme, like the book's figures. The controls stay hidden until the script has made them work.
PLAYER = """\
<div class="ganbook-film" role="group" aria-label="{title}" data-steps="{steps}" data-across="{across}" \
data-rate="{rate:g}" style="max-width:{limit}px;box-sizing:border-box;padding:8px;border-radius:4px;background:#fff;\
color:#111;color-scheme:light;font:16px/1.4 system-ui,sans-serif">
<div {heading} style="margin:0 0 6px">{title}</div>
<div style="position:relative;overflow:hidden;width:100%;aspect-ratio:{width}/{height}"><img alt="{alt}" \
src="{source}" style="position:absolute;left:{left}%;top:{top}%;width:{wide}%;height:{high}%;max-width:none;\
max-height:none;margin:0;padding:0;border:0;border-radius:0;image-rendering:pixelated"></div>
<div data-step style="margin-top:6px;font-variant-numeric:tabular-nums">{step}</div>
<div hidden data-controls><div style="display:flex;flex-wrap:wrap;gap:4px 12px;align-items:center;margin-top:6px">
<button type="button" style="min-width:5em;min-height:36px;padding:2px 10px;font:inherit;color:#111;\
background:#eee;border:1px solid #555;border-radius:4px;cursor:pointer">Play</button>
<label style="display:flex;flex:1 1 220px;gap:8px;align-items:center;margin:0;min-height:36px">frame \
<input type="range" min="0" max="{last}" step="1" value="{last}" aria-valuetext="{step}" autocomplete="off" \
style="flex:1;min-width:0;width:100%;margin:0;accent-color:#0072b2;cursor:pointer"></label>
</div></div>
</div>
"""
SCRIPT = """\
<script>
(() => {
  for (const film of document.querySelectorAll(".ganbook-film:not([data-ready])")) {
    film.dataset.ready = "";
    const steps = JSON.parse(film.dataset.steps), across = +film.dataset.across, last = steps.length - 1;
    const [image, slider, button, readout, controls] =
      ["img", "input", "button", "[data-step]", "[data-controls]"].map(name => film.querySelector(name));
    let timer = null;
    const show = frame => {
      const words = "step " + steps[frame].toLocaleString("en");
      image.style.left = -100 * (frame % across) + "%";
      image.style.top = -100 * Math.floor(frame / across) + "%";
      slider.value = frame;
      slider.setAttribute("aria-valuetext", words);
      readout.textContent = words;
    };
    const pause = () => {
      clearInterval(timer);
      timer = null;
      button.textContent = "Play";
    };
    const advance = () => {
      if (+slider.value < last) show(+slider.value + 1);
      if (+slider.value === last || !film.isConnected) pause();
    };
    button.addEventListener("click", () => {
      if (timer !== null) return pause();
      if (+slider.value === last) show(0);
      button.textContent = "Pause";
      timer = setInterval(advance, 1000 / film.dataset.rate);
    });
    slider.addEventListener("input", () => {
      pause();
      show(+slider.value);
    });
    show(last);
    controls.hidden = false;
  }
})();
</script>
"""
