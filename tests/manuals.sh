#!/bin/bash
# Every man page is mdoc without a complaint of mandoc's, but that pages of ours and of systemd's
# may not be installed where this runs; and each option that a program's --help names is in its
# page, and the other way round.
set -u
cd "${srcdir:-$(dirname "$0")/..}" || exit 99
builddir=${builddir:-.}

command -v mandoc >/dev/null || {
        echo '1..0 # SKIP no mandoc here'
        exit 0
}

count=0
for page in daemon/*/*.[1-9] etc/*.[1-9] systemd/*.[1-9]; do
        [ -e "$page" ] || continue
        count=$((count + 1))
        said=$(mandoc -T lint "$page" 2>/dev/null | grep -v 'referenced manual not found')
        if [ "$said" ] || ! grep -q '^\.Sh NAME' "$page"; then
                echo "$said" | sed 's/^/# /'
                echo "not ok $count - ${page##*/} is clean"
        else
                echo "ok $count - ${page##*/} is clean"
        fi
done

for page in daemon/run/chatarchived.8 daemon/ctl/chatarchivectl.1; do
        program=${page##*/} count=$((count + 1))
        program=${program%.*}
        helped=$("$builddir/$program" --help | grep -oE -- '--[a-z][a-z-]*' | sort -u)
        told=$(grep -oE '^\.(It|Op|Fl)( Fl)? .*' "$page" | grep -oE 'Fl -[a-z][a-z-]*' |
                sed 's/^Fl /-/' | sort -u)
        if [ "$helped" ] && [ "$helped" = "$told" ]; then
                echo "ok $count - ${page##*/} has the options of $program --help"
        else
                diff <(echo "$helped") <(echo "$told") | sed -n 's/^</# only helped:/p
                        s/^>/# only told:/p'
                echo "not ok $count - ${page##*/} has the options of $program --help"
        fi
done
echo "1..$count"
