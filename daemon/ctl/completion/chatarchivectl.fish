# Completion of chatarchivectl for fish.

set -l verbs status list show cat grep export walks report verify head reindex
set -l streams 'completions messages changes'
set -l times 'today yesterday -1d -7d -30d'

function __chatarchivectl_ids
        set -l words (commandline -opc)
        set -l where
        for i in (seq (count $words))
                if contains -- $words[$i] -D --directory; and set -q words[(math $i + 1)]
                        set where -D $words[(math $i + 1)]
                else if string match -q -- '--directory=*' $words[$i]
                        set where $words[$i]
                end
        end
        chatarchivectl $where list -n 100 -o cat 2>/dev/null
end

function __chatarchivectl_verb
        __fish_seen_subcommand_from $argv
end

complete -c chatarchivectl -f
complete -c chatarchivectl -s D -l directory -x -a '(__fish_complete_directories)' -d 'The archive'
complete -c chatarchivectl -l no-pager -d 'Do not pipe what is long through a pager'
complete -c chatarchivectl -s h -l help -d 'Print the help'
complete -c chatarchivectl -n "not __chatarchivectl_verb $verbs" -l version -d 'Print the version'

set -l no_verb "not __chatarchivectl_verb $verbs"
complete -c chatarchivectl -n $no_verb -a status -d 'How much there is, the last walks'
complete -c chatarchivectl -n $no_verb -a list -d 'The completions'
complete -c chatarchivectl -n $no_verb -a show -d 'One conversation'
complete -c chatarchivectl -n $no_verb -a cat -d 'The records as JSON lines'
complete -c chatarchivectl -n $no_verb -a grep -d 'The JSON lines that a pattern finds'
complete -c chatarchivectl -n $no_verb -a export -d 'Chat fine-tuning JSONL'
complete -c chatarchivectl -n $no_verb -a walks -d 'All walks'
complete -c chatarchivectl -n $no_verb -a report -d 'One page of HTML'
complete -c chatarchivectl -n $no_verb -a verify -d 'Prove that everything is there'
complete -c chatarchivectl -n $no_verb -a head -d "The ledger's head"
complete -c chatarchivectl -n $no_verb -a reindex -d 'Build the catalog anew'

complete -c chatarchivectl -n '__chatarchivectl_verb status list show walks' \
        -s o -l output -x -a 'short json cat' -d 'How it is written'
complete -c chatarchivectl -n '__chatarchivectl_verb status list show walks' \
        -l json -d 'A JSON object a line'
complete -c chatarchivectl -n '__chatarchivectl_verb list cat grep export' \
        -s S -l since -x -a $times -d 'Created at this time or later'
complete -c chatarchivectl -n '__chatarchivectl_verb list cat grep export' \
        -s U -l until -x -a $times -d 'Created at this time or earlier'
complete -c chatarchivectl -n '__chatarchivectl_verb list export' -l model -x -d 'Of this model'
complete -c chatarchivectl -n '__chatarchivectl_verb list export' -l metadata -x \
        -d 'With this metadata'
complete -c chatarchivectl -n '__chatarchivectl_verb list export' -l gone \
        -d 'Only what the server does not have any more'
complete -c chatarchivectl -n '__chatarchivectl_verb list export' -l changed \
        -d 'Only what has more than one version'
complete -c chatarchivectl -n '__chatarchivectl_verb list export walks' -s n -l limit -x \
        -d 'Not more than so many'
complete -c chatarchivectl -n '__chatarchivectl_verb list walks' -s r -l reverse \
        -d 'The other way round'
complete -c chatarchivectl -n '__chatarchivectl_verb show' -l version -x -d 'This version, from 1'
complete -c chatarchivectl -n '__chatarchivectl_verb show' -a '(__chatarchivectl_ids)'
complete -c chatarchivectl -n '__chatarchivectl_verb cat grep' -a $streams
complete -c chatarchivectl -n '__chatarchivectl_verb cat' -l latest \
        -d 'Only the newest version of each'
complete -c chatarchivectl -n '__chatarchivectl_verb grep' -s i -l ignore-case -d 'Case is nothing'
complete -c chatarchivectl -n '__chatarchivectl_verb grep' -s c -l count -d 'Only how many lines'
complete -c chatarchivectl -n '__chatarchivectl_verb grep' -l ids -d 'Only the ids'
complete -c chatarchivectl -n '__chatarchivectl_verb cat grep report verify' -s j -l jobs -x \
        -d 'So many threads'
complete -c chatarchivectl -n '__chatarchivectl_verb verify' -l quick -d 'Lengths only'
complete -c chatarchivectl -n '__chatarchivectl_verb verify' -l sample -x -d 'A part, such as 1/7'
complete -c chatarchivectl -n '__chatarchivectl_verb verify' -l head -x -d 'This line is there still'
complete -c chatarchivectl -n '__chatarchivectl_verb status' -l max-age -x \
        -d 'Exit 1 if the last full walk is older'
