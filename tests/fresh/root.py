"""A minimal Debian 12 as debootstrap makes it, and this machine's way to the package registries: nothing else of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

RELEASE = "bookworm"
# what a stranger needs before the first word of the README: a clone, `make` and a trust in certificates
PACKAGES = ["make", "ca-certificates"]
USER = "reader"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
LOCAL_CERTIFICATES = "usr/local/share/ca-certificates"
FIELDS = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)"


def make(folder: Path) -> Path:
    """Fill the folder with a root that has an ordinary account, USER, and no package lists; the folder.

    CalledProcessError when debootstrap fails; its own words are on stderr.
    """
    sources = _sources()
    # without a source of Debian's this machine is another system, and debootstrap knows a mirror itself
    mirror = [source.split()[1] for source in sources[:1]]
    include = f"--include={','.join(PACKAGES)}"
    _quiet(["debootstrap", "--variant=minbase", include, RELEASE, str(folder), *mirror])
    if sources:
        (folder / "etc/apt/sources.list").write_text("\n".join(sources) + "\n")
    (folder / "etc/apt/apt.conf.d/50machine").write_text(_apt_network())
    for part in ("var/lib/apt/lists", "var/cache/apt"):
        # as in the image that everybody has: lists of today are fetched by whoever needs them
        shutil.rmtree(folder / part)
        (folder / part).mkdir()
    _trust(folder)
    _quiet(["chroot", str(folder), "useradd", "--create-home", "--shell", "/bin/bash", USER])
    return folder


def environment() -> dict[str, str]:
    """The variables that a client of a registry needs in there: certificates, indexes and proxies as they are here."""
    found = {name: value for name, value in os.environ.items() if value == BUNDLE or name.lower().endswith("_proxy")}
    found |= {"PIP_CERT": BUNDLE, "NODE_EXTRA_CA_CERTS": BUNDLE, "LANG": "C.UTF-8"}
    index = _asked(["python3", "-m", "pip", "config", "get", "global.index-url"])
    registry = _asked(["npm", "config", "get", "registry"])
    return found | ({"PIP_INDEX_URL": index} if index else {}) | ({"NPM_CONFIG_REGISTRY": registry} if registry else {})


def _sources() -> list[str]:
    """Where this machine gets RELEASE from, as lines of a sources.list, the main archive first."""
    listed = _asked(["apt-get", "indextargets", "--format", FIELDS, "Created-By: Packages", "Origin: Debian"])
    mine = [line for line in listed.splitlines() if line.split()[2].partition("-")[0] == RELEASE]
    return sorted(dict.fromkeys(mine), key=lambda line: len(line.split()[2]))


def _apt_network() -> str:
    """What apt is told here of proxies and certificates."""
    lines = _asked(["apt-config", "dump"]).splitlines()
    return "".join(f"{line}\n" for line in lines if line.startswith(("Acquire::http::", "Acquire::https::")))


def _trust(folder: Path) -> None:
    """Lay this machine's certificates into the root, for now and for when its bundle is made anew."""
    if (local := Path("/", LOCAL_CERTIFICATES)).is_dir():
        shutil.copytree(local, folder / LOCAL_CERTIFICATES, dirs_exist_ok=True)
    shutil.copyfile(BUNDLE, folder / BUNDLE.lstrip("/"))


def _asked(command: Sequence[str]) -> str:
    """What a program prints; nothing where it fails or is not there."""
    if not shutil.which(command[0]):
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _quiet(command: Sequence[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-3000:]}")
