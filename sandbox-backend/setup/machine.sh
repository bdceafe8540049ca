# Sourced by the programs beside it: looks at the settings and at this machine, before anything is installed.
# shellcheck shell=bash
#
# It needs nothing but what every Debian has, and takes a few hundredths of a second. `sandbox-backend doctor` looks at
# the same things more closely, once Python is there.

SYS_ADMIN=21 # linux/capability.h
LEAST_MEMORY_MIB=1024
# what set-up writes: packages 420, Python 500, the rest of the checkout 650, and some air
NEEDED_MIB=1700

# wrong TEXT…: a setting cannot be used.
wrong() {
  say "$*" >&2
  exit 2
}

check_settings() {
  case ${PORT:-8000} in *[!0-9]* | ?????? | '') wrong "PORT=$PORT: 1부터 65535까지의 수를 적어 주세요." ;; esac
  [ "$((10#${PORT:-8000}))" -ge 1 ] && [ "$((10#${PORT:-8000}))" -le 65535 ] ||
    wrong "PORT=$PORT: 1부터 65535까지의 수를 적어 주세요."
  case ${MACHINE:-} in '' | here | guest | pages) ;;
    *) wrong "MACHINE=$MACHINE: here, guest, pages 가운데 하나를 적어 주세요." ;;
  esac
  case ${SANDBOX_REGISTRY:-} in '' | http://* | https://*) ;;
    *) wrong "SANDBOX_REGISTRY=$SANDBOX_REGISTRY: http:// 나 https:// 로 시작하는 주소를 적어 주세요." ;;
  esac
  check_names
}

# check_names: what has to be a name or an address is one, before anything is set up for it.
check_names() {
  local name names rest=${SANDBOX_REGISTRY:-}
  rest=${rest#*://}
  [ -z "${SANDBOX_REGISTRY:-}" ] || is_host "${rest%%/*}" ||
    wrong "SANDBOX_REGISTRY=$SANDBOX_REGISTRY: http://registry.example:5000 처럼 적어 주세요."
  [[ ${HOST:-localhost} =~ ^([A-Za-z0-9_.-]+|\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*(%[A-Za-z0-9_.-]+)?\]?)$ ]] ||
    wrong "HOST=$HOST: 127.0.0.1이나 localhost처럼 주소만 적고, 포트는 PORT=로 정해 주세요."
  read -r -a names <<<"$(tr ',\t\n' '   ' <<<"${HOSTS:-}")"
  for name in "${names[@]}"; do
    is_host "$name" || wrong "HOSTS=$HOSTS: docs.example이나 docs.example:8443처럼 http:// 없이 적어 주세요."
  done
}

