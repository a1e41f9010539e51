# Attacks: kills, errors, power cuts, a hostile wire, flipped bits. Each program runs a bounded part
# in `make check`, and all of it in `make torture` (TORTURE=1); TEST_SEED makes it another run.
TORTURE_TESTS =

# By strace: kills and errors at each system call.
TORTURE_TESTS += tests/fault/test-kills.py tests/fault/test-errors.py
EXTRA_DIST += tests/fault/traced.py tests/fault/scene.py tests/fault/synced.py

TESTS += $(TORTURE_TESTS)
dist_check_SCRIPTS += $(TORTURE_TESTS)

# The wire, with peers of the tests' own.
TORTURE_TESTS += tests/fault/test-cuts.py tests/fault/test-peers.py tests/fault/test-wrong-peers.py \
        tests/fault/test-bits.py
EXTRA_DIST += tests/fault/peer.py tests/fault/authority.py
TORTURE_TESTS += tests/fault/test-power.py tests/fault/test-order.py
TESTS += $(TORTURE_TESTS)
dist_check_SCRIPTS += $(TORTURE_TESTS)

# The disk that test-power.py cuts the power of, loaded by nbdkit: without the daemon's libraries and
# sanitizers.
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
