#!/bin/bash
# The house's rules (DESIGN.md), held against includes and object files: includes only go down, each
# foreign library has one owner, the floors below run/ and ctl/ are silent.
set -u
srcdir=${srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
builddir=${builddir:-$srcdir}
CC=${CC:-cc}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$srcdir" || exit 99

# What each floor may include.
declare -A below=(
        [base]='base'
        [wire]='base wire'
        [store]='base store'
        [walk]='base wire store walk'
        [run]='base wire store walk run'
        [ctl]='base wire store walk run ctl'
)
silent='base wire store walk'

# Header, symbols, owners (a pattern over floor/file without its extension).
owners='
curl/.*                   ^curl_              ^wire/http
yajl/.*                   ^yajl_              ^wire/page$
archive(_entry)?\.h       ^archive_           ^store/(pack|unpack)$
sqlite3\.h                ^sqlite3_           ^store/catalog
openssl/.*                ^crypto:            ^base/sha256$
systemd/sd-journal\.h     ^sd_journal_        ^run/log$
systemd/sd-event\.h       ^sd_event_          ^(wire/http|run/loop$)
systemd/sd-daemon\.h      ^sd_(notify|watch|listen|booted|is_)  ^run/notify$
ini\.h                    ^ini_               ^run/config
pcre2\.h                  ^pcre2_             ^ctl/pattern$
pthread\.h                ^pthread_           ^ctl/crew$
'
libraries='curl yajl archive sqlite3 crypto systemd inih z pcre2-8'

# Whoever calls these speaks, waits, ends the process or asks for the time.
loud='^(exit|_exit|_Exit|quick_exit|sleep|usleep|nanosleep|clock_nanosleep|time|clock_gettime|
gettimeofday|timespec_get|stdout|stderr|printf|vprintf|puts|putchar|perror|psignal|syslog|vsyslog|
err|errx|verr|verrx|warn|warnx|vwarn|vwarnx|error|dprintf|vdprintf|log_(init|line|event))$'
loud=${loud//$'\n'/}

# But for this: the event loop's own time stands since its last wake, and a delay would be short.
excused='wire/http_loop clock_gettime'

count=0
# report FILE SENTENCE: the file has a line for each violation.
report()
{
        count=$((count + 1))
        if [ -s "$1" ]; then
                sed 's/^/# /' "$1"
                echo "not ok $count - $2"
        else
                echo "ok $count - $2"
        fi
}

# FILE:HEADER of every include, the quotes or brackets kept.
for f in daemon/*/*.[ch]; do
        sed -n 's/^ *# *include *\([<"][^>"]*[>"]\).*/\1/p' "$f" | sed "s|^|${f#daemon/} |"
done >"$work/includes"

while read -r file header; do
        floor=${file%%/*}
        [[ $header == \"* ]] || continue
        header=${header//\"/}
        [[ " ${below[$floor]:-} " == *" ${header%%/*} "* && $header == */* ]] ||
                echo "$file includes $header"
done <"$work/includes" >"$work/down"
report "$work/down" 'includes only go down'

while read -r file header; do
        header=${header//[<>\"]/}
        while read -r pattern _ owner; do
                [ "$pattern" ] || continue
                if [[ $header =~ ^($pattern)$ ]] && ! [[ ${file%.*} =~ $owner ]]; then
                        echo "$file includes $header, which is for $owner"
                fi
        done <<<"$owners"
done <"$work/includes" >"$work/headers"
report "$work/headers" "a library's header is included by its owner only"

# SYMBOL of what each library exports, libcrypto's marked: its names have no prefix in common.
for lib in $libraries; do
        so=$($CC -print-file-name="lib$lib.so")
        nm -D --defined-only "$so" 2>"$work/nm" | awk -v lib="$lib" '
                { sub(/@.*/, "", $3); print $3, (lib == "crypto" ? "crypto:" : "") $3 }'
        grep -q . "$work/nm" && echo "BAD $lib"
done | sort -u >"$work/exports"
sed -n 's/^BAD/no symbols of library/p' "$work/exports" >"$work/missing"

# FILE SYMBOL of what each object needs and of what it gives, automake's prefixes taken off.
for c in daemon/*/*.c; do
        stem=${c%.c}
        found=
        for o in "$builddir/$stem.o" "$builddir/${stem%/*}"/*-"${stem##*/}.o"; do
                [ -e "$o" ] || continue
                found=1
                nm -u "$o" | awk -v f="${stem#daemon/}" '
                        { s = $2; sub(/@.*/, "", s); print f, s }' >>"$work/needs"
                nm --defined-only -g "$o" | awk '{ print $3 }' >>"$work/gives"
        done
        [ "$found" ] || echo "$c was not built" >>"$work/missing"
done
for c in tests/unit/test-*.c; do
        [ -x "$builddir/${c%.c}" ] || echo "$c was not built" >>"$work/missing"
done
touch "$work/needs" "$work/gives"
report "$work/missing" 'every source is built, every library is found'

# The linker would give ours to the library, too.
awk -v exports="$work/exports" '
        BEGIN { while ((getline < exports) > 0) theirs[$1] = 1 }
        $1 in theirs { print "our " $1 " has the name of a library'"'"'s" }' \
        "$work/gives" >"$work/taken"
report "$work/taken" "none of our functions takes the place of a library's"

awk -v exports="$work/exports" '
        BEGIN { while ((getline < exports) > 0) theirs[$1] = $2 }
        $2 in theirs { print $1, $2, theirs[$2] }' \
        "$work/needs" >"$work/foreign"
while read -r file symbol marked; do
        owned=
        while read -r _ pattern owner; do
                [ "$pattern" ] || continue
                [[ $marked =~ $pattern && $file =~ $owner ]] && owned=1
        done <<<"$owners"
        [ "$owned" ] || echo "$file uses $symbol"
done <"$work/foreign" >"$work/used"
[ -s "$work/foreign" ] || echo 'no object uses any library' >>"$work/used"
report "$work/used" "a library's functions are used by its owner only"

# _FORTIFY_SOURCE and 64-bit time give the same functions other names.
awk '{
                s = $2
                sub(/^__isoc[0-9]+_/, "", s)
                if (sub(/_chk$/, "", s) || sub(/64$/, "", s)) sub(/^__/, "", s)
                if (s == "fprintf" || s == "vfprintf") next # to whom shows by stdout or stderr
                print $1, s
        }' "$work/needs" | while read -r file symbol; do
        [[ " $silent " == *" ${file%%/*} "* && $symbol =~ $loud ]] || continue
        [ "$file $symbol" = "$excused" ] || echo "$file uses $symbol"
done >"$work/speech"
report "$work/speech" 'below run and ctl nothing logs, prints, waits, ends the process or asks the time'

echo "1..$count"
