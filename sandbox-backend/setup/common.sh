# Sourced by the programs beside it.
# shellcheck shell=bash

say() { printf '\n» %s\n' "$*"; }

can_be_root() { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; }

# as_root COMMAND…: with sudo when we are not root; the three settings go along, whatever sudo keeps.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif ! can_be_root; then
    say "root가 아니고 sudo도 없어요. root로 다시 실행해 주세요: $*" >&2
    return 1
  else
    sudo env ${HOST:+"HOST=$HOST"} ${PORT:+"PORT=$PORT"} ${SANDBOX_REGISTRY:+"SANDBOX_REGISTRY=$SANDBOX_REGISTRY"} \
      ${SANDBOX_MUST_RUN:+"SANDBOX_MUST_RUN=$SANDBOX_MUST_RUN"} "$@"
  fi
}

# fingerprint PATH…: one hash over the names and contents of all files there.
fingerprint() {
  find -L "$@" -type f -not -path '*/__pycache__/*' -not -path '*.egg-info/*' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
}

stamped() { [ -f "$1" ] && [ "$(<"$1")" = "$2" ]; }
stamp() { printf '%s\n' "$2" >"$1"; }
