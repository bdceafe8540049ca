"""`make bench`: every figure the project claims, beside the bare floor and a real Docker Engine, in one run.

These machines are noisy: the ratios of one run are the result, not the milliseconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import isolations
from bench.measure import Caller, Report, Times, timed
from support import engine
from support.backend import Backend, running
from support.client import call, new_host, run
from support.engine import Engine
from support.footprint import at_rest, settled

LINE = "docker run alpine true"
NAMESPACES = ["--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--user", "--map-root-user", "--cgroup"]
MIB = 1024 * 1024


def floor(root: Path) -> Times:
    """What the kernel alone costs: every namespace new, chroot, exec of `true`."""
    command = ["unshare", *NAMESPACES, "chroot", str(root), "/bin/busybox", "true"]
    return timed(lambda: subprocess.run(command, check=True), 60)


def start_up(report: Report, backend: Backend, host: str, docker: Engine, root: Path) -> None:
    """One run against the floor and the engine, taken in turns so that all three meet the same noise."""
    ours = Caller(backend.url, host)
    bare, here, there, lone = [], [], [], []
    for _ in range(5):
        bare += floor(root).samples
        here += timed(lambda: ours(LINE), 60).samples
        there += timed(lambda: docker.must("run", "--rm", "alpine", "true"), 4, warm=1).samples
        lone += timed(lambda: docker.must("run", "--rm", "--network", "none", "alpine", "true"), 4, warm=1).samples
        # the engine takes its containers apart after it has answered, which would count as ours or the floor's
        time.sleep(1)
    floors, runs, engines = Times(bare), Times(here), Times(there)
    report.times("bare floor: unshare all + chroot + exec true", floors)
    report.times("this backend, request to last event", runs)
    report.times("  the same with a line of output", timed(lambda: ours("docker run alpine echo hi"), 60))
    report.times("docker run --rm alpine true", engines)
    report.times("docker run --rm --network none alpine true", Times(lone))
    over = runs.p50 / floors.p50
    faster = engines.p50 / runs.p50
    report.row("  times the floor", f"{over:.2f}", "at most 4", over <= 4)
    report.row("  times faster than the engine", f"{faster:.1f}", "at least 15", faster >= 15)


def throughput(report: Report, backend: Backend, host: str) -> None:
    """Many readers at once."""
    with ThreadPoolExecutor(32) as pool:
        results = list(pool.map(lambda _: run(backend.url, "docker run alpine echo hi", host), range(32)))
    right = sum((result.stdout, result.code) == ("hi\n", 0) for result in results)
    report.row("32 at once, right answers", f"{right} of 32", "32", right == 32)
    callers = [Caller(backend.url, host) for _ in range(8)]
    begun = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(lambda caller: sum(1 for _ in range(75) if caller(LINE)["code"] == 0), callers))
    rate = done / (time.perf_counter() - begun)
    report.row("runs a second, 8 readers", f"{rate:.0f}", "at least 60", rate >= 60 and done == 600)


def memory(report: Report, backend: Backend) -> None:
    """Resident and proportional memory of each process at rest."""
    total = 0.0
    for name in ("web", "runner", "puller"):
        text = Path(f"/proc/{backend.pid_of(name)}/smaps_rollup").read_text()
        fields = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in text.splitlines()[1:] if "kB" in line}
        report.row(
            f"idle memory of {name}", f"{fields['Rss'] / MIB:.0f} MiB", f"proportional {fields['Pss'] / MIB:.0f} MiB"
        )
        total += fields["Rss"] / MIB if name != "puller" else 0
    report.row("idle memory of web and runner", f"{total:.0f} MiB", "at most 120 MiB", total <= 120)


def readings(report: Report, backend: Backend, host: str) -> None:
    """What looking at two running containers ten times a second costs web and runner, beyond two that are not there."""
    seconds = 10

    def spent() -> float:
        stats = [
            Path(f"/proc/{backend.pid_of(name)}/stat").read_text().rpartition(")")[2] for name in ("web", "runner")
        ]
        return sum(int(ticks) for one in stats for ticks in one.split()[11:13]) / os.sysconf("SC_CLK_TCK")

    begun = spent()
    time.sleep(seconds)
    idle = spent() - begun
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda _: run(backend.url, f"docker run alpine sleep {seconds}", host), range(2)))
    share = (spent() - begun - 2 * idle) / 2 / seconds
    seen = min(sum(event["type"] == "stats" for event in one.events) for one in ended)
    report.row("of a core for a run's readings", f"{share:.2%}", "at most 1 %", share <= 0.01)
    report.row("  readings of a run of 10 s", f"{seen}", "at least 90", seen >= 90)


def leftovers(report: Report, backend: Backend, host: str, count: int) -> None:
    """Thousands of runs, then a count of everything that one could leave."""
    before = at_rest(backend)
    callers = [Caller(backend.url, host) for _ in range(8)]
    begun = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda caller: [caller(LINE) for _ in range(count // 8)], callers))
    seconds = time.perf_counter() - begun
    after = settled(backend, before, 20)
    for name in before:
        report.row(
            f"after {count} runs: {name}", f"{after[name]}", f"before {before[name]}", after[name] <= before[name]
        )
    report.row("  the same runs a second", f"{count / seconds:.0f}")


def main() -> int:
    """Measure everything; 1 when a goal is missed."""
    report = Report()
    print(f"{os.cpu_count()} cores, Linux {os.uname().release}")
    with ExitStack() as stack:
        backend = stack.enter_context(running({"per_address": 100}, vm=True))
        host = new_host(backend.url)
        run(backend.url, LINE, host)
        memory(report, backend)
        readings(report, backend, host)
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (root / "bin").mkdir()
        (root / "bin/busybox").write_bytes(Path("/bin/busybox").read_bytes())
        (root / "bin/busybox").chmod(0o755)
        root.chmod(0o755)
        docker = stack.enter_context(engine.running(None))
        docker.load(registry_of(backend), "alpine", root)
        start_up(report, backend, host, docker, root)
        throughput(report, backend, host)
        isolations.measure(report, backend, host, root)
        leftovers(report, backend, host, int(os.environ.get("BENCH_RUNS", "2000")))
    if report.missed:
        print("missed: " + ", ".join(report.missed))
    return 1 if report.missed else 0


def registry_of(backend: Backend) -> str:
    """The address of the backend's local registry."""
    assert call(backend.url, "GET", "/v1/health")[0] == 200
    words = Path(f"/proc/{backend.pid_of('runner')}/cmdline").read_text().split("\0")
    settings = json.loads(next(word for word in words if word.startswith("{")))
    return str(settings["registry"])


if __name__ == "__main__":
    sys.exit(main())
