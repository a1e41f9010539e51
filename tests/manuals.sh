#!/bin/bash
# Every man page is mdoc without a complaint of mandoc's, but that pages of ours and of systemd's
# may not be installed where this runs.
set -u
cd "${srcdir:-$(dirname "$0")/..}" || exit 99

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
echo "1..$count"
