# Booted: the installed units under the machine's own systemd. As root only.
dist_check_SCRIPTS += tests/boot/test-boot.sh
TESTS += tests/boot/test-boot.sh
EXTRA_DIST += tests/boot/container.sh tests/boot/guest.py
