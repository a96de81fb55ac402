"""Images and points to train on, in memory: each gives batches x, y for ever; see `Data`."""

from ganbook.data.image_folder import Folder
from ganbook.data.images import Data, Images, rotate
from ganbook.data.mixtures import Mixture, grid, moons, ring
from ganbook.data.mnist import Digits, Fashion
from ganbook.data.sources import find
from ganbook.data.stacked import Stacked

__all__ = [
    "Data",
    "Digits",
    "Fashion",
    "Folder",
    "Images",
    "Mixture",
    "Stacked",
    "find",
    "grid",
    "moons",
    "ring",
    "rotate",
]
