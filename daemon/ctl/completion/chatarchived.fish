# Completion of chatarchived for fish.

complete -c chatarchived -f
complete -c chatarchived -l config -r -F -d 'The configuration'
complete -c chatarchived -l directory -x -a '(__fish_complete_directories)' -d 'The archive'
complete -c chatarchived -l base-url -x -d "The API's base URL"
complete -c chatarchived -l once -a 'full new' -d 'Walk once, end'
complete -c chatarchived -l check-config -d 'Read the configuration, end'
complete -c chatarchived -l version -d 'Print the version'
complete -c chatarchived -l help -d 'Print the help'
