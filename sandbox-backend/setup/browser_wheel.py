"""Builds a pure Python package for the browser with pyodide-build: browser_wheel.py NPM_PACKAGE SOURCE FOLDER.

pyodide-build wants a cross-build environment, the archive of a release that it downloads. For Python alone it reads
little of it, and all of that is in the npm package of the same release; so it is put together here, and nothing is
downloaded. `pyodide build` also wants Emscripten's compiler, which has nothing to compile; hence its inner call.

What it adds to `pip wheel` is verification: the build runs under the platform, the tags and the sysconfig of Pyodide's
own Python, where a package that needed a compiler would fail, and the wheel is checked to be for any platform.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

# packages that the isolated build takes from this environment, so that it installs nothing
BORROWED = ("setuptools", "distutils_hack")
SYSCONFIG = "_sysconfigdata__emscripten_wasm32-emscripten"


def cross_build_environment(npm: Path, root: Path) -> None:
    """Lay out under `root` what pyodide-build looks for, from Pyodide's npm package."""
    info = json.loads((npm / "pyodide-lock.json").read_text())["info"]
    major, minor, _ = info["python"].split(".")
    flags = ("SIDE_MODULE_CFLAGS", "SIDE_MODULE_CXXFLAGS", "SIDE_MODULE_LDFLAGS")
    values = dict.fromkeys(flags, "") | {
        "PYMAJOR": major,
        "PYMINOR": minor,
        "PYVERSION": info["python"],
        "PYODIDE_EMSCRIPTEN_VERSION": info["platform"].removeprefix("emscripten_").replace("_", "."),
        "PLATFORM_TRIPLET": "wasm32-emscripten",
        "SYSCONFIG_NAME": SYSCONFIG,
        "TARGETINSTALLDIR": str(root),
        "PYTHONINCLUDE": str(root),
        "HOSTSITEPACKAGES": sysconfig.get_path("purelib"),
    }
    # read with `make -f Makefile.envs .output_vars`
    lines = [f"$(info {name}={value})\n" for name, value in values.items()]
    (root / "Makefile.envs").write_text("".join(lines) + ".output_vars:;@:\n")
    (root / "unisolated.txt").write_text("\n".join(BORROWED))
    with zipfile.ZipFile(npm / "python_stdlib.zip") as stdlib:
        stdlib.extract(f"{SYSCONFIG}.py", root / "sysconfigdata")


def build(npm: Path, source: Path, folder: Path) -> Path:
    """The wheel of `source`, in `folder`; it holds Python only."""
    folder.mkdir(parents=True, exist_ok=True)
    # the same source is the same file, byte for byte; what a wheel is made of comes from here and not from an index
    os.environ |= {"SOURCE_DATE_EPOCH": "315532800", "PIP_NO_INDEX": "1"}
    with TemporaryDirectory() as temporary:
        root = Path(temporary) / "pyodide-root"
        root.mkdir()
        cross_build_environment(npm, root)
        os.environ["PYODIDE_ROOT"] = str(root)
        from pyodide_build.out_of_tree.build import run

        wheel = Path(run(source, folder, "requested", {}))
    if not wheel.name.endswith("-py3-none-any.whl"):
        raise SystemExit(f"not for any platform: {wheel.name}")
    return wheel


if __name__ == "__main__":
    build(*(Path(argument).resolve() for argument in sys.argv[1:]))
