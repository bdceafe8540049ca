# Sourced by the programs beside it.
# shellcheck shell=bash

say() { printf '\n» %s\n' "$*"; }

# as_root COMMAND…: with sudo when we are not root; the three settings go along, whatever sudo keeps.
as_root() { (exec_as_root "$@"); }

# exec_as_root COMMAND…: the same in this shell's place, so that a signal to it is one to the command.
exec_as_root() {
  if [ "$(id -u)" = 0 ]; then
    exec "$@"
  elif ! command -v sudo >/dev/null; then
    say "root가 아니고 sudo도 없어요. root로 다시 실행해 주세요: $*" >&2
    return 1
  else
    exec sudo env ${HOST:+"HOST=$HOST"} ${PORT:+"PORT=$PORT"} ${SANDBOX_REGISTRY:+"SANDBOX_REGISTRY=$SANDBOX_REGISTRY"} \
      ${SANDBOX_MUST_RUN:+"SANDBOX_MUST_RUN=$SANDBOX_MUST_RUN"} "$@"
  fi
}

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
