#!/bin/bash
# Every stored completion, a line each, as anybody would write it who has curl, jq and zstd:
#     curl-jq.sh BASE-URL OUTPUT.zst
# One jq a page, which says the next cursor first. The last part of a pipeline runs in this shell
# here, so that the cursor is still known behind it.
set -eu -o pipefail
shopt -s lastpipe

pages()
{
        local after='' query=limit=100
        while :; do
                curl -sSf -H "Authorization: Bearer $OPENAI_API_KEY" "$1/chat/completions?$query" |
                        jq -rc '(if .has_more then .last_id else "" end), .data[]' | {
                                read -r after
                                cat
                        }
                [ "$after" ] || return 0
                query="limit=100&after=$after"
        done
}

pages "$1" | zstd -3 -q -f -o "$2"
