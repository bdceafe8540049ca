"""One interface for every layout of control groups."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from sandbox.runner.kernel import cgroup
from sandbox.runner.kernel.cgroup import layouts, v1, v2
from sandbox.runner.kernel.cgroup.files import put
from sandbox.runner.kernel.cgroup.groups import Groups
from sandbox.runner.kernel.cgroup.v1 import V1
from sandbox.runner.kernel.cgroup.v2 import V2


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture
def files_of_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel makes the files of a group with its folder; here they are made when they are written."""
    for module in (v1, v2):
        monkeypatch.setattr(module, "put", Path.write_text)


V2_USED = {
    "cgroup.controllers": "cpu memory",
    "g/cpu.stat": "usage_usec 2500\n",
    "g/memory.peak": "4096\n",
    "g/memory.events": "oom 1\noom_kill 2\n",
}
V1_USED = {
    "cpuacct/g/cpuacct.usage": "2500000\n",
    "memory/g/memory.max_usage_in_bytes": "4096\n",
    "memory/g/memory.oom_control": "under_oom 0\noom_kill 2\n",
}


V2_NOW = {
    "g/cpu.stat": "usage_usec 2500\nnr_throttled 3\nthrottled_usec 1500\n",
    "g/memory.current": "4096\n",
    "g/memory.max": "8192\n",
    "g/pids.current": "3\n",
    "g/io.stat": "8:0 rbytes=10 wbytes=20 rios=1 wios=1\n8:16 rbytes=1 wbytes=2 rios=1 wios=1\n",
}
V1_NOW = {
    "cpuacct/g/cpuacct.usage": "2500000\n",
    "cpu/g/cpu.stat": "nr_throttled 3\nthrottled_time 1500000\n",
    "memory/g/memory.usage_in_bytes": "4096\n",
    "memory/g/memory.limit_in_bytes": "8192\n",
    "pids/g/pids.current": "3\n",
    "blkio/g/blkio.throttle.io_service_bytes": "8:0 Read 10\n8:0 Write 20\n8:16 Read 1\n8:16 Write 2\nTotal 33\n",
}


@pytest.mark.parametrize(("files", "kind"), [(V2_NOW, V2), (V1_NOW, V1), ({}, V2)])
def test_a_sample_reads_the_same_in_every_layout(tmp_path: Path, files: dict[str, str], kind: type[Groups]) -> None:
    write(tmp_path, files)
    expected = cgroup.Sample(2.5, 1.5, 4096, 8192, 3, 11, 22) if files else cgroup.Sample()
    assert kind(tmp_path).sample("/g") == expected


@pytest.mark.parametrize(("files", "kind"), [(V2_NOW, V2), (V1_NOW, V1)])
def test_one_disk_can_be_counted_alone(tmp_path: Path, files: dict[str, str], kind: type[Groups]) -> None:
    write(tmp_path, files)
    one = kind(tmp_path).sample("/g", (8, 16))
    assert (one.read_bytes, one.written_bytes) == (1, 2)
    other = kind(tmp_path).sample("/g", (8, 1))
    assert (other.read_bytes, other.written_bytes) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "file", "throttled", "free"),
    [
        (V2, "g/a/io.max", "7:0 rbps=1 wbps=max riops=9 wiops=max\n", "7:0 rbps=max wbps=max riops=max wiops=max"),
        (V1, "blkio/g/a/blkio.throttle.read_bps_device", "7:0 1\n", "7:0 0"),
        (V1, "blkio/g/a/blkio.throttle.write_bps_device", "7:0 1\n", "7:0 0"),
        (V1, "blkio/g/a/blkio.throttle.write_iops_device", "7:0 9\n", "7:0 0"),
        (V1, "blkio/g/a/blkio.throttle.write_bps_device", "", ""),
    ],
)
def test_a_throttle_is_lifted(tmp_path: Path, kind: type[Groups], file: str, throttled: str, free: str) -> None:
    write(tmp_path, {file: throttled})
    kind(tmp_path).unthrottle("/g")
    kind(tmp_path).unthrottle("/nosuch")
    assert (tmp_path / file).read_text().strip() == free


