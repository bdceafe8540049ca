#!/bin/sh
# Compiles both versions below $1: base.tar, the layer that they share, and a folder for each.
#
# Each folder also holds the other version's program, in /opt: started there, it meets the wrong library, and the
# dynamic loader says so. That is the clash which two images avoid.
set -eu
umask 022
# shellcheck source=demos/images/rootfs.sh
. ../rootfs.sh
# the C library by its name: -lc is a script that names its parts by paths from /, where a compiler that is only
# unpacked somewhere does not have them
compile() { gcc -std=c11 -Os -Wall -Wextra -Werror -Wl,--build-id=none -s "$@" -nodefaultlibs -l:libc.so.6; }

base=$(mktemp -d "$1/base.XXXXXX")
chmod 0755 "$base"
folders "$base" dev etc opt proc sys usr/lib usr/local/bin
mkdir -m 1777 "$base/tmp"
busybox_links "$base"
accounts "$base" /bin/sh
printf '%s\n' 'NAME="greeter"' 'ID=greeter' 'PRETTY_NAME="greeter, an image of its own"' >"$base/etc/os-release"

for version in 1 2; do
  root=$1/greeter-$version
  folders "$root" opt usr/bin usr/lib
  compile -shared -fPIC -Wl,-soname,libgreet.so -o "$root/usr/lib/libgreet.so" "libgreet-$version.c"
  # a missing function is found out at the start, before main() has printed anything
  compile -Wl,-z,now -o "$root/usr/bin/greeter" "greeter-$version.c" "$root/usr/lib/libgreet.so"
done
install -m 0755 "$1/greeter-2/usr/bin/greeter" "$1/greeter-1/opt/greeter-2"
install -m 0755 "$1/greeter-1/usr/bin/greeter" "$1/greeter-2/opt/greeter-1"

# the C library and the loader, at the paths that the program asks for by itself: whoever starts this may have the
# libraries of their own programs elsewhere
libraries=$(env -u LD_LIBRARY_PATH -u LD_PRELOAD ldd "$1/greeter-1/usr/bin/greeter" | grep -o '/[^ ]*' | grep -v libgreet)
for library in $libraries; do
  install -D -m 0755 "$library" "$base$library"
done
case $libraries in *libc.so.*ld-linux*) ;; *) echo "ldd names no C library and loader: $libraries" >&2 && exit 1 ;; esac
pack "$base" "$1/base.tar"
