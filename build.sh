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
  docs [--picture]   what is made from the code: the protocol's reference and the schemas; --picture: README's picture of the demo too
  pack               the NuGet packages of the client library into artifacts/packages
  bench [--quick] [--check] [SCENARIO]...   the daemon beside the original's pattern and beside the least it could be
  chaos [--seconds N] [--seed N] [--crowd N] [--without TROUBLE]...   everything goes wrong around one daemon on a simulated Xen
  fuzz [SECONDS] [TARGET]...   so long (60) each; a crash names the command that repeats it: fuzz replay FILE
  mutation [AREA]... small changes to the rings, the terminals' filter and the router, one at a time: which of them no test notices
  package [--check]  the Debian package into artifacts/packages; --check: lintian, and the same again in another folder, byte for byte (builds all twice)
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

# The package of prometheus starts a server; not ours, and policy-rc.d is how Debian is told so.
need_prometheus() {
    local policy=/usr/sbin/policy-rc.d status=0
    command -v prometheus >/dev/null && return
    if [ "$(id -u)" -ne 0 ] || [ -e $policy ]; then
        need prometheus=prometheus
        return
    fi
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    (need prometheus=prometheus) || status=$?
    rm $policy
    return "$status"
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
    make -s -C tests/bench/native OUT="$bin"
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
    publish_all
}

publish_all() {
    publish XcsSharp.Daemon xcsd
    # The command of 2005 is the same program under its old name.
    ln -sf xcsd "$bin/xcs"
    publish XcsSharp.Cli xcsctl
    publish XcsSharp.GuestAgent xcs-guest
    publish XcsSharp.Exporter xcs-exporter
}

docs() {
    need_to_build
    dotnet restore XcsSharp.sln -v quiet
    dotnet build tests/XcsSharp.Reference -c $configuration --no-restore -v quiet --nologo
    dotnet "tests/XcsSharp.Reference/bin/$configuration/net10.0/xcs-reference.dll" "$root"
    if [ "${1:-}" = --picture ]; then
        build
        need tmux=tmux
        dotnet "tests/XcsSharp.Demo/bin/$configuration/net10.0/xcs-demo.dll" --picture tests/XcsSharp.Demo/demo.svg
    fi
}

pack() {
    need_sdk
    dotnet restore XcsSharp.sln --locked-mode -v quiet
    local project
    for project in XcsSharp.Protocol XcsSharp.Client; do
        dotnet pack "src/$project" -c $configuration --no-restore -o artifacts/packages -v quiet --nologo
    done
    ls artifacts/packages
}

