# Fuzzing. The targets are files fuzz-NAME.c with LLVMFuzzerTestOneInput. In check each runs over its
# corpus and over random mutants of it, with no engine; `make fuzz` and `make fuzz-afl` build them
# and all that they link with sanitizers, and run libFuzzer and AFL++.
FUZZ_TARGETS = page squeeze ledger config segment error retry span
FUZZ_TESTS = tests/fuzz/replay-page tests/fuzz/replay-squeeze tests/fuzz/replay-ledger \
        tests/fuzz/replay-config tests/fuzz/replay-segment tests/fuzz/replay-error \
        tests/fuzz/replay-retry tests/fuzz/replay-span
check_PROGRAMS += $(FUZZ_TESTS)
TESTS += $(FUZZ_TESTS)

FUZZ_REPLAY = tests/fuzz/fuzz.h tests/fuzz/replay.c
tests_fuzz_replay_page_SOURCES = $(FUZZ_REPLAY) tests/fuzz/fuzz-page.c
tests_fuzz_replay_squeeze_SOURCES = $(FUZZ_REPLAY) tests/fuzz/fuzz-squeeze.c
tests_fuzz_replay_ledger_SOURCES = $(FUZZ_REPLAY) tests/fuzz/fuzz-ledger.c
tests_fuzz_replay_config_SOURCES = $(FUZZ_REPLAY) tests/fuzz/fuzz-config.c
tests_fuzz_replay_segment_SOURCES = $(FUZZ_REPLAY) tests/fuzz/fuzz-segment.c
tests_fuzz_replay_error_SOURCES = $(FUZZ_REPLAY) tests/fuzz/fuzz-error.c
tests_fuzz_replay_retry_SOURCES = $(FUZZ_REPLAY) tests/fuzz/fuzz-retry.c
tests_fuzz_replay_span_SOURCES = $(FUZZ_REPLAY) tests/fuzz/fuzz-span.c

EXTRA_DIST += tests/fuzz/campaign.sh tests/fuzz/corpus.py \
        $(FUZZ_TARGETS:%=tests/fuzz/corpus/%.netstrings) $(FUZZ_TARGETS:%=tests/fuzz/%.dict)

# ---- the engines: objects of their own, the normal build stays as it is ----

FUZZ_RUNS = 10000000
FUZZ_SECONDS = 600
FUZZ_NAMES = $(FUZZ_TARGETS)
FUZZ_CC = clang
FUZZ_AFL_CC = afl-clang-fast
FUZZ_SANITIZE = address,undefined
FUZZ_FLAGS = $(DEFS) -I. $(AM_CPPFLAGS) $(AM_CFLAGS) -g -O1 -fno-omit-frame-pointer \
        -fno-sanitize-recover=all -w

FUZZ_OBJECTS = $(patsubst %.c,%.o,$(filter %.c,$(libchatarchived_a_SOURCES)))
FUZZ_LIBFUZZER = $(FUZZ_TARGETS:%=tests/fuzz/libfuzzer/fuzz-%)
FUZZ_AFL = $(FUZZ_TARGETS:%=tests/fuzz/afl/fuzz-%)
FUZZ_LIBS = $(CURL_LIBS) $(YAJL_LIBS) $(ARCHIVE_LIBS) $(SYSTEMD_LIBS) $(SQLITE_LIBS) \
        $(CRYPTO_LIBS) $(INIH_LIBS) $(PCRE2_LIBS)

.PHONY: fuzz fuzz-build fuzz-afl fuzz-afl-build fuzz-merge
fuzz-build: $(FUZZ_LIBFUZZER)
fuzz-afl-build: $(FUZZ_AFL)
fuzz: fuzz-build
	FUZZ_RUNS='$(FUZZ_RUNS)' '$(srcdir)/tests/fuzz/campaign.sh' libfuzzer $(FUZZ_NAMES)
fuzz-afl: fuzz-afl-build
	FUZZ_SECONDS='$(FUZZ_SECONDS)' '$(srcdir)/tests/fuzz/campaign.sh' afl $(FUZZ_NAMES)
# The corpora in the tree anew, from what they and the campaigns' finds reach.
fuzz-merge: fuzz-build
	'$(srcdir)/tests/fuzz/campaign.sh' merge $(FUZZ_NAMES)

tests/fuzz/libfuzzer/%.o: %.c
	$(AM_V_CC)$(MKDIR_P) '$(@D)' && $(FUZZ_CC) $(FUZZ_FLAGS) -MMD -MP \
		-fsanitize=fuzzer-no-link,$(FUZZ_SANITIZE) $(FUZZ_MORE) -c -o $@ $<
# The key at every place of a text: the engine's note of each comparison would take all the time.
tests/fuzz/libfuzzer/daemon/wire/redact.o tests/fuzz/libfuzzer/tests/fuzz/fuzz-error.o: \
        FUZZ_MORE = -fno-sanitize-coverage=trace-cmp
tests/fuzz/libfuzzer/lib.a: $(FUZZ_OBJECTS:%=tests/fuzz/libfuzzer/%)
	$(AM_V_AR)rm -f $@ && $(AR) cr $@ $^
$(FUZZ_LIBFUZZER): tests/fuzz/libfuzzer/fuzz-%: tests/fuzz/libfuzzer/tests/fuzz/fuzz-%.o \
                tests/fuzz/libfuzzer/lib.a
	$(AM_V_CCLD)$(FUZZ_CC) -pthread -fsanitize=fuzzer,$(FUZZ_SANITIZE) -o $@ $^ \
		$(FUZZ_LIBS)

tests/fuzz/afl/%.o: %.c
	$(AM_V_CC)$(MKDIR_P) '$(@D)' && AFL_QUIET=1 AFL_USE_ASAN=1 AFL_USE_UBSAN=1 $(FUZZ_AFL_CC) \
		$(FUZZ_FLAGS) -MMD -MP -c -o $@ $<
tests/fuzz/afl/lib.a: $(FUZZ_OBJECTS:%=tests/fuzz/afl/%)
	$(AM_V_AR)rm -f $@ && $(AR) cr $@ $^
$(FUZZ_AFL): tests/fuzz/afl/fuzz-%: tests/fuzz/afl/tests/fuzz/fuzz-%.o \
                tests/fuzz/afl/lib.a
	$(AM_V_CCLD)AFL_QUIET=1 AFL_USE_ASAN=1 AFL_USE_UBSAN=1 $(FUZZ_AFL_CC) -pthread \
		-fsanitize=fuzzer -o $@ $^ $(FUZZ_LIBS)

-include $(wildcard tests/fuzz/*/daemon/*/*.d tests/fuzz/*/tests/fuzz/*.d)

mostlyclean-local: clean-fuzz
clean-fuzz:
	rm -rf tests/fuzz/libfuzzer tests/fuzz/afl
