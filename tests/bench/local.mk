# Measurements, never a part of check: they need a quiet machine, and say nothing of right or wrong.
EXTRA_DIST += tests/bench/pace.py tests/bench/walk.py tests/bench/front.py tests/bench/measure.py \
        tests/bench/rivals/curl-jq.sh tests/bench/rivals/openai.mjs tests/bench/rivals/package.json \
        tests/bench/rivals/requests-ijson.py tests/bench/rivals/requests-json.py \
        tests/bench/memory.py tests/bench/growth.py tests/bench/walker.py tests/bench/chart.py \
        tests/bench/verbs.py tests/bench/figures/memory.svg

# Everything that is compared with a target, one after the other: each wants the machine for itself.
.PHONY: bench bench-pace bench-walk bench-memory bench-growth bench-verbs
bench: bench-walk bench-memory bench-growth bench-verbs

bench-pace bench-walk bench-memory bench-growth bench-verbs: all tests/standin/standin
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
		python3 -B '$(top_srcdir)/tests/bench/$(@:bench-%=%).py'
