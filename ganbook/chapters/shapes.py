"""The shape calculator: how long the side of a square image is after each (transposed) convolution of a network."""

from torch import nn

from ganbook.base.errors import InputError


def conv_side(n: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Return the side after a convolution of side `n`: floor((n + 2 padding - reach) / stride) + 1.

    reach = dilation * (kernel - 1) + 1 is the side that the kernel spans, for dilation 1 the kernel itself.
    Source: Dumoulin and Visin (2016), relationship 6, and section 5.1 for dilation.

    Raises InputError if an argument is out of range or the kernel does not fit into the image.
    """
    reach = _reach(n, kernel, stride, padding, dilation)
    if n + 2 * padding < reach:
        raise InputError(
            f"A kernel that spans {reach} does not fit into a side of {n} with padding {padding}. Choose a smaller "
            "kernel or larger images."
        )
    return (n + 2 * padding - reach) // stride + 1


def transposed_side(
    n: int, kernel: int, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1
) -> int:
    """Return the side after a transposed convolution: stride (n - 1) + reach - 2 padding + output_padding.

    Several input sides of a convolution share one output side; output_padding says which of them to return to.
    Source: Dumoulin and Visin (2016), relationship 14, where output_padding is called a; reach as in `conv_side`.

    Raises InputError if an argument is out of range or nothing is left of the image.
    """
    reach = _reach(n, kernel, stride, padding, dilation)
    if not 0 <= output_padding < max(stride, dilation):
        raise InputError(f"Expected output_padding from 0 to {max(stride, dilation) - 1}, got {output_padding}.")
    side = stride * (n - 1) + reach - 2 * padding + output_padding
    if side < 1:
        raise InputError(f"Padding {padding} cuts away the whole output of a side of {n} and a kernel of {kernel}.")
    return side


def layer_side(layer: nn.Conv2d | nn.ConvTranspose2d, n: int) -> int:
    """Return the side after `layer` for a square input of side `n`, from the settings of the layer itself.

    Raises InputError for a layer that is not square, or pads by a word such as "same".
    """
    names = ("kernel_size", "stride", "padding", "dilation", "output_padding")
    settings = {name: getattr(layer, name) for name in names}
    if any(isinstance(pair, str) or len(set(pair)) > 1 for pair in settings.values()):
        raise InputError(f"Expected a layer with the same numbers for height and width, got {layer}.")
    kernel, stride, padding, dilation, output_padding = (pair[0] for pair in settings.values())
    if isinstance(layer, nn.ConvTranspose2d):
        return transposed_side(n, kernel, stride, padding, output_padding, dilation)
    return conv_side(n, kernel, stride, padding, dilation)


def sides(network: nn.Module, n: int) -> list[int]:
    """Return the sides from `n` through the (transposed) convolutions of `network`, in the order of its modules.

    Other layers are taken to leave the side as it is, so a network with pooling or branches needs more than this.
    `sides(dcgan.Discriminator(), 28)` is [28, 13, 5, 1].
    """
    result = [n]
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            result.append(layer_side(layer, result[-1]))
    return result


def _reach(n: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Return the side that a kernel spans, after checking the numbers that both directions share."""
    if min(n, kernel, stride, dilation) < 1 or padding < 0:
        raise InputError(
            f"Expected side, kernel, stride and dilation of 1 or more and padding of 0 or more, got side {n}, kernel "
            f"{kernel}, stride {stride}, dilation {dilation}, padding {padding}."
        )
    return dilation * (kernel - 1) + 1
