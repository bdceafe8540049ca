"""Docker's image and container in plain Python, small enough to be read in one sitting.

Read it in this order: `layer` (what a layer is, and how layers lie on each other), `image` (layers and a
configuration), `container` (a writable layer of its own, and a run), `programs` (what paper images have in `/bin`).

What is left out on purpose: isolation and limits. Here are files, commands and exit codes only.
"""

from paper_docker.container import Container, Result
from paper_docker.image import Image
from paper_docker.layer import File, Layer, Program, union

__all__ = ["Container", "File", "Image", "Layer", "Program", "Result", "union"]
