# Measurements, never a part of check: they need a quiet machine, and say nothing of right or wrong.
EXTRA_DIST += tests/bench/pace.py

.PHONY: bench-pace
bench-pace: all tests/standin/standin
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
		python3 -B '$(top_srcdir)/tests/bench/pace.py'
