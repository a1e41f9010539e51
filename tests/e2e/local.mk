# End to end, against the stand-in. Sentences as names, TAP out.
E2E_TESTS += tests/e2e/test-walk.py tests/e2e/test-faults.py tests/e2e/test-crash.py \
        tests/e2e/test-program.py tests/e2e/test-tls.py
EXTRA_DIST += tests/e2e/harness.py
