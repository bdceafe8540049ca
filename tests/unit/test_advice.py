"""What the web process tells the room of hints about its images and containers."""

from __future__ import annotations

from sandbox import hints
from sandbox.docker.cli import Printed, Run, parse
from sandbox.docker.errors import DockerError
from sandbox.hints import wording
from sandbox.model import reference
from sandbox.model.image import Config, Image
from sandbox.settings import Settings
from sandbox.web.runs.advice import EXPANSION, Advisor, Here
from sandbox.web.runs.docker_hosts import Container, DockerHost, DockerHosts


def image(name: str, *programs: str) -> Image:
    config = Config(cmd=("/bin/sh",))
    return Image(f"{name}:latest", f"sha256:{name}", name, "amd64", (), config, 1, 1, "official", programs=programs)


def pulled(hosts: DockerHosts, *images: Image) -> DockerHost:
    """A host that has these images."""
    host = hosts.create("10.0.0.1")
    for one in images:
        host.add(one, reference.parse(one.reference))
    return host


def advisor(host: DockerHost, line: str) -> Advisor:
    return Advisor(Settings(), host, "container", line)


def printed(line: str) -> Printed:
    """What docker's client answers to a line by itself."""
    answer = parse(line)
    assert isinstance(answer, Printed)
    return answer


def test_an_image_of_another_visitor_can_be_had_and_is_not_shown() -> None:
    hosts = DockerHosts(8, 60)
    theirs, own = pulled(hosts, image("tool", "/bin/tool", "/bin/sh")), pulled(hosts, image("mine", "/bin/sh"))
    here = Here(own, hints.offered_here(Settings().kept_images))
    assert sorted(here) == ["alpine:latest", "busybox:latest", "hello-world:latest", "mine:latest"]
    assert len(here) == 4
    known = here["tool:latest"]
    assert (known.held, known.programs) == (False, frozenset({"tool", "sh"}))
    assert here["mine:latest"].held
    assert "other:latest" not in here
    theirs.images.clear()
    assert "tool:latest" not in here


def test_an_offer_goes_by_what_the_host_has() -> None:
    own = pulled(DockerHosts(8, 60), image("alpine", "/bin/sh", "/bin/cat"))
    line = "dokcer run alpine ls"
    answer = printed(line)
    said = advisor(own, line).of_printed(answer)
    assert said is not None
    assert wording.offered(said) is None
    fresh = DockerHosts(8, 60).create("10.0.0.1")
    assert wording.offered(advisor(fresh, line).of_printed(answer) or "") == "docker run alpine ls"


def test_who_shares_a_namespace_has_to_be_running() -> None:
    own = DockerHosts(8, 60).create("10.0.0.1")
    line = "dokcer run --pid container:web alpine ps"
    answer = printed(line)
    assert wording.offered(advisor(own, line).of_printed(answer) or "") is None
    own.containers["1"] = Container("c" * 64, "alpine:latest", "1", "web")
    said = advisor(own, line).of_printed(answer) or ""
    assert wording.offered(said) == "docker run --pid container:web alpine ps"


def test_an_error_with_a_reason_of_its_own_keeps_it() -> None:
    own = DockerHosts(8, 60).create("10.0.0.1")
    run = parse("docker run alpine ls")
    assert isinstance(run, Run)
    error = DockerError("docker: Error response from daemon: x\n", 125, "까닭이에요.")
    assert advisor(own, "docker run alpine ls").of_error(run, error) == "까닭이에요."


def test_a_notice_has_a_code_of_its_own() -> None:
    own = DockerHosts(8, 60).create("10.0.0.1")
    line = "docker run alpine echo $FOO"
    notice = advisor(own, line).notice(parse(line))
    assert notice is not None
    assert notice.code == EXPANSION
    assert advisor(own, "docker run alpine ls").notice(parse("docker run alpine ls")) is None
