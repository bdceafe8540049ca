# Sourced by the programs beside it.
# shellcheck shell=bash

# what a user may set, and sudo would not pass on
settings=(MACHINE HOST HOSTS PORT DATA SANDBOX_REGISTRY SANDBOX_MUST_RUN)

say() { printf '\n» %s\n' "$*"; }

# as_root COMMAND…: with sudo when we are not root; the settings go along.
as_root() { (exec_as_root "$@"); }

# exec_as_root COMMAND…: the same in this shell's place, so that a signal to it is one to the command.
exec_as_root() {
  local name kept=()
  if [ "$(id -u)" = 0 ]; then exec "$@"; fi
  for name in "${settings[@]}"; do kept+=(${!name:+"$name=${!name}"}); done
  exec sudo env "${kept[@]}" "$@"
}

# with_node COMMAND…: with the Node.js and npm of the virtual environment. They come from a wheel, so they are told
# where this machine has its npm settings (the registry may be another one) and its certificates.
with_node() (
  settings=/etc/npmrc certificates=/etc/ssl/certs/ca-certificates.crt
  PATH=$PWD/.venv/bin:$PATH
  [ ! -f $settings ] || export NPM_CONFIG_GLOBALCONFIG="${NPM_CONFIG_GLOBALCONFIG-$settings}"
  [ ! -f $certificates ] || export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS-$certificates}"
  "$@"
)

# fingerprint PATH…: one hash over the names and contents of all files there.
fingerprint() {
  find -L "$@" -type f -not -path '*/__pycache__/*' -not -path '*.egg-info/*' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
}

stamped() { [ -f "$1" ] && [ "$(<"$1")" = "$2" ]; }

# stamp FILE KEY: only when the disk has taken all that was made before it, and whole or not at all.
stamp() {
  sync --file-system "$(dirname "$1")"
  printf '%s\n' "$2" >"$1.new"
  mv "$1.new" "$1"
}
