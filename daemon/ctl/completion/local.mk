# Where the shells look, below the prefix.
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_bashcompletion_DATA = daemon/ctl/completion/chatarchivectl daemon/ctl/completion/chatarchived
dist_zshcompletion_DATA = daemon/ctl/completion/_chatarchivectl daemon/ctl/completion/_chatarchived
dist_fishcompletion_DATA = daemon/ctl/completion/chatarchivectl.fish \
        daemon/ctl/completion/chatarchived.fish
