"""A Python of its own, with a copy of the backend's package that a test may change."""

from __future__ import annotations

import shutil
import site
import venv
from pathlib import Path

from support.imports import SOURCE


def copied(place: Path, at_start: str = "") -> Path:
    """The program of a Python below `place` with all packages that this one has, but `sandbox` from `place`/source.

    Every process of it executes the module text `at_start` first, with `-I`, too.
    """
    # what the backend starts is nobody, and has to see the copy
    for folder in (place, *place.parents):
        if folder.stat().st_uid == 0 and folder.is_relative_to("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    # with what is compiled already: a file that a test changes has another time and is compiled anew
    shutil.copytree(SOURCE, place / "source/sandbox")
    venv.create(place / "python", symlinks=True)
    (found,) = (place / "python/lib").glob("python*/site-packages")
    theirs = [path for path in site.getsitepackages() if "site-packages" in path]
    lines = [f"{place}/source", "import at_start", *(f"import site; site.addsitedir({path!r})" for path in theirs)]
    (place / "source/at_start.py").write_text(at_start)
    (found / "copy.pth").write_text("\n".join(lines))
    return place / "python/bin/python"
