#!/usr/bin/env bash
# The one entry to building, running and checking XcsSharp. `./build.sh help` lists the commands.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

root=$PWD
bin=$root/artifacts/bin
configuration=Release
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

usage() {
    cat <<'TEXT'
usage: ./build.sh [COMMAND]

  (none)             shims and solution, NativeAOT executables into artifacts/bin
  demo [--check]     daemon, guests and a console on a simulated Xen; --check drives itself
  test               every test; the last line is "N passed, N failed, N skipped"
  lab [FILTER]       the same executables in dom0 of a real Xen, under QEMU; --shell: a shell there
  lab systemd [FILTER]    a Debian dom0 under systemd there: the units, and taking over from xenconsoled
  lint               formatting and analyzers, nothing is changed
  fmt                the same, and mends what it can
  bench, fuzz, package    not yet
TEXT
}

die() {
    printf 'build.sh: %s\n' "$*" >&2
    exit 1
}

# need TOOL=PACKAGE...: installs the Debian packages of the tools that are missing, or says what to install.
need() {
    local pair missing=()
    for pair in "$@"; do
        case ${pair%%=*} in
            /*) [ -e "${pair%%=*}" ] || missing+=("${pair#*=}") ;;
            *) command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}") ;;
        esac
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -ne 0 ]; then
        die "missing packages; run: sudo apt-get install ${missing[*]}"
    fi
    echo "installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

need_sdk() {
    command -v dotnet >/dev/null || die "the .NET 10 SDK is missing: https://dotnet.microsoft.com/download/dotnet/10.0"
    dotnet --version >/dev/null 2>&1 || die "no .NET SDK that fits global.json; install the .NET 10 SDK"
}

need_to_build() {
    need_sdk
    need gcc=gcc make=make /usr/include/stdio.h=libc6-dev /usr/include/zlib.h=zlib1g-dev
}

build_shims() {
    make -s -C native-shims OUT="$bin"
    # Only a real dom0 needs the shim over libxenctrl, and only libxen-dev can build it.
    if [ -e /usr/include/xenctrl.h ]; then
        make -s -C native-shims OUT="$bin" xenctrl
    fi
}

# publish PROJECT EXECUTABLE: one native executable, with the libraries it loads beside it.
publish() {
    local out=$root/artifacts/publish/$2
    dotnet publish "src/$1" -c $configuration -r linux-x64 -o "$out" --no-restore -v quiet --nologo
    install -m 755 "$out/$2" "$bin/$2"
    find "$out" -maxdepth 1 -name '*.so' -exec install -m 755 {} "$bin" \;
}

build() {
    need_to_build
    mkdir -p "$bin"
    build_shims
    dotnet restore XcsSharp.sln -v quiet
    dotnet build XcsSharp.sln -c $configuration --no-restore -v quiet --nologo
    publish XcsSharp.Daemon xcsd
    # The command of 2005 is the same program under its old name.
    ln -sf xcsd "$bin/xcs"
    publish XcsSharp.Cli xcsctl
    publish XcsSharp.GuestAgent xcs-guest
}

demo() {
    build
    exec dotnet "tests/XcsSharp.Demo/bin/$configuration/net10.0/xcs-demo.dll" "$@"
}

passed=0
failed=0
skipped=0

add_counts() {
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
}

# run_suite NAME COMMAND...: shows the output and adds up its last count; a suite that ends badly without
# counting a failure is one failure.
run_suite() {
    local name=$1 log status=0 counts before=$failed
    shift
    log=$root/artifacts/test-$name.log
    echo "== $name"
    "$@" 2>&1 | tee "$log" || status=$?
    counts=$(awk '
        /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p = $1; f = $3; s = $5; seen = 1 }
        /^  failed: [0-9]+$/ { f = $2 }
        /^  succeeded: [0-9]+$/ { p = $2; seen = 1 }
        /^  skipped: [0-9]+$/ { s = $2 }
        END { if (seen) print p + 0, f + 0, s + 0 }' "$log")
    if [ -n "$counts" ]; then
        # shellcheck disable=SC2086 # three words on purpose
        add_counts $counts
    fi
    if [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ]; then
        echo "$name ended with status $status and counted no failure"
        add_counts 0 1 0
    elif [ -z "$counts" ]; then
        echo "$name reported no counts"
        add_counts 0 1 0
    fi
}

shim_tests() {
    make -s -C native-shims OUT="$1" ${2:+SANITIZE=$2} check
}

run_tests() {
    build
    need script=bsdutils perl=perl-base setsid=util-linux tshark=tshark
    run_suite simxen shim_tests "$bin"
    run_suite simxen-sanitized shim_tests "$root/artifacts/sanitized" address,undefined
    run_suite dotnet dotnet test --solution XcsSharp.sln -c $configuration --no-build \
        --max-parallel-test-modules 2 --results-directory artifacts/test-results
    run_suite lab tests/xenlab/lab.sh
    echo
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
}

lab() {
    build
    if [ "${1:-}" = systemd ]; then
        shift
        exec tests/xenlab/systemd/run.sh "$@"
    fi
    exec tests/xenlab/lab.sh "$@"
}

c_sources() {
    git ls-files -co --exclude-standard -- 'native-shims/*.c' 'native-shims/*.h' 'tests/*.c' 'tests/*.h'
}

lint() {
    need_to_build
    need clang-format=clang-format shellcheck=shellcheck
    # Locked: a package graph that differs from the one in the commit is found here and not on the next machine.
    dotnet restore XcsSharp.sln --locked-mode -v quiet
    dotnet format XcsSharp.sln --no-restore --verify-no-changes
    c_sources | xargs clang-format --style=file --dry-run -Werror
    shellcheck build.sh .ci/run tests/xenlab/*.sh
    shellcheck systemd/xcsd-switchover tests/xenlab/systemd/*.sh tests/xenlab/systemd/dom0/{run-cases,initrd}
    shellcheck -s bash tests/xenlab/systemd/dom0/lib.sh tests/xenlab/systemd/cases/*.sh
    # What busybox runs in dom0 and in the guests; dash is the nearest that shellcheck knows.
    shellcheck -s dash tests/xenlab/{dom0,domu}/{init,lib.sh,shell-profile} tests/xenlab/dom0/{run-cases,consoles.sh,figures.sh} \
        tests/xenlab/cases/*.sh
    build_shims
    dotnet build XcsSharp.sln -c $configuration --no-restore -v quiet --nologo
    echo "lint: clean"
}

fmt() {
    need_to_build
    need clang-format=clang-format
    dotnet format XcsSharp.sln
    c_sources | xargs clang-format --style=file -i
}

case ${1:-build} in
    build) build ;;
    demo) shift; demo "$@" ;;
    test) run_tests ;;
    lab) shift; lab "$@" ;;
    lint) lint ;;
    fmt) fmt ;;
    bench | fuzz | package) echo "build.sh: $1: not yet" >&2; exit 2 ;;
    help | --help | -h) usage ;;
    *) usage >&2; exit 2 ;;
esac
