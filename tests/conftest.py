"""What every suite shares: a test that this machine cannot run is skipped and counted, and one that it can is not
skipped where SANDBOX_MUST_RUN=1 is set, as `make test` does: a skip can then never look like a pass."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

from support import narrow as narrow_limits
from support import needs, temporary
from support.backend import Backend, running
from support.client import Docker
from support.fake_registry import FakeRegistry

if TYPE_CHECKING:
    from support.built_site import Built

FOLDER = pytest.StashKey[temporary.Folder]()


def pytest_configure(config: pytest.Config) -> None:
    """Before any test makes a folder."""
    config.stash[FOLDER] = temporary.Folder()


def pytest_report_header(config: pytest.Config) -> str:
    """Where the tests make their folders, if that is not as usual."""
    return config.stash[FOLDER].told


def pytest_unconfigure(config: pytest.Config) -> None:
    """After the last test."""
    config.stash[FOLDER].remove()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run."""
    needs.look(config, items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Notice a skip that nobody has announced."""
    report = yield
    needs.note(item.config, report)
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skip of what must run is a failure."""
    if needs.failed(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Last of all, what was not run on this machine."""
    yield
    if lines := needs.summary(terminalreporter.config):
        terminalreporter.section(f"not run on this machine (MACHINE={needs.way()})")
        terminalreporter.write("".join(f"{line}\n" for line in lines))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The site, built once for all suites that read it."""
    # what runs in a guest has nothing that builds it
    from support.built_site import build

    return build(tmp_path_factory.mktemp("site"))


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    """A registry that holds nothing yet."""
    with FakeRegistry() as made:
        yield made


@pytest.fixture(scope="session")
def backend() -> Iterator[Backend]:
    """A real backend with the default settings and all isolations."""
    with running(vm=True) as started:
        yield started


@pytest.fixture
def docker(backend: Backend) -> Docker:
    """`docker("docker run …")` on a host of this test's own."""
    return Docker(backend.url, backend.state)


@pytest.fixture(scope="session")
def narrow_backend() -> Iterator[Backend]:
    """A real backend whose limits are soon reached."""
    with running({"limits": narrow_limits.limits()}) as started:
        yield started


@pytest.fixture
def narrow(narrow_backend: Backend) -> Docker:
    """`docker`, on the backend whose limits are soon reached."""
    return Docker(narrow_backend.url, narrow_backend.state)
