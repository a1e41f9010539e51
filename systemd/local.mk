# Units come with the resident daemon.
