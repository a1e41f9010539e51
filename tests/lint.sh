#!/bin/bash
# Static analysis of daemon/: gcc's analyzer (as written, and with inlining), clang-tidy (.clang-tidy
# says what is off, and why), cppcheck. Anything that one of them says is a failure.
#   lint.sh FLAGS...    the compiler's flags, as `make lint` has them
set -u
cd "${srcdir:?}" || exit 99
flags=("$@")
failed=0
n=0
jobs=$(nproc)

sources()
{
        find daemon -name '*.c' -print0 | sort -z
}

files=$(sources | tr -cd '\0' | wc -c)

# NAME COMMAND...: reads the sources' names.
run()
{
        local name=$1 out
        shift
        n=$((n + 1))
        if out=$(sources | "$@" 2>&1) && [ -z "$out" ]; then
                echo "ok $n - $files files, no word from $name"
        else
                echo "${out:-it failed}" | sed 's/^/# /'
                echo "not ok $n - $files files, no word from $name"
                failed=1
        fi
}

one()
{
        xargs -0 -P "$jobs" -n 1 "$@"
}

run "gcc -O0 -fanalyzer" one gcc "${flags[@]}" -Werror -O0 -fanalyzer -c -o /dev/null
run "gcc -Og -fanalyzer" one gcc "${flags[@]}" -Werror -Og -fanalyzer -c -o /dev/null
run "clang" one clang "${flags[@]}" -Werror -O2 -c -o /dev/null
# On its standard error it only counts what it left out. One process a file: a second one in the same
# process has LLVM 14 take every va_list for uninitialised.
run clang-tidy xargs -0 -P "$jobs" -I FILE \
        sh -c 'file=$1; shift; clang-tidy --quiet "$file" -- "$@" 2>/dev/null' sh FILE "${flags[@]}"
# A directory stream of readdir is never shared here; its _r is deprecated.
run cppcheck xargs -0 cppcheck -q -j "$jobs" --std=c11 --library=posix --library=gnu \
        --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
        --suppress=missingIncludeSystem --suppress=readdirCalled -D_GNU_SOURCE -Idaemon \
        '-DTAILQ_HEAD(n,t)=struct{struct t*first;}' '-DLIST_HEAD(n,t)=struct{struct t*first;}' \
        '-DTAILQ_ENTRY(t)=struct{struct t*next;}' '-DLIST_ENTRY(t)=struct{struct t*next;}'
echo "1..$n"
exit $failed
