"""A Docker host with the teaching images that runs nothing: it says how a line would end there, and what is said to it.

What it has is written down here, apart from what the room of hints knows by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox import hints, policy
from sandbox.docker import go, messages
from sandbox.docker.cli import Images, Printed, Pull, Run, parse
from sandbox.docker.errors import DockerError
from sandbox.hints import Known, World, wording
from sandbox.model import reference as references
from sandbox.model.events import Exited
from sandbox.model.plan import Plan
from sandbox.oci import process
from sandbox.oci.users import LARGEST_ID
from sandbox.settings import Settings

# what Debian's static busybox, of which the stand-ins are made, has as programs
BUSYBOX = frozenset(
    """
    [ [[ acpid adjtimex ar arch arp arping ascii ash awk base64 basename bc blkdiscard blockdev brctl bunzip2
    busybox bzcat bzip2 cal cat chgrp chmod chown chroot chvt clear cmp cp cpio crc32 crond crontab cttyhack cut
    date dc dd deallocvt depmod devmem df diff dirname dmesg dnsdomainname dos2unix dpkg dpkg-deb du dumpkmap
    dumpleases echo ed egrep env expand expr factor fallocate false fatattr fdisk fgrep find findfs fold free
    freeramdisk fsfreeze fstrim ftpget ftpput getopt getty grep groups gunzip gzip halt head hexdump hostid hostname
    httpd hwclock id ifconfig ifdown ifup init insmod ionice ip ipcalc ipneigh kill killall klogd last less link
    linux32 linux64 ln loadfont loadkmap logger login logname logread losetup ls lsmod lsscsi lzcat lzma lzop md5sum
    mdev microcom mim mkdir mkdosfs mke2fs mkfifo mknod mkpasswd mkswap mktemp modinfo modprobe more mount mt mv
    nameif nc netstat nl nologin nproc nsenter nslookup nuke od openvt partprobe passwd paste patch pidof ping ping6
    pivot_root poweroff printf ps pwd rdate readlink realpath reboot renice reset resume rev rm rmdir rmmod route
    rpm rpm2cpio run-init run-parts sed seq setkeycodes setpriv setsid sh sha1sum sha256sum sha3sum sha512sum shred
    shuf sleep sort ssl_client start-stop-daemon stat strings stty su sulogin svc svok swapoff swapon switch_root
    sync sysctl syslogd tac tail tar taskset tc tee telnet telnetd test tftp time timeout top touch tr traceroute
    traceroute6 true truncate ts tty tunctl ubirename udhcpc udhcpd uevent umount uname uncompress unexpand uniq
    unix2dos unlink unlzma unshare unxz unzip uptime usleep uudecode uuencode vconfig vi w watch watchdog wc wget
    which who whoami xargs xxd xz xzcat yes zcat
    """.split()
)
# those of them that are in /bin
BIN = frozenset(
    f"/bin/{name}"
    for name in """
    arch ash base64 busybox cat chgrp chmod chown cp cpio cttyhack date dd df dmesg dnsdomainname dumpkmap echo ed egrep
    false fatattr fgrep getopt grep gunzip gzip hostname ionice ipcalc kill link linux32 linux64 ln login ls lzop mkdir
    mknod mktemp more mount mt mv netstat nuke pidof ping ping6 ps pwd readlink resume rev rm rmdir rpm run-parts sed
    setpriv sh sleep stat stty su sync tar touch true umount uname uncompress usleep vi watch zcat
    """.split()
)
IMAGES = {
    "hello-world:latest": Known(frozenset(), cmd=("/hello",), stand_in=True),
    "alpine:latest": Known(BUSYBOX, BIN, cmd=("/bin/sh",), stand_in=True),
    "busybox:latest": Known(BUSYBOX, BIN, cmd=("sh",), stand_in=True),
}
KEPT = Settings().kept_images
# a host of which all was pulled, and one whose visitor has just come
PULLED = World(images=IMAGES, show=KEPT, architecture="x86_64")
FRESH = World(images=hints.offered_here(KEPT), show=KEPT, architecture="x86_64")
_USERS = ("", "root", "bin", "daemon", "guest", "nobody")
STARTED, DONE = "started", "done"


@dataclass(frozen=True)
class Told:
    """How a line ends (`started`, `done` without a container, else why not), and what the reader is told."""

    outcome: str
    hint: str | None = None
    notice: str | None = None

    @property
    def offers(self) -> list[str]:
        """The lines that are offered."""
        found = (wording.offered(text) for text in (self.hint, self.notice) if text)
        return [line for line in found if line]


def told(line: str, world: World = PULLED) -> Told:
    """How `line` ends, with the images that are here whatever `world` knows of them before they are pulled."""
    command = parse(line)
    notice = hints.notice(line, command, world)
    match command:
        case Printed():
            outcome = DONE if not command.code and command.stdout else "printed"
            return Told(outcome, hints.for_printed(line, command, world), notice)
        case Images():
            return Told(DONE, None, notice)
        case Pull() | Run():
            return _carried_out(line, command, world, notice)


def _carried_out(line: str, asked: Run | Pull, world: World, notice: str | None) -> Told:
    try:
        plan = _plan(asked, world)
        _check_image(asked, world)
    except DockerError as error:
        ended = Exited(error.code, "not-started", message=error.stderr.rstrip("\n"))
        said = hints.for_refusal(asked, error, world) if isinstance(asked, Run) else None
        return Told(error.stderr, said or hints.for_result(line, asked, ended, None, world), notice)
    if isinstance(asked, Pull) or plan is None:
        return Told(DONE, None, notice)
    image = IMAGES[references.parse(asked.image).familiar]
    ended = _ended(asked, plan, image)
    outcome = STARTED if ended.reason == "exit" else ended.message or ""
    return Told(outcome, hints.for_result(line, asked, ended, image, PULLED), notice)


def _plan(asked: Run | Pull, world: World) -> Plan | None:
    if isinstance(asked, Pull):
        return None
    if asked.interactive and asked.tty:
        raise DockerError(messages.NO_TERMINAL, 1)
    plan = policy.decide(asked, world.limits)
    if plan.joins:
        raise DockerError(messages.daemon_error(f"No such container: {plan.joins[0].container}"), 125, "없어요.")
    return plan


def _check_image(asked: Run | Pull, world: World) -> None:
    named = references.parse(asked.image)
    held = world.find(asked.image)
    if isinstance(asked, Run) and asked.pull == "never" and not (held and held.held):
        raise _refused("No such image: x")
    if named.domain is not None:
        text = f"dial tcp: lookup {named.domain}: no such host"
        raise _refused(f'failed to resolve reference "{named.familiar}": failed to do request: {text}')
    if named.familiar_name not in {name.partition(":")[0] for name in IMAGES}:
        raise _refused(f"pull access denied for {named.familiar_name}, repository does not exist")
    if named.familiar not in IMAGES:
        raise _refused(f'failed to resolve reference "docker.io/{named.path}": docker.io/{named.path}: not found')
    if asked.platform and "amd64" not in asked.platform:
        raise _refused(f"no matching manifest for {asked.platform} in the manifest list entries: no match: not found")


def _refused(message: str) -> DockerError:
    return DockerError(messages.daemon_error(message), 125)


def _ended(run: Run, plan: Plan, image: Known) -> Exited:
    argv, _ = process.argv(plan, image.config)
    if not argv:
        return _not_started(messages.NO_COMMAND, 125)
    if unknown := _nobody(plan, image):
        return _not_started(unknown, 125)
    if argv[0] in ("/etc", "/tmp", "/", "."):
        return _not_started(messages.task_error(f"exec: {go.quote(argv[0])}: is a directory"), 126)
    if argv[0] == "/etc/passwd":
        return _not_started(messages.task_error(f"exec: {go.quote(argv[0])}: permission denied"), 126)
    name = argv[0].rpartition("/")[2]
    if plan.init and argv[0] not in (*image.paths, *image.cmd, *(image.programs or ())):
        # the init starts, and looks for it
        return Exited(127, "exit")
    lost = "/" not in argv[0] and any(entry.startswith("PATH=") for entry in plan.env)
    if lost or argv[0] not in (*image.paths, *image.cmd, *(image.programs or ())):
        return _not_started(messages.task_error(f"exec: {go.quote(argv[0])}: executable file not found in $PATH"), 127)
    if any(one.path != "/dev/loop0" for one in plan.throttles):
        return _not_started(f"stat {plan.throttles[0].path}: no such file or directory", 125)
    # a shell looks for its script
    scripted = name in ("sh", "ash") and len(run.args) > 1 and run.args[1][:1] not in ("-", "/")
    return Exited(2 if scripted else 0, "exit")


def _nobody(plan: Plan, image: Known) -> str | None:
    """Why there is no such user or group."""
    user, _, group = (plan.user or "").partition(":")
    numbers = [part for part in (user, group, *plan.groups) if part.isdigit()]
    if high := next((number for number in numbers if int(number) > LARGEST_ID), None):
        return messages.HIGH_ID.format(number=high, most=LARGEST_ID)
    known = _USERS if image.has_shell else ("",)
    if not user.isdigit() and user not in known:
        return f"unable to find user {user}: no matching entries in passwd file"
    lost = next((name for name in (group, *plan.groups) if not name.isdigit() and name not in known), None)
    return None if lost is None else f"unable to find group {lost}: no matching entries in group file"


def _not_started(message: str, code: int) -> Exited:
    return Exited(code, "not-started", message=messages.daemon_error(message))
