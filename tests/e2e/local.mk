# End to end, against the stand-in. Sentences as names, TAP out.
E2E_TESTS += tests/e2e/test-verbs.py tests/e2e/test-completion.py tests/e2e/test-examples.py \
        tests/e2e/test-hostile.py
E2E_TESTS += tests/e2e/test-walk.py tests/e2e/test-faults.py tests/e2e/test-crash.py \
        tests/e2e/test-program.py tests/e2e/test-tls.py tests/e2e/test-resident.py \
        tests/e2e/test-status.py tests/e2e/test-due.py tests/e2e/test-history.py \
        tests/e2e/test-form.py tests/e2e/test-heads.py tests/e2e/test-scan.py tests/e2e/test-model.py \
        tests/e2e/test-library.py
# In a browser, and with DuckDB, which npm installs below tests/tools/installed.
E2E_TESTS += tests/e2e/test-report.py tests/e2e/test-tools.py
EXTRA_DIST += tests/e2e/page.py tests/e2e/forged_archive.py tests/tools/package.json \
        tests/tools/duckdb.js
clean-local:
	rm -rf tests/tools/installed
EXTRA_DIST += tests/e2e/harness.py tests/e2e/resident.py tests/e2e/nginx.py tests/e2e/launcher.py \
        tests/e2e/forged.py tests/e2e/told.py tests/e2e/timeline.py

# The tool, but for where it looks for the configuration: below the working directory. No other way
# to the real one leads past a file of the system's.
check_PROGRAMS += tests/e2e/chatarchivectl
tests_e2e_chatarchivectl_SOURCES = daemon/ctl/main.c daemon/run/config.c
tests_e2e_chatarchivectl_CPPFLAGS = $(AM_CPPFLAGS) -USYSCONFDIR -DSYSCONFDIR='"."'

# A thousand schedules, others each time; the first line says which.
MODEL_SCHEDULES = 1000
.PHONY: model
model: $(bin_PROGRAMS) $(sbin_PROGRAMS) $(check_PROGRAMS)
	$(AM_TESTS_ENVIRONMENT) MODEL_SCHEDULES=$(MODEL_SCHEDULES) \
	        TEST_SEED=$${TEST_SEED:-$$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')} \
	        python3 -B $(srcdir)/tests/e2e/test-model.py
