#!/bin/bash
# Run the fuzz targets under an engine, from the build directory:
#   campaign.sh libfuzzer [NAME…]   each FUZZ_RUNS times under ASan and UBSan
#   campaign.sh afl [NAME…]         each FUZZ_SECONDS seconds
#   campaign.sh merge [NAME…]       what they found, as few inputs as reach it, into the tree
# What was found stays in tests/fuzz/ENGINE/found/NAME, a log beside it, and an input that a target
# fails over in tests/fuzz/ENGINE/crash/NAME; then the exit is 1.
set -u
engine=${1:?libfuzzer, afl or merge}
shift
tools=$(cd "$(dirname "$0")" && pwd)
runs=${FUZZ_RUNS:-10000000} seconds=${FUZZ_SECONDS:-600}
# What the tree takes: more would say little more.
max_inputs=150 max_bytes=300000
failed=0

# The longest input that an engine tries: what a target is about fits into it.
length()
{
        case $1 in
        page | squeeze) echo 2048 ;;
        ledger | segment) echo 2048 ;;
        config) echo 1024 ;;
        error) echo 128 ;;
        *) echo 256 ;;
        esac
}

# unpack NAME DIR
unpack()
{
        mkdir -p "$2"
        "$tools/corpus.py" unpack "$tools/corpus/$1.netstrings" "$2"
}

libfuzzer()
{
        local dir=tests/fuzz/libfuzzer name=$1
        unpack "$name" $dir/found/"$name"
        mkdir -p $dir/crash/"$name"
        ASAN_OPTIONS=quarantine_size_mb=16:detect_leaks=1:intercept_strcmp=0 UBSAN_OPTIONS=print_stacktrace=1 \
                $dir/fuzz-"$name" -runs="$runs" -max_len="$(length "$name")" -timeout=60 \
                -dict="$tools/$name.dict" -artifact_prefix=$dir/crash/"$name"/ \
                -print_final_stats=1 -verbosity=1 \
                $dir/found/"$name" >$dir/"$name".log 2>&1 || failed=1
        awk -v name="$name" '
                /^#[0-9]+\t/ { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
                /^stat::number_of_executed_units/ { runs = $2 }
                /^stat::average_exec_per_sec/ { speed = $2 }
                END { print "# figure " runs " inputs executed by libFuzzer on " name " (" edges \
                        " edges, " speed " a second)" }' $dir/"$name".log
}

afl()
{
        local dir=tests/fuzz/afl name=$1
        unpack "$name" $dir/in/"$name"
        mkdir -p $dir/out
        AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 \
                ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0:quarantine_size_mb=16 \
                UBSAN_OPTIONS=abort_on_error=1:symbolize=0 \
                afl-fuzz -V "$seconds" -G "$(length "$name")" -m none -t 10000 \
                -x "$tools/$name.dict" -i $dir/in/"$name" -o $dir/out/"$name" \
                -- $dir/fuzz-"$name" >$dir/"$name".log 2>&1 || failed=1
        [ -z "$(find $dir/out/"$name"/default/crashes -name 'id*')" ] || failed=1
        mkdir -p $dir/found/"$name"
        cp $dir/out/"$name"/default/queue/id* $dir/found/"$name"
        awk -v name="$name" -F ' *: *' '
                { is[$1] = $2 }
                END { print "# figure " is["execs_done"] " inputs executed by AFL++ on " name \
                        " (" is["edges_found"] " edges, " is["saved_crashes"] " crashes, " \
                        is["saved_hangs"] " hangs)" }' $dir/out/"$name"/default/fuzzer_stats
}

# The smallest first, until the tree has its share.
merge()
{
        local dir=tests/fuzz/libfuzzer name=$1 from=()
        for d in $dir/found/"$name" tests/fuzz/afl/found/"$name"; do
                [ ! -d "$d" ] || from+=("$d")
        done
        rm -rf $dir/merged/"$name"
        mkdir -p $dir/merged/"$name"
        unpack "$name" $dir/old/"$name"
        $dir/fuzz-"$name" -merge=1 -max_len="$(length "$name")" $dir/merged/"$name" \
                $dir/old/"$name" "${from[@]}" >$dir/"$name".merge.log 2>&1 || failed=1
        "$tools/corpus.py" pack --inputs=$max_inputs --bytes=$max_bytes \
                "$tools/corpus/$name.netstrings" $dir/merged/"$name" || failed=1
}

for name; do
        "$engine" "$name"
done
exit $failed
