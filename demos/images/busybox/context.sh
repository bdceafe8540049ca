#!/bin/sh
# Lays out the root file system as $1/rootfs.tar: all programs are one file, hard-linked in /bin.
set -eu
umask 022
# shellcheck source=demos/images/rootfs.sh
. ../rootfs.sh
root=$(mktemp -d "$1/root.XXXXXX")
chmod 0755 "$root"
folders "$root" bin dev etc home lib usr/bin usr/sbin var/spool/mail var/www
mkdir -m 0700 "$root/root"
mkdir -m 1777 "$root/tmp"
ln -s lib "$root/lib64"
ln -s ../../bin/env "$root/usr/bin/env"
install -m 0755 "$BUSYBOX" "$root/bin/busybox"
"$BUSYBOX" --list | while read -r name; do
  [ "$name" = busybox ] || ln "$root/bin/busybox" "$root/bin/$name"
done
accounts "$root" /bin/sh
os_release "$root" busybox-stand-in "BusyBox stand-in"
printf 'localhost\n' >"$root/etc/hostname"
pack "$root" "$1/rootfs.tar"
