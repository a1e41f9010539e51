#!/bin/sh
# From a bare Debian to a build:
#   ./autogen.sh          make ./configure
#   ./autogen.sh --deps   install the packages that building and testing need, then make ./configure
#   ./autogen.sh demo     all of it, build, and show the program at work on loopback
#   ./autogen.sh check    all of it, build, and run all tests
#   ./autogen.sh bench    all of it and what it is compared with, build, and measure
set -eu
cd "$(dirname "$0")"

build_packages='autoconf automake build-essential ca-certificates jq libarchive-dev
        libcurl4-openssl-dev libinih-dev libpcre2-dev libsqlite3-dev libssl-dev libsystemd-dev
        libyajl-dev pkg-config zlib1g-dev zstd'
test_packages='chromium curl e2fsprogs fish fuse3 gzip libnbd-bin lz4 mandoc mount nbdkit
        nbdkit-plugin-dev nginx openssl procps prometheus python3 strace systemd util-linux xz-utils
        zsh'
# A Node that is not Debian's brings its own npm, and conflicts with Debian's.
command -v npm >/dev/null || test_packages="$test_packages nodejs npm"
bench_packages='python3-ijson python3-requests python3-zstandard time'

fail()
{
        echo "autogen.sh: $*" >&2
        exit 1
}

# Which of these packages are not there.
missing()
{
        for p; do
                case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
                installed) ;;
                *) echo "$p" ;;
                esac
        done
}

install_packages()
{
        command -v dpkg-query >/dev/null ||
                fail "this is no Debian; install the equivalents of:" "$@"
        want=$(missing "$@")
        [ "$want" ] || return 0
        root=
        if [ "$(id -u)" != 0 ]; then
                command -v sudo >/dev/null || fail "as root, run: apt-get install" $want
                root=sudo
        fi
        # Offline: the tests start an nginx of their own and need only promtool of prometheus;
        # Debian's services are not to start now.
        $root apt-get update -q </dev/null
        $root env DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 \
                apt-get install -q -y --no-install-recommends $want </dev/null
}

make_configure()
{
        autoreconf -fi
}

# In CI every warning is an error, and nothing of an earlier configuration counts.
build()
{
        [ -x configure ] || make_configure
        if [ "${CI:-}" = true ]; then
                ./configure --enable-werror
        elif [ ! -e Makefile ]; then
                ./configure
        fi
        make -j"$(nproc)"
}

[ $# -le 1 ] || fail "one word at most: --deps, demo, check or bench"
case ${1:-} in
'')
        make_configure
        ;;
--deps)
        install_packages $build_packages $test_packages
        make_configure
        ;;
demo)
        install_packages $build_packages
        build
        make tests/standin/standin
        exec tests/demo.sh
        ;;
check)
        install_packages $build_packages $test_packages
        build
        exec make -j"$(nproc)" check
        ;;
bench)
        install_packages $build_packages $test_packages $bench_packages
        build
        exec make bench
        ;;
*)
        fail "one word at most: --deps, demo, check or bench"
        ;;
esac
