#!/bin/bash
# What is installed, under a booted systemd: `make install`, and the story in guest.py.
set -eu
umask 022
srcdir=${srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
builddir=${builddir:-$srcdir}
work=$(mktemp -d "$builddir/boot.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# In CI a skipped test is a failed one.
skip()
{
        echo "tests/boot: NOT TESTED under systemd: $*" >&2
        echo "1..0 # SKIP $*"
        exit 0
}

mkdir "$work/out" "$work/tree"
# As if typed: with the flags of the `make check` around it, it would want its job server.
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$builddir" install \
        DESTDIR="$work/tree" >"$work/install" 2>&1 || {
        sed 's/^/# /' "$work/install"
        echo 'Bail out! make install failed'
        exit 1
}
unit=
for dir in usr/local/lib usr/lib lib etc; do
        [ ! -e "$work/tree/$dir/systemd/system/chatarchived.service" ] || unit=$dir
done
[ "$unit" ] || skip "the units' directory is not one where systemd looks"

# Beside it, what the test itself needs: at this place the harness finds it.
guest=$work/tree/opt/boot-test
mkdir -p "$guest/tests/standin" "$guest/daemon/run"
cp "$srcdir/tests/boot/guest.py" "$srcdir/tests/e2e/harness.py" "$guest"
cp "$srcdir/daemon/run/message.h" "$guest/daemon/run"
cp "$builddir/tests/standin/standin" "$guest/tests/standin"
ctl=$(cd "$work/tree" && find . -path '*/bin/chatarchivectl' -type f)
ln -s "${ctl#.}" "$guest/chatarchivectl"

status=0
BOOT_LIMIT=300 bash "$srcdir/tests/boot/container.sh" "$work/out" "$work/tree" \
        /usr/bin/env srcdir=/opt/boot-test builddir=/opt/boot-test LC_ALL=C.UTF-8 \
        PYTHONDONTWRITEBYTECODE=1 python3 /opt/boot-test/guest.py 2>"$work/why" || status=$?
cat "$work/why" >&2
[ $status != 77 ] || skip "$(cat "$work/why")"
cat "$work/out/stdout" 2>/dev/null || echo "Bail out! the container did not boot"
[ $status = 0 ] || {
        echo "# the container ended with status $status; then its journal"
        for file in stderr journal; do
                tail -n 200 "$work/out/$file" 2>/dev/null | sed 's/^/# /'
        done
}
exit $status
