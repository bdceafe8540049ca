#!/bin/sh
# Lays out the root file system as $1/rootfs.tar: the 17 folders that `docker run alpine ls` shows.
set -eu
umask 022
# shellcheck source=demos/images/rootfs.sh
. ../rootfs.sh
root=$(mktemp -d "$1/root.XXXXXX")
chmod 0755 "$root"
folders "$root" dev home lib media/cdrom media/floppy media/usb mnt opt proc run srv sys \
  usr/lib usr/local/bin usr/local/lib usr/local/sbin usr/local/share usr/share var/cache var/lib var/log var/opt var/spool
mkdir -m 0700 "$root/root"
mkdir -m 1777 "$root/tmp" "$root/var/tmp"
ln -s /run "$root/var/run"
ln -s /run/lock "$root/var/lock"
busybox_links "$root"
accounts "$root" /bin/sh
os_release "$root" alpine-stand-in "Alpine-compatible stand-in"
printf 'localhost\n' >"$root/etc/hostname"
printf '127.0.0.1\tlocalhost localhost.localdomain\n::1\t\tlocalhost localhost.localdomain\n' >"$root/etc/hosts"
printf '# valid login shells\n/bin/sh\n/bin/ash\n' >"$root/etc/shells"
printf 'Welcome! This is a stand-in for Alpine Linux, made from busybox.\n' >"$root/etc/motd"
printf '%s\n' 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' 'export PAGER=less' \
  'umask 022' >"$root/etc/profile"
pack "$root" "$1/rootfs.tar"
