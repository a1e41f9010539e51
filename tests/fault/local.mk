# Attacks: kills, errors, power cuts, a hostile wire, flipped bits, hours of all of it. Each program
# runs a bounded part in `make check`, and all of it in `make torture`; TEST_SEED makes it another
# run. RELIABILITY.md has what they came to.
TORTURE_TESTS =

# By strace: kills and errors at each system call.
TORTURE_TESTS += tests/fault/test-kills.py tests/fault/test-errors.py
EXTRA_DIST += tests/fault/traced.py tests/fault/scene.py tests/fault/synced.py

# The wire, with peers of the tests' own.
TORTURE_TESTS += tests/fault/test-cuts.py tests/fault/test-peers.py tests/fault/test-wrong-peers.py
EXTRA_DIST += tests/fault/peer.py tests/fault/authority.py

# Bits and tails.
TORTURE_TESTS += tests/fault/test-bits.py

# The disk, by its blocks, and the order of what is asked of it.
TORTURE_TESTS += tests/fault/test-power.py tests/fault/test-order.py
# Loaded by nbdkit: without the daemon's libraries and sanitizers.
if NBDKIT
check_DATA = tests/fault/power/disk.so
endif
tests/fault/power/disk.so: tests/fault/power/disk.c
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(CC) -std=gnu11 -D_GNU_SOURCE $(CPPFLAGS) $(WARN_CFLAGS) \
		$(CFLAGS) -shared -fPIC $(LDFLAGS) -o $@ $(srcdir)/tests/fault/power/disk.c
CLEANFILES += tests/fault/power/disk.so
EXTRA_DIST += tests/fault/power/disk.c tests/fault/power/calls.py tests/fault/power/device.py \
        tests/fault/power/log.py tests/fault/power/order.py tests/fault/power/proof.py \
        tests/fault/power/story.py tests/fault/power/witness.py

# Hours of the resident daemon; SOAK_SECONDS says how many.
TORTURE_TESTS += tests/fault/test-soak.py
EXTRA_DIST += tests/fault/churn.py tests/fault/follower.py

TESTS += $(TORTURE_TESTS)
dist_check_SCRIPTS += $(TORTURE_TESTS)

# One after the other, each whole: this takes hours.
.PHONY: torture soak
torture: $(bin_PROGRAMS) $(sbin_PROGRAMS) $(check_PROGRAMS) $(check_DATA)
	failed=0; for t in $(TORTURE_TESTS); do echo "# $$t"; ( $(AM_TESTS_ENVIRONMENT) \
		TORTURE=1 python3 -B '$(srcdir)'/$$t ) || failed=1; done; exit $$failed
soak: $(bin_PROGRAMS) $(sbin_PROGRAMS) $(check_PROGRAMS)
	$(AM_TESTS_ENVIRONMENT) TORTURE=1 python3 -B $(srcdir)/tests/fault/test-soak.py
