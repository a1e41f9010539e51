#!/bin/bash
# The demo: the stand-in API on loopback, a store of 1,000 completions with ties and their prompts,
# one walk, and what the archive then holds. Run by `./autogen.sh demo`, from the build directory.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
dir=$PWD/demo.tmp
rm -rf "$dir"
mkdir "$dir"

coproc STANDIN { exec tests/standin/standin --watch-stdin --records=1000 --ties=8 --prompts=4; }
trap 'kill "$STANDIN_PID" 2>/dev/null || :' EXIT
read -r _ url <&"${STANDIN[0]}"

# Shows a command, then runs it.
say() {
        printf '\n$ %s\n' "$*"
        eval "$*"
}

cd "$dir"
PATH=$OLDPWD:$PATH
export OPENAI_BASE_URL=$url OPENAI_API_KEY=sk-demo-key
# A demo is not to depend on what this machine has in /etc, nor to take the 20 s that the usual pace
# of 3,000 requests a minute needs for 1,000 prompts.
printf '[Walk]\nRequestsPerMinute=100000\n' >demo.conf

say chatarchived --config=demo.conf --directory=archive --once
say chatarchivectl --directory=archive status
say chatarchivectl --directory=archive verify
say 'find archive -type f | sort'

id=$(zstdcat archive/messages/*/*.zst | jq -r .completion_id | uniq -c | awk '$1 > 2 { print $2; exit }')
echo
echo "# One conversation, with nothing but zstd and jq: prompt, then answer."
say "zstdcat archive/messages/*/*.zst | jq -r 'select(.completion_id == \"$id\") | \"\\(.role): \\(.content)\"'"
say "zstdcat archive/completions/*/*.zst | jq -r 'select(.id == \"$id\").choices[].message | \"\\(.role): \\(.content)\"'"

echo
echo "# A second walk finds nothing new, and writes nothing but its line in the ledger."
say chatarchived --config=demo.conf --directory=archive --once
echo
echo "The archive stays in ${dir#"$here"/}/archive."