# What the package has, below DIR. The programs stand beside the libraries that they load by name; their paths are links.
package_root() {
    local to=$1 program
    install -d "$to"/usr/{lib/xcs,sbin,bin} "$to"/usr/share/{man/man{1,5,7,8},bash-completion/completions,zsh/vendor-completions} \
        "$to"/usr/share/{fish/vendor_completions.d,xcsd/grafana} "$to"/etc/xcs "$to"/lib/systemd/system/xcsd.socket.d
    install -m 755 "$bin"/{xcsd,xcsctl,xcs-guest,xcs-exporter} "$to/usr/lib/xcs/"
    install -m 644 "$bin"/{libxcs_xenctrl,libMonoPosixHelper}.so "$to/usr/lib/xcs/"
    ln -s ../lib/xcs/xcsd "$to/usr/sbin/xcsd"
    ln -s ../lib/xcs/xcsd "$to/usr/sbin/xcs"
    ln -s ../lib/xcs/xcs-exporter "$to/usr/sbin/xcs-exporter"
    for program in xcsctl xcs-guest; do
        ln -s "../lib/xcs/$program" "$to/usr/bin/$program"
    done
    install -m 755 systemd/xcsd-switchover "$to/usr/sbin/"
    systemd/man/make "$bin" "$to/man"
    for program in 1 5 7 8; do
        install -m 644 "$to"/man/*.$program "$to/usr/share/man/man$program/"
    done
    rm -r "$to/man"
    ln -s xcsd.8 "$to/usr/share/man/man8/xcs.8"
    install -m 644 systemd/completions/xcsctl.bash "$to/usr/share/bash-completion/completions/xcsctl"
    install -m 644 systemd/completions/_xcsctl "$to/usr/share/zsh/vendor-completions/"
    install -m 644 systemd/completions/xcsctl.fish "$to/usr/share/fish/vendor_completions.d/"
    install -m 644 systemd/grafana/xcs.json "$to/usr/share/xcsd/grafana/"
    install -m 644 systemd/debian/xcsd.json "$to/etc/xcs/"
    install -m 644 systemd/debian/socket-group.conf "$to/lib/systemd/system/xcsd.socket.d/group.conf"
}

# By the distribution's tools, from what the build has made; dated by the changelog, so that the same tree gives the same bytes.
package() {
    local from=$root/artifacts/package/xcssharp version
    need dh=debhelper dpkg-buildpackage=dpkg-dev /usr/include/xenctrl.h=libxen-dev
    version=$(package_version)
    [ "$(dpkg-parsechangelog -l systemd/debian/changelog -S Version)" = "$version" ] ||
        die "systemd/debian/changelog has another version than Directory.Build.props ($version)"
    need_to_build
    mkdir -p "$bin"
    make -s -C native-shims OUT="$bin" xenctrl
    dotnet restore XcsSharp.sln -v quiet
    publish_all
    rm -rf "${from%/*}"
    mkdir -p "$from" artifacts/packages
    cp -r systemd/debian "$from/debian"
    cp systemd/xcsd.service "$from/debian/xcsd.service"
    cp systemd/xcsd.socket "$from/debian/xcsd.socket"
    cp systemd/xcs-exporter.service "$from/debian/xcsd.xcs-exporter.service"
    package_root "$from/root"
    (cd "$from" && dpkg-buildpackage -b -uc -us >../build.log 2>&1) || die "the package was not built; see artifacts/package/build.log"
    mv "${from%/*}"/*.deb artifacts/packages/
    sha256sum "artifacts/packages/xcsd_${version}_amd64.deb"
}

package_version() {
    sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props
}

# Once more in a folder far away, whose path has another length, without a history, for somebody with other habits.
check_package() {
    local other made
    need lintian=lintian
    made=artifacts/packages/xcsd_$(package_version)_amd64.deb
    # Copied before the first build: a tree that is edited meanwhile is another tree.
    other=$(mktemp -d "${TMPDIR:-/tmp}/xcssharp-elsewhere.XXXXXX")
    git ls-files -co --exclude-standard -z | xargs -0 cp --parents -t "$other"
    package
    lintian --allow-root --fail-on error,warning "$made" || die "lintian is not content"
    echo "lintian: clean"
    (umask 0027 && cd "$other" && TZ=Asia/Kathmandu ./build.sh package) || die "the build in $other failed"
    cmp "$made" "$other/$made" || die "two builds of the same tree differ, this one and that in $other; see: diffoscope $made $other/$made"
    rm -rf "$other"
    echo "the same in two folders: $(sha256sum <"$made" | cut -d' ' -f1)"
}

demo() {
    build
    exec dotnet "tests/XcsSharp.Demo/bin/$configuration/net10.0/xcs-demo.dll" "$@"
}

bench() {
    build
    exec dotnet "tests/XcsSharp.Bench/bin/$configuration/net10.0/xcs-bench.dll" "$@"
}

chaos_program=tests/XcsSharp.Chaos/bin/$configuration/net10.0/xcs-chaos.dll

chaos() {
    build
    need /usr/bin/prlimit=util-linux /usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1=libfaketime
    exec dotnet "$chaos_program" "$@"
}

fuzz_app=$root/artifacts/fuzz/app

# A copy of the fuzzer whose assemblies say which branches they take. Those beside it stay as they were built.
instrument() {
    local built=$root/tests/XcsSharp.Fuzz/bin/$configuration/net10.0
    rm -rf "$fuzz_app"
    mkdir -p "${fuzz_app%/*}"
    cp -r "$built" "$fuzz_app"
    dotnet "$built/XcsSharp.Fuzz.dll" instrument "$fuzz_app" >"${fuzz_app%/*}/instrumented.txt"
}

# Coverage-guided, from a fixed seed, for a minute each and at least so many executions of each as are the same everywhere; and libFuzzer over
# the C. Two at a time, and behind everybody else: what stands beside them may not be the later for it.
fuzz_check() {
    local out=$root/artifacts/fuzz/check
    export XCS_FUZZ_APP=$fuzz_app/XcsSharp.Fuzz.dll XCS_FUZZ_OUT=$out
    need_to_fuzz_simxen
    instrument
    rm -rf "$out"
    mkdir -p "$out"
    { echo simxen; dotnet "$XCS_FUZZ_APP" list; } | nice -n 19 xargs -P 2 -I '{}' "$root/build.sh" fuzz-check-one '{}'
    cat "$out"/*
    awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $1; f += $3; s += $5; n++ }
        END { if (n < ARGC - 1) f += ARGC - 1 - n; printf "%d passed, %d failed, %d skipped\n", p, f, s }' "$out"/*
}

# For xargs, which takes no functions.
fuzz_check_one() {
    if [ "$1" != simxen ]; then
        dotnet "$XCS_FUZZ_APP" check "$1" --seconds 60
    elif (fuzz_simxen 60); then
        echo "1 passed, 0 failed, 0 skipped"
    else
        echo "FAIL simxen"
        echo "0 passed, 1 failed, 0 skipped"
    fi >"$XCS_FUZZ_OUT/$1" 2>&1 || true
}

fuzz() {
    need_to_build
    dotnet restore XcsSharp.sln -v quiet
    dotnet build tests/XcsSharp.Fuzz -c $configuration --no-restore -v quiet --nologo
    instrument
    case ${1:-} in
        replay | minimize | check | list | run) exec dotnet "$fuzz_app/XcsSharp.Fuzz.dll" "$@" ;;
    esac
    local seconds=60
    if [[ ${1:-} =~ ^[0-9]+$ ]]; then
        seconds=$1
        shift
    fi
    if [ "${1:-}" != simxen ]; then
        dotnet "$fuzz_app/XcsSharp.Fuzz.dll" run --seconds "$seconds" "$@"
    fi
    if [ $# -eq 0 ] || [ "$1" = simxen ]; then
        fuzz_simxen "$seconds"
    fi
}

need_to_fuzz_simxen() {
    need clang-14=clang-14 /usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a=libclang-rt-14-dev
}

# The C of simxen: libFuzzer, over what its machine reads from clients.
fuzz_simxen() {
    need_to_fuzz_simxen
    local findings=$root/artifacts/fuzz inputs=$root/tests/simxen/fuzz
    make -s -C native-shims OUT="$findings/native" "$findings/native/simxen-fuzz"
    mkdir -p "$findings/simxen-corpus" "$findings/crashes/simxen"
    # An input's own memory is less than that, and what asks for none of the system is eight times as fast.
    ASAN_OPTIONS=quarantine_size_mb=16:malloc_context_size=4 "$findings/native/simxen-fuzz" -max_total_time="$1" -max_len=600 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="$findings/crashes/simxen/" "$findings/simxen-corpus" "$inputs/corpus" "$inputs/regressions" ||
        die "simxen: an input is in $findings/crashes/simxen; again: $findings/native/simxen-fuzz FILE"
}

# Stryker changes the sources; each change is tried by the area's own tests. Minutes for an area.
mutation() {
    local version=5.1.0 tools=$root/artifacts/tools
    need_to_build
    need git=git
    if [ ! -d "$tools/.store/dotnet-stryker/$version" ]; then
        rm -rf "$tools"
        dotnet tool install dotnet-stryker --version $version --tool-path "$tools"
    fi
    dotnet restore tests/XcsSharp.Mutation -v quiet
    dotnet build tests/XcsSharp.Mutation -c $configuration --no-restore -v quiet --nologo
    exec dotnet "tests/XcsSharp.Mutation/bin/$configuration/net10.0/xcs-mutation.dll" "$@"
}

passed=0
failed=0
skipped=0

add_counts() {
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
}

# tell_bad_end NAME STATUS LOG: in a form that tell_failures repeats. What timeout(1) ended is named by what it was running.
tell_bad_end() {
    echo "FAILED $1 ended with status $2 and counted no failure"
    [ "$2" -ne 124 ] || awk '
        /^Running tests from / { runs[$4] = 1 }
        / passed \(/ || / failed \(/ { delete runs[$1] }
        END { for (module in runs) print "  ran out of time, a test hangs in: " module }' "$3"
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
        tell_bad_end "$name" "$status" "$log" | tee -a "$log"
        add_counts 0 1 0
    elif [ -z "$counts" ]; then
        echo "$name reported no counts"
        add_counts 0 1 0
    fi
}

# begin_behind NAME COMMAND...: runs it beside what follows, until end_behind NAME shows what it has said, and the rest as it comes.
begin_behind() {
    local output=$root/artifacts/behind-$1.log
    rm -f "$output" "$output.status"
    (
        "${@:2}" >"$output" 2>&1 &
        command=$!
        trap 'kill $command' TERM
        status=0
        wait $command || status=$?
        echo $status >"$output.status"
    ) &
    behind=$!
    trap 'kill "$behind" 2>/dev/null || true' EXIT
}

end_behind() {
    local output=$root/artifacts/behind-$1.log
    tail --pid="$behind" -n +1 -f "$output"
    return "$(cat "$output.status")"
}

# What failed, once more behind all of it: the end of a long output is what a reader of it sees first, and all that some keep.
tell_failures() {
    [ "$failed" -eq 0 ] && return
    local name
    echo
    echo "failed:"
    for name; do
        [ ! -f "$root/artifacts/test-$name.log" ] || awk -v suite="$name" '
            /^(failed|FAILED|FAIL) / { left = 12; print suite ": " $0; next }
            left > 0 && /^ / { left--; print substr($0, 1, 300); next }
            { left = 0 }' "$root/artifacts/test-$name.log"
    done
}

shim_tests() {
    make -s -C native-shims OUT="$1" ${2:+SANITIZE=$2} check
}

run_tests() {
    build
    need script=bsdutils perl=perl-base setsid=util-linux tshark=tshark tmux=tmux top=procps gzip=gzip socat=socat screen=screen spin=spin groff=groff-base \
        zsh=zsh fish=fish /usr/share/bash-completion/bash_completion=bash-completion
    command -v vim >/dev/null || need vim.tiny=vim-tiny
    need_prometheus
    need /usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1=libfaketime
    # The lab's machine keeps one processor busy; what stands beside it here depends on no time. Where all is emulated slowly, its last cases
    # are skipped, so that the whole run stays below half an hour.
    XCS_LAB_SECONDS=${XCS_LAB_SECONDS:-450} begin_behind lab tests/xenlab/lab.sh
    run_suite simxen shim_tests "$bin"
    run_suite simxen-sanitized shim_tests "$root/artifacts/sanitized" address,undefined
    run_suite model tests/model/check.sh
    run_suite fuzz fuzz_check
    run_suite lab end_behind lab
    # A test that hangs is a failure and not the end of all: a run takes two to five minutes.
    run_suite dotnet timeout --kill-after=20 720 dotnet test --solution XcsSharp.sln -c $configuration --no-build \
        --max-parallel-test-modules 2 --results-directory artifacts/test-results
    run_suite chaos dotnet "$chaos_program" --seconds "${XCS_CHAOS_SECONDS:-120}"
    tell_failures simxen simxen-sanitized dotnet fuzz model chaos lab
    echo
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
}

lab() {
    if [ "${1:-}" = systemd ]; then
        shift
        package
        exec tests/xenlab/systemd/run.sh "$@"
    fi
    build
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
    # The layout. The rules of style are errors of the build below, the order of using directives is a test.
    dotnet format whitespace . --folder --verify-no-changes
    c_sources | xargs clang-format --style=file --dry-run -Werror
    shellcheck build.sh .ci/run tests/model/*.sh tests/xenlab/*.sh
    shellcheck systemd/man/make systemd/debian/xcsd.p*
    shellcheck -s bash systemd/completions/xcsctl.bash
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
    bench) shift; bench "$@" ;;
    chaos) shift; chaos "$@" ;;
    test) run_tests ;;
    lab) shift; lab "$@" ;;
    lint) lint ;;
    docs) shift; docs "$@" ;;
    pack) pack ;;
    fmt) fmt ;;
    fuzz) shift; fuzz "$@" ;;
    fuzz-check-one) fuzz_check_one "$2" ;;
    mutation) shift; mutation "$@" ;;
    package)
        case ${2:-} in
            '') package ;;
            --check) check_package ;;
            *) usage >&2; exit 2 ;;
        esac
        ;;
    help | --help | -h) usage ;;
    *) usage >&2; exit 2 ;;
esac
