"""Plots show what they are given; files are whole or not there."""

import math

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from ganbook.base.errors import InputError
from ganbook.training.loop import Record
from ganbook.viewing import plots

mpl.use("agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def history():
    return [Record(s, s * 8, {"d_loss": torch.tensor(float(s)), "g_loss": torch.tensor(2.0)}) for s in range(1, 11)]


def test_a_grid_shows_the_pixels_themselves():
    x = torch.rand(6, 1, 28, 28) * 2 - 1
    ax = plots.show_grid(x, columns=3, title="six")
    image = ax.images[0]
    assert image.get_array().shape == (2 * 29 - 1, 3 * 29 - 1)
    assert image.get_interpolation() == "nearest" and image.get_clim() == (0, 1)
    assert np.allclose(image.get_array()[:28, :28], (x[0, 0] + 1) / 2)
    assert (ax.get_title() == "" and ax.get_title(loc="left") == "six") or ax.get_title() == "six"


def test_a_history_is_drawn_as_recorded(history):
    ax = plots.plot_history(history)
    assert np.allclose(ax.lines[0].get_xydata(), [[s, s] for s in range(1, 11)])
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["loss of D", "loss of G"]
    assert ax.get_xlabel() == "step"


def test_smoothing_is_a_running_mean(history):
    ax = plots.plot_history(history, ["d_loss"], smooth=3)
    assert np.allclose(ax.lines[1].get_xydata(), [[s, s - 1] for s in range(3, 11)])


@pytest.mark.parametrize("smooth", [0, 11])
def test_smoothing_must_fit(history, smooth):
    with pytest.raises(InputError, match="smooth"):
        plots.plot_history(history, smooth=smooth)


def test_norms_stand_at_their_height_and_zero_and_missing_at_the_bottom():
    ax = plots.plot_norms({"D": {"a.weight": 10.0, "b.weight": 0.0}, "G": {"a.weight": math.nan, "b.weight": 1e-7}})
    assert ax.get_yscale() == "log"
    points = {line.get_xdata()[0]: line for line in ax.lines}
    assert [points[place].get_marker() for place in range(4)] == ["o", "v", "x", "o"]
    assert points[0].get_ydata()[0] == 10.0 and points[3].get_ydata()[0] == 1e-7
    low, high = ax.get_ylim()
    assert low < 1e-7 and high > 10, "what is at the bottom does not move the axis"
    height = [ax.transAxes.inverted().transform(points[p].get_transform().transform((p, 0.06)))[1] for p in (1, 2)]
    assert np.allclose(height, 0.06)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["D1", "D2", "G1", "G2"]
    assert len({points[place].get_color() for place in range(4)}) == 2


def test_a_png_holds_the_sheet(tmp_path):
    x = torch.rand(4, 1, 5, 5) * 2 - 1
    plots.save_png(x, tmp_path / "x.png", columns=2, scale=2)
    pixels = plt.imread(tmp_path / "x.png")
    assert pixels.shape[:2] == (22, 22)
    assert np.allclose(pixels[:10:2, :10:2, 0], (x[0, 0] + 1) / 2, atol=1 / 100)


def test_a_png_that_cannot_be_made_leaves_the_old_one(tmp_path):
    path = tmp_path / "x.png"
    path.write_text("old")
    with pytest.raises(InputError):
        plots.save_png(torch.full((1, 1, 2, 2), 3.0), path)
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1
    with pytest.raises(InputError, match="There is no folder"):
        plots.save_png(torch.zeros(1, 1, 2, 2), tmp_path / "no" / "x.png")


def test_style_is_set_only_when_asked():
    plots.use_style()
    assert mpl.rcParams["image.interpolation"] == "nearest"
    mpl.rcdefaults()