@pytest.mark.parametrize(
    ("kind", "file", "texts"),
    [(V2, "g/cgroup.freeze", ("1", "0")), (V1, "freezer/g/freezer.state", ("FROZEN", "THAWED"))],
)
def test_a_group_is_stopped_and_goes_on(tmp_path: Path, kind: type[Groups], file: str, texts: tuple[str, str]) -> None:
    write(tmp_path, {file: ""})
    for frozen, text in zip((True, False), texts, strict=True):
        kind(tmp_path).freeze("/g", frozen=frozen)
        kind(tmp_path).freeze("/nosuch", frozen=frozen)
        assert (tmp_path / file).read_text() == text


@pytest.mark.parametrize(
    ("kind", "state", "file", "moving", "still"),
    [
        (V2, "g/cgroup.freeze", "g/cgroup.events", "populated 1\nfrozen 0\n", "populated 1\nfrozen 1\n"),
        (V1, "freezer/g/freezer.state", "freezer/g/freezer.state", "FREEZING\n", "FROZEN\n"),
    ],
)
def test_a_group_has_stopped_when_the_kernel_says_so_and_not_before(
    tmp_path: Path, kind: type[Groups], state: str, file: str, moving: str, still: str
) -> None:
    # there is none, or none that can be stopped
    assert kind(tmp_path).stopped("/g")
    write(tmp_path, {state: "1", file: moving})
    assert not kind(tmp_path).stopped("/g")
    write(tmp_path, {file: still})
    assert kind(tmp_path).stopped("/g")


@pytest.mark.parametrize(
    ("files", "name"),
    [(V2_USED, "v2"), (V1_USED, "v1"), (V1_USED | {"unified/cgroup.controllers": ""}, "hybrid"), ({}, "none")],
)
def test_a_layout_is_known_by_its_folders(tmp_path: Path, files: dict[str, str], name: str) -> None:
    write(tmp_path, files)
    assert layouts.layout(tmp_path) == name


@pytest.mark.parametrize(("files", "kind"), [(V2_USED, V2), (V1_USED, V1), ({}, V1), ({}, V2)])
def test_usage_reads_the_same_in_every_layout(tmp_path: Path, files: dict[str, str], kind: type[Groups]) -> None:
    write(tmp_path, files)
    expected = cgroup.Usage(2.5, 4096, 2) if files else cgroup.Usage(0, 0, 0)
    assert kind(tmp_path).usage("/g") == expected


@pytest.mark.usefixtures("files_of_groups")
@pytest.mark.parametrize(("used", "expected"), [(4096, 8192), (12288, 12288)])
@pytest.mark.parametrize(
    ("kind", "folder", "usage", "limit"),
    [
        (V2, "a/b", "memory.current", "memory.max"),
        (V1, "memory/a/b", "memory.memsw.usage_in_bytes", "memory.limit_in_bytes"),
    ],
)
def test_what_runs_share_is_limited_but_to_what_they_have_already(
    tmp_path: Path, kind: type[Groups], folder: str, usage: str, limit: str, used: int, expected: int
) -> None:
    write(tmp_path, {f"{folder}/{usage}": f"{used}\n"})
    write(tmp_path, {f"{folder.replace('memory', 'pids')}/pids.current": "70\n"})
    kind(tmp_path).share("a/b", 8192, 64, 1)
    assert int((tmp_path / folder / limit).read_text()) == expected
    assert int((tmp_path / folder.replace("memory", "pids") / "pids.max").read_text()) == 70


V2_KERNEL = {
    "g/memory.stat": "anon 9\nkernel 100\nsock 7\nslab_reclaimable 30\nslab_unreclaimable 50\n",
    "g/memory.events": "oom 1\noom_kill 2\n",
}
V1_KERNEL = {
    "memory/g/memory.kmem.usage_in_bytes": "70\n",
    "memory/g/memory.kmem.tcp.usage_in_bytes": "7\n",
    "memory/g/memory.oom_control": "under_oom 0\noom_kill 2\n",
}


