"""What the two players minimise, one paper a file.

An objective has two methods, `discriminator(critic, x, x_fake)` and `generator(critic, x, x_fake)`. `critic` maps
images to logits (m,). Each method returns a dict of scalar tensors: the player minimises its "loss"; the other
entries are for looking at.
"""

from ganbook.objectives.minimax import NonSaturating, Saturating

__all__ = ["NonSaturating", "Saturating"]
