"""What a file is that is no image to train on, and what its owner can do about it."""

import os
from pathlib import Path

CONVERT = "save it as PNG or JPEG, with Pillow for example"
ARCHIVE = "an archive", "unpack it first"
ARRAY = "an array", "load it in Python and pass it to ganbook.Images"
TEXT = "text and no image", "move it elsewhere (labels come from folders, one for each class)"
MNIST_FILE = "a file in the format of MNIST", "rename the four files as MNIST's are, train-images-idx3-ubyte and so on"
VIDEO = "a video", "save its pictures as PNG or JPEG"
HEIC = "a HEIC photograph", "export it as JPEG"

# What a file starts with after so many bytes. A later line is tried if the earlier do not fit.
SIGNATURES = (
    (0, b"GIF8", ("a GIF", CONVERT)),
    (0, b"BM", ("a BMP image", CONVERT)),
    (0, b"II*\0", ("a TIFF image", CONVERT)),
    (0, b"MM\0*", ("a TIFF image", CONVERT)),
    (8, b"WEBP", ("a WebP image", CONVERT)),
    (4, b"ftypavi", ("an AVIF image", CONVERT)),
    (4, b"ftyphe", HEIC),
    (4, b"ftypmi", HEIC),
    (4, b"ftypms", HEIC),
    (4, b"ftyp", VIDEO),
    (0, b"%PDF", ("a PDF", "save its pages as PNG")),
    (0, b"\x93NUMPY", ARRAY),
    (0, b"\0\0\x08\x01", MNIST_FILE),
    (0, b"\0\0\x08\x03", MNIST_FILE),
    (0, b"7z\xbc\xaf", ARCHIVE),
    (0, b"Rar!", ARCHIVE),
    (0, b"BZh", ARCHIVE),
    (0, b"\xfd7zXZ", ARCHIVE),
    (257, b"ustar", ARCHIVE),
)
SUFFIXES = {  # of files that start with the same bytes as others, or with any
    **dict.fromkeys((".npy", ".npz"), ARRAY),
    **dict.fromkeys((".pt", ".pth"), ("a file of PyTorch", "load it in Python and pass its tensors to ganbook.Images")),
    **dict.fromkeys((".heic", ".heif"), HEIC),
    **dict.fromkeys((".xlsx", ".xls", ".ods", ".csv", ".tsv"), ("a table", TEXT[1])),
    **dict.fromkeys((".svg",), ("a drawing in SVG", "save it as PNG")),
    **dict.fromkeys((".mov", ".mp4", ".avi"), VIDEO),
}


def kind(path: Path) -> tuple[str, str] | None:
    """Say what the file at `path`, which is no PNG or JPEG image, is instead, and what to do; None if nobody knows.

    Raises OSError if it cannot be read.
    """
    with open(path, "rb") as file:
        head = file.read(512)
    if not head:
        return "an empty file", "copy it again"
    if found := SUFFIXES.get(path.suffix.lower()):
        return found
    for start, signature, found in SIGNATURES:
        if head[start : start + len(signature)] == signature:
            return found
    if head.startswith(b"\x1f\x8b"):
        return MNIST_FILE if "idx" in path.name and "ubyte" in path.name else ARCHIVE
    if head.startswith(b"PK"):
        return ARCHIVE
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page", "download the image itself"
    return TEXT if _is_text(head) else None


def not_a_folder(path: Path) -> str:
    """Say in a sentence that there is no folder at `path`, and what there is."""
    if not os.path.exists(path):
        return f"There is no folder {path}."
    found = kind(path) if os.path.isfile(path) else None
    do = "Unpack it first, and name the folder" if found == ARCHIVE else "Name the folder that it lies in"
    return f"Expected a folder, got the file {path}. {do}."


def _is_text(head: bytes) -> bool:
    """Whether the start of a file is text in UTF-8, the last character perhaps cut, or in UTF-16."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return b"\0" not in head and any(_decodes(head[: len(head) - cut]) for cut in range(4))


def _decodes(content: bytes) -> bool:
    try:
        return content.decode().replace("\n", "").replace("\r", "").replace("\t", "").isprintable()
    except UnicodeDecodeError:
        return False
