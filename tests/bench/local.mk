# Measurements, never a part of check: they need a quiet machine, and say nothing of right or wrong.
EXTRA_DIST += tests/bench/pace.py tests/bench/walk.py tests/bench/front.py tests/bench/measure.py \
        tests/bench/rivals/curl-jq.sh tests/bench/rivals/openai.mjs tests/bench/rivals/package.json \
        tests/bench/rivals/requests-ijson.py tests/bench/rivals/requests-json.py \
        tests/bench/figures/memory.svg tests/bench/memory.py tests/bench/growth.py tests/bench/walker.py tests/bench/chart.py \
        tests/bench/verbs.py

.PHONY: bench-pace
bench-pace: all tests/standin/standin
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
		python3 -B '$(top_srcdir)/tests/bench/pace.py'

# Everything that is compared with a target, one after the other: each wants the machine for itself.
.PHONY: bench
bench: bench-walk bench-memory bench-growth bench-verbs

.PHONY: bench-walk
bench-walk: all tests/standin/standin
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
		python3 -B '$(top_srcdir)/tests/bench/walk.py'

.PHONY: bench-memory
bench-memory: all tests/standin/standin
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
		python3 -B '$(top_srcdir)/tests/bench/memory.py'

.PHONY: bench-growth
bench-growth: all tests/standin/standin
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
		python3 -B '$(top_srcdir)/tests/bench/growth.py'

.PHONY: bench-verbs
bench-verbs: all tests/standin/standin
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
		python3 -B '$(top_srcdir)/tests/bench/verbs.py'
