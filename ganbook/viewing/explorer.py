"""A panel of sliders that move the noise of a generator, for a notebook with a running kernel.

Only controls, arguments and traits that ipywidgets has had since 7.7 and still has in 8.
"""

import io
import math
from collections.abc import Mapping

import ipywidgets as widgets
import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from ganbook.base.errors import InputError
from ganbook.models import takes_labels
from ganbook.models.sampling import fixed_noise, sample
from ganbook.viewing.sheet import tile


class Explorer(widgets.VBox):
    """Digits of `n` noises, all moved along the same `directions`; as the last value of a cell it shows itself.

    directions: what a slider is called -> unit vector (z_dim,); a slider runs from -reach to reach.
    The noise depends on the number at "noise" only. A generator that takes labels gets a row of buttons as well: one
    for every class, and "all", which gives the columns the classes in turn.
    amounts, seed and digit are the controls, by which a program can move them too: explorer.amounts["slant"].value = 2.

    Raises InputError if there is no direction, or one does not fit G.
    """

    def __init__(self, G: nn.Module, directions: Mapping[str, Tensor], *, n: int = 8, reach: float = 3.0) -> None:
        if not directions or any(v.shape != (G.z_dim,) for v in directions.values()) or not 0 < reach < math.inf:
            shapes = {name: tuple(v.shape) for name, v in directions.items()}
            raise InputError(f"Expected directions ({G.z_dim},), at least one, and reach > 0, got {shapes}, {reach}.")
        self._G, self._n = G, n
        self._vectors = torch.stack(list(directions.values())).float()  # (sliders, z_dim)
        wide = {"style": {"description_width": "9em"}, "layout": widgets.Layout(width="30em", max_width="100%")}
        self.amounts = {
            name: widgets.FloatSlider(value=0.0, min=-reach, max=reach, step=0.1, description=name, **wide)
            for name in directions
        }
        self.seed = widgets.IntSlider(value=0, min=0, max=99, description="noise", **wide)
        classes = getattr(G, "classes", 0) if takes_labels(G) else 0
        labels = [("all", None), *((str(y), y) for y in range(classes))]
        self.digit = widgets.ToggleButtons(
            options=labels, value=None, description="digit", style={"button_width": "3em"}
        )
        self._back = widgets.Button(description="All to the middle")
        self._back.on_click(lambda _: self.to_the_middle())
        self.image = widgets.Image(format="png", layout=widgets.Layout(max_width="100%"))
        controls = [*self.amounts.values(), self.seed, *([self.digit] if len(labels) > 1 else [])]
        super().__init__([self.image, *controls, self._back])
        for control in controls:
            control.observe(lambda _: self._draw(), names="value")
        self._draw()

    def images(self) -> Tensor:
        """Return the digits (n, c, h, w) in [-1, 1] that belong to the controls as they stand."""
        amounts = self._vectors.new_tensor([slider.value for slider in self.amounts.values()])
        z = fixed_noise(self._G, self._n, seed=self.seed.value)
        z = z + (amounts @ self._vectors).to(z)  # (sliders,) @ (sliders, z_dim) -> (z_dim,)
        y = None if self.digit.value is None else torch.full((self._n,), self.digit.value, device=z.device)
        return sample(self._G, z=z, y=y)

    def to_the_middle(self) -> None:
        """Set all directions to 0; noise and digit stay."""
        for slider in self.amounts.values():
            slider.value = 0.0

    def _draw(self) -> None:
        picture = tile(self.images(), columns=self._n).repeat_interleave(3, 0).repeat_interleave(3, 1)
        file = io.BytesIO()
        plt.imsave(file, picture.numpy(), cmap="gray", vmin=0, vmax=1, format="png")
        self.image.value = file.getvalue()
