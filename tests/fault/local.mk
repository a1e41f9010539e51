# Attacks: kills, errors, power cuts, a hostile wire, flipped bits. Each program runs a bounded part
# in `make check`, and all of it in `make torture` (TORTURE=1); TEST_SEED makes it another run.
TORTURE_TESTS =
TESTS += $(TORTURE_TESTS)
dist_check_SCRIPTS += $(TORTURE_TESTS)
