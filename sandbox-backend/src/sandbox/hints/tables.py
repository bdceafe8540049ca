"""Lists what hints know of shells, of other systems and of the world's images: data that the rules go by."""

from __future__ import annotations

from sandbox.docker.cli.names import PROGRAMS

# POSIX.1-2024, XCU 2.15 and 1.7: what a shell does by itself; those that small images have as a file, too, are no slip
BUILT_INS = frozenset(
    """
    . : alias bg break cd command continue eval exec exit export fc fg getopts hash jobs local read readonly return set
    shift source times trap type ulimit umask unalias unset wait
    """.split()
)
# words of the grammar that open something which has to be closed again
KEYWORDS = frozenset("case for if until while { !".split())
BASH_ONLY = frozenset(
    """
    bind builtin caller compgen complete compopt declare dirs disown enable history let logout mapfile popd pushd
    readarray shopt suspend typeset [[ function select coproc
    """.split()
)
SHELLS = frozenset("ash bash csh dash fish ksh mksh sh tcsh zsh".split())
# what a shell of a reader's own computer, or another system, calls what is called otherwise here
ALIASES = {
    "ll": "ls -l",
    "la": "ls -a",
    "l": "ls",
    "cls": "clear",
    "copy": "cp",
    "del": "rm",
    "dir": "ls",
    "ipconfig": "ifconfig",
    "md": "mkdir",
    "move": "mv",
    "rd": "rmdir",
    "ren": "mv",
    "tracert": "traceroute",
    "vim": "vi",
    "nano": "vi",
    "printenv": "env",
}
# the options of a program whose name was left out
OPTIONS_OF = {
    "-c": "sh",
    "-ec": "sh",
    "-lc": "sh",
    **dict.fromkeys("-a -al -l -la -lah -lh -alh -ltr -R".split(), "ls"),
}
# what stands before docker and is no part of its line
PREFIXES = frozenset(
    r"""
    \docker /c /k builtin chronic cmd command doas env eval exec export flatpak-spawn gsudo ionice nice nohup noglob
    powershell pwsh script setsid start strace stdbuf sudo time timeout unbuffer watch winpty wsl
    """.split()
)
# addresses that people take for a part of an image's name
HUBS = frozenset("hub.docker.com registry.hub.docker.com www.docker.com docker.com index.docker.com".split())


def _where(**programs: str) -> dict[str, str]:
    return {name: image.replace("_", "/") for image, names in programs.items() for name in names.split()}


# programs that everybody knows, and the image of Docker Hub in which they are
WHERE = {
    **_where(
        node="node npm npx yarn",
        python="python python3 pip pip3 pydoc idle",
        ubuntu="apt apt-get apt-cache dpkg service useradd",
        fedora="yum dnf rpm",
        golang="go gofmt",
        ruby="ruby irb gem bundle bundler rake",
        rust="cargo rustc rustup",
        php="php",
        composer="composer",
        perl="perl cpan",
        gcc="gcc g++ cc c++ cpp",
        maven="mvn",
        gradle="gradle",
        nginx="nginx",
        httpd="apachectl httpd",
        redis="redis-server redis-cli",
        postgres="psql postgres pg_dump createdb",
        mysql="mysql mysqld mysqldump mysqladmin",
        mariadb="mariadb",
        mongo="mongod mongosh",
        haskell="ghc ghci cabal",
        julia="julia",
        elixir="elixir iex mix",
        erlang="erl",
        swift="swift",
        docker="docker dockerd docker-compose",
        alpine="apk",
        bash="bash",
        memcached="memcached",
        rabbitmq="rabbitmqctl rabbitmq-server",
        archlinux="pacman",
    ),
    **dict.fromkeys("jar java javac jcmd jmap jps jshell jstack keytool".split(), "eclipse-temurin"),
    "bun": "oven/bun",
    "deno": "denoland/deno",
    "curl": "curlimages/curl",
    "git": "alpine/git",
    "helm": "alpine/helm",
    "aws": "amazon/aws-cli",
    "terraform": "hashicorp/terraform",
    "R": "r-base",
    "Rscript": "r-base",
}
# programs that are well known too, in no image of their own: a name near to them is not a slip
WELL_KNOWN = (
    frozenset(WHERE)
    | frozenset(ALIASES)
    | BUILT_INS
    | BASH_ONLY
    | SHELLS
    | frozenset(
        """
        ab act add-apt-repository adduser ag ansible apache2 at atop bat batch brew btop cal ccache cmake code colordiff
        corepack cron ctop ddd dig direnv dmidecode doas dos2unix dotnet dua duf dust ed emacs espeak exa expo eza fd
        ffmpeg file fish fortune fping fzf gawk gdb gping gpg gtop gvim helix hg host hping htop http httpie iftop
        iostat iotop ip6tables iperf iperf3 iptables isort iwconfig jenv jest journalctl jq jupyter kcat kind kubectl
        ldd lessc lftp links locale locate lsb_release lsblk lscpu lsd lshw lsof lspci lsusb ltrace lynx mail make man
        mc microdnf mode mongo mosh mpv mtr ncat ncdu neofetch neovim nest next ngrep nmap nping ntop nuxt nvim nvm
        openssl osh pandoc parallel parted pgrep pico pig pine pint pipenv pkill pnpm pod poetry pstree pwsh pyenv
        pytest python2 rar rbenv rclone rcp rem rg rsh rsync rvm sar scp screen sendmail sftp sl snap socat ssh ssh-add
        ssh-agent ssh-copy-id ssh-keygen sshd sshfs start strace stress subl sudo svn sysstat systemctl tcpdump tex tig
        tmux tox tree tshark ufw unrar venv vimdiff visudo vmstat w3m wall wg whatis whereis whois write xclip xdg-open
        yash yq zgrep zip zsh zstd
        """.split()
    )
)
# where the usual small images have their most usual programs
PATHS = frozenset(
    f"/bin/{name}"
    for name in "ash busybox cat chmod cp date df echo false grep ls mkdir mv ps pwd rm sed sh sleep true".split()
)
# who is in their /etc/passwd and /etc/group
USERS = frozenset({"root", "nobody", "daemon"})
# what the images that are always kept have at the least, before anyone has pulled them
IMAGES: dict[str, frozenset[str]] = {
    "hello-world:latest": frozenset(),
    "alpine:latest": PROGRAMS - {"bash", "file"},
    "busybox:latest": PROGRAMS - {"bash", "file"},
}


def is_command(text: str) -> bool:
    """Return whether a text begins with what a shell carries out, and is no name of a script."""
    word = text.partition(" ")[0]
    return word in PROGRAMS or word in BUILT_INS
