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
