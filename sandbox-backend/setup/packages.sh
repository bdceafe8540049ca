# Sourced by `ready`: the Debian packages that a goal needs, installed by root, or unpacked where nobody can be root.
# shellcheck shell=bash

# what has to be there | the Debian package that brings it | who needs it, as `who` says
needs='
/usr/lib/python3*/ensurepip             python3-venv     all
/usr/lib/*/libseccomp.so.2              libseccomp2      here check test
crun                                    crun             here
/usr/bin/tini-static                    tini             here
static-busybox                          busybox-static   live
mkfs.ext4                               e2fsprogs        live
ip                                      iproute2         live
docker-registry                         docker-registry  live
skopeo                                  skopeo           test
gcc                                     gcc              live
/usr/include/stdio.h                    libc6-dev        live
/etc/ssl/certs/ca-certificates.crt      ca-certificates  live
qemu-system-x86_64                      qemu-system-x86  live
mksquashfs                              squashfs-tools   guest
runsc                                   runsc            here
dockerd                                 docker.io        engine
sudo                                    sudo             engine
chromium-headless-shell                 chromium-headless-shell test
/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc fonts-noto-cjk test
'
# who GOAL MACHINE: whose needs a goal has on a machine that makes containers `here`, in a `guest`, or has `pages` only:
# its own, those of `all`, of whatever is `live`, and of the `engine` that the tests compare with.
who() {
  echo all "$1"
  case $1-$2 in
    *-pages | serve-guest) ;; # the pages are served before what is live is made
    record-* | serve-* | live-*) echo live "$2" ;;
    test-*) echo live guest "$2" ;;
  esac
  case $1-$2 in test-here) echo engine ;; esac
}

# packages GOAL MACHINE: what is looked for, and the package that brings it, a line each.
packages() {
  local what package whose one
  while read -r what package whose; do
    for one in $(who "$@"); do
      case " $whose " in *" $one "*) echo "$what $package" && break ;; esac
    done
  done < <(grep . <<<"$needs")
}

unpacked=$PWD/.cache/debian

# use_unpacked: let programs, libraries and headers be found that are unpacked and not installed.
use_unpacked() {
  local lib=usr/lib/$(uname -m)-linux-gnu
  [ -d "$unpacked/usr" ] || return 0
  export PATH=$PATH:$unpacked/usr/bin:$unpacked/usr/sbin
  export LD_LIBRARY_PATH=$unpacked/$lib:$unpacked/$lib/pulseaudio
  export LIBRARY_PATH=$unpacked/$lib C_INCLUDE_PATH=$unpacked/usr/include:$unpacked/usr/include/$(uname -m)-linux-gnu
  export BUSYBOX=${BUSYBOX:-$(compgen -G /bin/busybox || echo "$unpacked/bin/busybox")}
}

# interpreter: where Debian's Python is.
interpreter() { echo "$(compgen -G /usr/bin/python3 || echo "$unpacked/usr/bin/python3")"; }

there() {
  case $1 in
    /*) compgen -G "$1" >/dev/null || compgen -G "$unpacked$1" >/dev/null ;;
    # the package busybox puts a program there too, but one that cannot run without its libraries
    static-busybox) there /bin/busybox && ! ldd "${BUSYBOX:-/bin/busybox}" >/dev/null 2>&1 ;;
    # virtual machines are for x86-64 only
    qemu-system-x86_64) [ "$(uname -m)" != x86_64 ] || command -v "$1" >/dev/null ;;
    *) command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] ;;
  esac
}

# missing_packages GOAL MACHINE: the packages that are neither installed nor unpacked.
missing_packages() {
  local what package
  packages "$@" | while read -r what package; do there "$what" || echo "$package"; done
}

# package_lists: what is new at the distribution is known here for a day at most: its kernel and its QEMU are what a
# stranger gets now.
package_lists() {
  local stamp=.cache/package-lists
  root_can_be_had || return 0 # who cannot install has lists of their own, which `debs` refreshes
  if compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null && [ "$(find $stamp -mmin -1440 2>/dev/null)" ]; then
    return 0
  fi
  say "패키지 목록을 새로 받아요"
  if as_root "$setup/install-packages" --lists; then
    touch $stamp
  else
    say "패키지 목록을 새로 받지 못해서 지금 있는 목록으로 계속해요."
  fi
}

# debian GOAL MACHINE: what these need is there afterwards.
debian() {
  local packages unfinished=.cache/packages.unfinished
  mapfile -t packages < <(missing_packages "$@")
  # a package may be there and not be configured
  [ ${#packages[@]} -gt 0 ] || [ -e $unfinished ] || return 0
  if root_can_be_had; then
    say "데비안 패키지를 설치해요: ${packages[*]}"
    touch $unfinished
    as_root "$setup/install-packages" "${packages[@]}"
    rm $unfinished
  else
    unpack "$@"
  fi
}

# unpack GOAL MACHINE: as `debian`, where nobody can be root: all that these need and is not installed, below .cache.
unpack() {
  local packages lib
  mapfile -t packages < <(unpacked=/nowhere missing_packages "$@")
  say "root가 될 수 없어서, 데비안 패키지를 설치하지 않고 .cache에 풀기만 해요: ${packages[*]}"
  "$setup/debs" "$unpacked" missing "${packages[@]}"
  lib=$unpacked/usr/lib/$(uname -m)-linux-gnu
  # a linker's script that names a file where an installed package would have put it
  if [ -f "$lib/libc.so" ]; then sed -i 's#/usr/lib/[^ ]*/libc_nonshared.a#libc_nonshared.a#' "$lib/libc.so"; fi
  use_unpacked
}