# is_host TEXT: whether it is a name or an address, with a port or without, as it stands in a browser.
is_host() {
  [[ $1 =~ ^([A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(:([0-9]{1,5}))?$ ]] &&
    [ "$((10#${BASH_REMATCH[4]:-1}))" -ge 1 ] && [ "$((10#${BASH_REMATCH[4]:-1}))" -le 65535 ]
}

# in_container: whether this machine is a container of another.
in_container() {
  [ -e /.dockerenv ] || [ -e /run/.containerenv ] || [ -n "${container:-}" ] ||
    { [ -r /proc/1/environ ] && tr '\0' '\n' </proc/1/environ 2>/dev/null | grep -q '^container='; }
}

# root_can_be_had: whether we are root, or sudo makes us, if need be with a password that somebody can type.
root_can_be_had() {
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }
}

# as_root_if_possible COMMAND…: what tells more to root, and something to anybody.
as_root_if_possible() { if root_can_be_had; then as_root "$@"; else "$@"; fi; }

# status NAME: what the kernel says of this process.
status() { sed -n "s/^$1:[[:space:]]*//p" /proc/self/status; }

# may_administer: whether root here could have CAP_SYS_ADMIN, over this machine and not over a namespace of somebody's.
may_administer() {
  local inside outside count
  read -r inside outside count </proc/self/uid_map
  (((16#$(status CapBnd) >> SYS_ADMIN) & 1)) && [ "$inside $outside $count" = "0 0 4294967295" ] &&
    { [ "$(id -u)" = 0 ] || [ "$(status NoNewPrivs)" != 1 ]; }
}

# has_cgroups: whether there are groups with all the limits, on a mount that can be written to.
has_cgroups() {
  local tree=/sys/fs/cgroup name
  if [ -e $tree/cgroup.controllers ]; then
    for name in memory cpu pids io; do grep -qw $name $tree/cgroup.controllers || return 1; done
  else
    for name in memory cpu pids blkio; do [ -d $tree/$name ] || return 1; done
    tree=$tree/memory
  fi
  [ "$(id -u)" != 0 ] || [ -w $tree ]
}

# lacks_for_here: what keeps this very machine from making containers; nothing where it can. The doctor looks closer.
lacks_for_here() {
  root_can_be_had || { echo "root가 아니고 sudo도 쓸 수 없어요" && return; }
  may_administer || { echo "root에게도 CAP_SYS_ADMIN이 없어요" && return; }
  case $(uname -m) in x86_64 | aarch64) ;; *) echo "x86-64나 arm64 컴퓨터가 아니에요" && return ;; esac
  printf '%s\n' 5.19 "$(uname -r)" | sort --check=quiet --version-sort ||
    { echo "커널이 5.19보다 오래됐어요($(uname -r))" && return; }
  has_cgroups || { echo "쓸 수 있는 cgroup이 없어요" && return; }
  [ "$(id -u)" != 0 ] || unshare --mount --net --pid --ipc --uts --fork true 2>/dev/null ||
    echo "커널이 네임스페이스를 만들지 못하게 해요"
}

# memory_mib: how much memory a new program may have here, as the machine and the control group leave it.
memory_mib() {
  local free limit
  free=$(($(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024))
  for limit in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    limit=$(cat $limit 2>/dev/null || true)
    # one of v1 without a limit has some nineteen digits
    case $limit in '' | *[!0-9]* | ????????????????*) ;; *) free=$((limit / 1048576 < free ? limit / 1048576 : free)) ;; esac
  done
  echo "$free"
}

# lacks_for_guest: what keeps this machine from running the backend in a guest; nothing where it can.
lacks_for_guest() {
  [ "$(uname -m)" = x86_64 ] || { echo "x86-64 컴퓨터가 아니에요" && return; }
  command -v apt-get >/dev/null || { echo "apt-get이 없어요" && return; }
  [ "$(memory_mib)" -ge $LEAST_MEMORY_MIB ] || echo "남은 메모리가 $LEAST_MEMORY_MIB MiB보다 적어요"
}

# remedy: how containers could be made here.
remedy() {
  if may_administer; then
    echo "root로 실행하거나 sudo를 쓸 수 있으면 컨테이너를 바로 만들어요."
  elif in_container; then
    echo "docker run --privileged 로 켠 컨테이너에서는 컨테이너를 바로 만들어요."
  fi
}

# choose_machine: sets `machine` to where runs are: here, in a guest, or nowhere (pages); says so when it is not here.
choose_machine() {
  local here guest
  machine=${MACHINE:-}
  case $machine in pages | guest) ;; *) here=$(lacks_for_here) ;; esac
  case $machine in pages) ;; *) guest=$(lacks_for_guest) ;; esac
  case $machine in
    here) [ -z "$here" ] || wrong "MACHINE=here: $here. $(remedy)" ;;
    guest) [ -z "$guest" ] || wrong "MACHINE=guest: $guest. MACHINE=pages로 기록만 볼 수 있어요." ;;
    '')
      if [ -z "$here" ]; then
        machine=here
      elif [ -z "$guest" ]; then
        machine=guest
        say "컨테이너를 이 컴퓨터에서 바로 만들 수 없어서($here), 작은 가상 머신 안에서 실행해요. 조금 느려요. $(remedy)"
      else
        machine=pages
        say "여기서는 실행할 수 없어서($here, $guest), 기록이 든 페이지만 보여 줘요. $(remedy)"
      fi
      ;;
  esac
}

# check_disk FOLDER MIB: there is room for what is installed and made.
check_disk() {
  local folder=$1 free
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  free=$(($(df -Pk "$folder" | awk 'NR == 2 {print $4}') / 1024))
  [ "$free" -ge "$2" ] ||
    wrong "디스크에 $2 MiB가 필요한데 $folder 에 $free MiB만 남아 있어요. 자리를 비우거나 DATA=폴더로 다른 곳을 정해 주세요."
}
