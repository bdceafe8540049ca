"""Settings: defaults, a file over them, the environment over that, the command line on top."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from sandbox import settings
from sandbox.settings import Settings, SettingsError


def test_each_source_wins_over_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.toml"
    file.write_text('port = 1\nlisten = "a"\nslots = 3\n[limits]\nmemory = 1000\n')
    made = settings.load(file, {"PORT": "2", "HOST": "b"}, {"port": "3"})
    assert (made.port, made.listen, made.slots, made.limits.memory) == (3, "b", 3, 1000)
    assert made.limits.pids == Settings().limits.pids


def test_hosts_of_the_environment_join_those_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.toml"
    file.write_text('allowed_hosts = ["docs.example"]\n')
    made = settings.load(file, {"HOSTS": "localhost:9000, a.example  [::1]:1,"})
    assert made.allowed_hosts == ("docs.example", "localhost:9000", "a.example", "[::1]:1")
    assert settings.load(file, {}).allowed_hosts == ("docs.example",)


def test_those_who_may_embed_the_site_are_named(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.toml"
    file.write_text('frame_ancestors = ["https://course.example", "https://*.school.example"]\n')
    assert settings.load(file, {}).frame_ancestors == ("https://course.example", "https://*.school.example")


def test_an_ipv6_address_may_be_given_in_brackets() -> None:
    assert settings.load(None, {"HOST": "[::1]"}).listen == "::1"


def test_two_backends_on_one_machine_do_not_meet() -> None:
    one, other = (settings.load(None, {"PORT": port}) for port in ("8000", "8001"))
    assert one == settings.Settings()
    assert (other.run_dir, other.cgroup) == (Path("/run/docker-run-sandbox-8001"), "docker-run-sandbox-8001")


def test_settings_reach_a_child_process_unchanged() -> None:
    made = settings.load(None, {"SANDBOX_REGISTRY": "http://127.0.0.1:5000/"}, {"site": "/srv/site"})
    assert made.registry == "http://127.0.0.1:5000"
    assert settings.from_values(json.loads(json.dumps(dataclasses.asdict(made), default=str))) == made


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ("port = 0", {}),
        ("nosuch = 1", {}),
        ("slots = 0", {}),
        ("queue = -1", {}),
        ("slots = true", {}),
        ("stalled_seconds = 0.0", {}),
        ("first_uid = 5", {}),
        ("first_uid = 4294967290", {}),
        ("[limits]\nmemory = -1", {}),
        ('vm_accelerator = "kvm"', {}),
        ('slots = "many"', {}),
        ("port", {}),
        ("", {"PORT": "eighty"}),
        ("", {"PORT": "70000"}),
        ("", {"SANDBOX_REGISTRY": "ftp://x"}),
        ("", {"SANDBOX_REGISTRY": "127.0.0.1:5000"}),
        ("", {"SANDBOX_REGISTRY": "http://"}),
        ("", {"SANDBOX_REGISTRY": "http://a.example:70000"}),
        ("", {"SANDBOX_REGISTRY": "https://me@a.example/v2"}),
        ("", {"HOSTS": "https://docs.example"}),
        ("", {"HOSTS": "docs.example/docker"}),
        ("", {"HOSTS": "docs.example:70000"}),
        ('allowed_hosts = ["docs.example/"]', {}),
        ('hosts = "docs.example"', {}),
        ('hosts = "docs.example"', {"HOSTS": "other.example"}),
        ("hosts = [1]", {}),
        ('proxy_protocol = "yes"', {}),
        ('frame_ancestors = "https://course.example"', {}),
        ('frame_ancestors = ["course.example"]', {}),
        ('frame_ancestors = ["https://course.example/"]', {}),
        ('frame_ancestors = ["https://a.example; script-src *"]', {}),
        ('origins = ["https://course.example/"]', {}),
        ('origins = ["https://*.course.example"]', {}),
        ('origins = ["*"]', {}),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, environ: dict[str, str]) -> None:
    file = tmp_path / "sandbox.toml"
    file.write_text(text)
    with pytest.raises(SettingsError):
        settings.load(file, environ)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SettingsError, match="nosuch"):
        settings.load(Path("/nosuch"), {})