@pytest.mark.parametrize(("files", "kind"), [(V2_KERNEL, V2), (V1_KERNEL, V1), ({}, V1), ({}, V2)])
def test_what_the_kernel_does_reads_the_same_in_every_layout(
    tmp_path: Path, files: dict[str, str], kind: type[Groups]
) -> None:
    write(tmp_path, files)
    assert kind(tmp_path).kernel("/g") == (77 if files else 0)
    # the older layout does not show what could be taken back
    assert kind(tmp_path).objects("/g") == (0 if not files else 50 if kind is V2 else 70)
    assert kind(tmp_path).kills("/g") == (2 if files else 0)
    assert kind(tmp_path).in_sockets("/g") == (7 if files else 0)


def test_only_where_it_does_not_show_it_the_kernel_is_asked_to_take_back_what_it_can(tmp_path: Path) -> None:
    write(tmp_path, {"memory/g/memory.force_empty": ""})
    V1(tmp_path).take_back("/g")
    assert (tmp_path / "memory/g/memory.force_empty").read_text() == "0"
    V2(tmp_path).take_back("/g")
    with pytest.raises(FileNotFoundError):
        V1(tmp_path).take_back("/nosuch")


def test_the_unified_tree_of_a_hybrid_machine_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, V1_USED | {"unified/cgroup.controllers": ""})
    assert sorted(folder.parent.name for folder in V1(tmp_path).folders("/g")) == ["cpuacct", "memory"]


@pytest.mark.usefixtures("files_of_groups")
def test_on_v1_a_group_may_use_kvm_only_if_it_is_allowed_by_name(tmp_path: Path) -> None:
    (tmp_path / "devices").mkdir()
    own = V1(tmp_path)
    assert own.make("/g") == "/g"
    assert (tmp_path / "devices/g/devices.deny").read_text() == "c 10:232 rw"
    for name in ("memory", "cpu", "pids"):
        (tmp_path / name / "g").mkdir(parents=True)
    resources = {"memory": {"limit": 1, "swap": 1}, "cpu": {"period": 1, "quota": 1, "shares": 1}, "pids": {"limit": 1}}
    none = {"allow": False, "access": "rwm"}
    own.limit("/g", resources | {"devices": [none]})
    assert not (tmp_path / "devices/g/devices.allow").exists()
    kvm = {"allow": True, "type": "c", "major": 10, "minor": 232, "access": "rw"}
    own.limit("/g", resources | {"devices": [none, kvm]})
    assert (tmp_path / "devices/g/devices.allow").read_text() == "c 10:232 rw"


@pytest.mark.parametrize(("added", "written"), [("io", "cpu memory io"), ("io hugetlb", "-hugetlb")])
def test_controllers_that_no_run_uses_are_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, added: str, written: str
) -> None:
    monkeypatch.setattr(layouts, "MOUNT", tmp_path)
    file = tmp_path / "cgroup.subtree_control"
    file.write_text("cpu memory")
    with cgroup.controllers_kept():
        file.write_text(f"cpu memory {added}")
    assert file.read_text() == written


def test_controllers_that_were_there_before_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "MOUNT", tmp_path)
    file = tmp_path / "cgroup.subtree_control"
    file.write_text("cpu rdma misc")
    with cgroup.controllers_kept():
        pass
    assert file.read_text() == "cpu rdma misc"


def test_a_thread_of_ours_in_a_group_does_not_get_us_killed_with_it(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        write(tmp_path, {"g/cgroup.procs": f"{os.getpid()}\n{other.pid}\n"})
        assert V2(tmp_path).processes("/g") == [other.pid]
        assert not V2(tmp_path).remove("/g")
        assert other.wait() == -signal.SIGKILL


@pytest.mark.parametrize("kind", [V1, V2])
def test_attack_74_no_file_of_a_group_is_made_by_writing_to_it(tmp_path: Path, kind: type[Groups]) -> None:
    """Whoever may have to make one waits for whoever reads the names in the group, as those who live there do."""
    for folder in ("g", "cpu/g", "freezer/g"):
        (tmp_path / folder).mkdir(parents=True)
    kind(tmp_path).freeze("/g", frozen=True)
    kind(tmp_path).lower_weight("/g")
    with pytest.raises(FileNotFoundError):
        put(tmp_path / "g/missing", "1")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
