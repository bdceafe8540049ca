# Sourced by the context.sh of the images that have a shell: small functions that lay out a root file system.
# shellcheck shell=sh

# A static busybox: the machine's, as Debian's package busybox-static installs it, or one elsewhere.
BUSYBOX=${BUSYBOX:-/bin/busybox}

# folders ROOT NAME…: empty folders.
folders() {
  root=$1
  shift
  for name in "$@"; do
    mkdir -p "$root/$name"
  done
}

# busybox_links ROOT: busybox in /bin and each of its programs as a symbolic link where it is usually looked for.
busybox_links() {
  folders "$1" bin sbin usr/bin usr/sbin
  install -m 0755 "$BUSYBOX" "$1/bin/busybox"
  "$BUSYBOX" --list-full | while read -r path; do
    case $path in
      */*) [ "$path" = bin/busybox ] || ln -s /bin/busybox "$1/$path" ;;
    esac
  done
}

# accounts ROOT SHELL: the few users and groups that programs ask for.
accounts() {
  folders "$1" etc
  printf '%s\n' "root:x:0:0:root:/root:$2" 'bin:x:1:1:bin:/bin:/sbin/nologin' \
    'daemon:x:2:2:daemon:/sbin:/sbin/nologin' 'guest:x:405:100:guest:/dev/null:/sbin/nologin' \
    'nobody:x:65534:65534:nobody:/:/sbin/nologin' >"$1/etc/passwd"
  printf '%s\n' 'root:x:0:root' 'bin:x:1:root,bin,daemon' 'daemon:x:2:root,bin,daemon' 'tty:x:5:' 'wheel:x:10:root' \
    'users:x:100:' 'nogroup:x:65533:' 'nobody:x:65534:' >"$1/etc/group"
  printf '%s\n' 'root:*::0:::::' 'nobody:!::0:::::' >"$1/etc/shadow"
  chmod 0640 "$1/etc/shadow"
}

# os_release ROOT ID NAME: which system this is, and that it stands in for another.
os_release() {
  folders "$1" etc
  printf '%s\n' "NAME=\"$3\"" "ID=$2" 'ID_LIKE=debian' "PRETTY_NAME=\"$3 (stand-in, busybox of Debian)\"" \
    'VARIANT="stand-in"' 'VARIANT_ID=stand-in' >"$1/etc/os-release"
}

# pack ROOT FILE: the tree as a tar whose bytes depend on nothing but the tree.
pack() {
  tar --create --file "$2" --directory "$1" --sort=name --numeric-owner --owner=0 --group=0 --mtime=@0 .
}
