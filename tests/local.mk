# Every test speaks TAP. It finds its sources by $srcdir and what was built by $builddir, both
# absolute, and runs in $builddir.
UNIT_TESTS =
E2E_TESTS =
LDADD = $(DAEMON_LIBS)

include $(top_srcdir)/tests/unit/local.mk
include $(top_srcdir)/tests/standin/local.mk
include $(top_srcdir)/tests/e2e/local.mk
include $(top_srcdir)/tests/boot/local.mk
include $(top_srcdir)/tests/fault/local.mk
include $(top_srcdir)/tests/fuzz/local.mk
include $(top_srcdir)/tests/bench/local.mk

TEST_EXTENSIONS = .py .sh
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
PY_LOG_DRIVER = $(TAP_DRIVER)
PY_LOG_COMPILER = python3 -B
SH_LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_COMPILER = bash
AM_TESTS_ENVIRONMENT = srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' CC='$(CC)'; \
        export srcdir builddir CC;

check_PROGRAMS += $(UNIT_TESTS)
dist_check_SCRIPTS += $(E2E_TESTS) tests/layers.sh tests/manuals.sh tests/units.sh
TESTS += $(UNIT_TESTS) $(E2E_TESTS) tests/layers.sh tests/manuals.sh tests/units.sh

EXTRA_DIST += tests/demo.sh

# Not in check: what these tools say depends on their versions, which differ from Debian to Debian.
.PHONY: lint
lint:
	srcdir='$(abs_top_srcdir)' bash '$(top_srcdir)/tests/lint.sh' $(DEFS) $(AM_CPPFLAGS) \
		$(CPPFLAGS) $(AM_CFLAGS)
EXTRA_DIST += tests/lint.sh .clang-tidy tests/RELIABILITY.md
