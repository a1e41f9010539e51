# One test a module: `UNIT_TESTS += tests/unit/test-x` is all that tests/unit/test-x.c needs. Each
# links the real objects.

UNIT_TESTS += tests/unit/test-text
UNIT_TESTS += tests/unit/test-json
UNIT_TESTS += tests/unit/test-clock
UNIT_TESTS += tests/unit/test-buf
UNIT_TESTS += tests/unit/test-fsio
UNIT_TESTS += tests/unit/test-sha256
UNIT_TESTS += tests/unit/test-form
UNIT_TESTS += tests/unit/test-err

UNIT_TESTS += tests/unit/test-scan
UNIT_TESTS += tests/unit/test-squeeze
UNIT_TESTS += tests/unit/test-shape
UNIT_TESTS += tests/unit/test-page
UNIT_TESTS += tests/unit/test-page-size
UNIT_TESTS += tests/unit/test-retry
UNIT_TESTS += tests/unit/test-pace
UNIT_TESTS += tests/unit/test-http-url
UNIT_TESTS += tests/unit/test-http
UNIT_TESTS += tests/unit/test-http-faults
UNIT_TESTS += tests/unit/test-http-many
UNIT_TESTS += tests/unit/test-http-proxy
UNIT_TESTS += tests/unit/test-api
UNIT_TESTS += tests/unit/test-api-error
UNIT_TESTS += tests/unit/test-api-project
UNIT_TESTS += tests/unit/test-api-queue
UNIT_TESTS += tests/unit/test-api-waits

UNIT_TESTS += tests/unit/test-name
UNIT_TESTS += tests/unit/test-pack
UNIT_TESTS += tests/unit/test-spool
UNIT_TESTS += tests/unit/test-frame
UNIT_TESTS += tests/unit/test-segment
UNIT_TESTS += tests/unit/test-ledger
UNIT_TESTS += tests/unit/test-catalog
UNIT_TESTS += tests/unit/test-gone
UNIT_TESTS += tests/unit/test-archive
UNIT_TESTS += tests/unit/test-source
UNIT_TESTS += tests/unit/test-archive-gone
UNIT_TESTS += tests/unit/test-mark
UNIT_TESTS += tests/unit/test-find
UNIT_TESTS += tests/unit/test-damage
UNIT_TESTS += tests/unit/test-archive-faults
# Every system call that store/ makes goes through the test first.
tests_unit_test_archive_faults_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pwrite,--wrap=pread \
        -Wl,--wrap=fdatasync,--wrap=fsync,--wrap=ftruncate,--wrap=renameat,--wrap=openat \
        -Wl,--wrap=copy_file_range,--wrap=mkdirat,--wrap=unlinkat,--wrap=fchmod,--wrap=close \
        -Wl,--wrap=sqlite3_step,--wrap=sqlite3_extended_errcode
UNIT_TESTS += tests/unit/test-archive-power
tests_unit_test_archive_power_LDFLAGS = $(tests_unit_test_archive_faults_LDFLAGS)
UNIT_TESTS += tests/unit/test-archive-watch
tests_unit_test_archive_watch_LDFLAGS = $(AM_LDFLAGS) \
        -Wl,--wrap=pread,--wrap=copy_file_range,--wrap=fdatasync
UNIT_TESTS += tests/unit/test-archive-room
tests_unit_test_archive_room_LDFLAGS = $(AM_LDFLAGS) \
        -Wl,--wrap=openat,--wrap=fallocate,--wrap=pwrite,--wrap=fdatasync,--wrap=fstatvfs \
        -Wl,--wrap=ftruncate,--wrap=fsync
UNIT_TESTS += tests/unit/test-wanted
UNIT_TESTS += tests/unit/test-recover
UNIT_TESTS += tests/unit/test-torn

UNIT_TESTS += tests/unit/test-scope
UNIT_TESTS += tests/unit/test-index
UNIT_TESTS += tests/unit/test-tombstone
UNIT_TESTS += tests/unit/test-history
UNIT_TESTS += tests/unit/test-sweep
UNIT_TESTS += tests/unit/test-unstable
UNIT_TESTS += tests/unit/test-prompts

UNIT_TESTS += tests/unit/test-options
UNIT_TESTS += tests/unit/test-config-key
UNIT_TESTS += tests/unit/test-config-file
UNIT_TESTS += tests/unit/test-config
UNIT_TESTS += tests/unit/test-key
UNIT_TESTS += tests/unit/test-log
UNIT_TESTS += tests/unit/test-progress
UNIT_TESTS += tests/unit/test-schedule
UNIT_TESTS += tests/unit/test-trouble
UNIT_TESTS += tests/unit/test-metrics
UNIT_TESTS += tests/unit/test-metrics-file
tests_unit_test_metrics_file_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=openat,--wrap=pwrite \
        -Wl,--wrap=fchmod,--wrap=close,--wrap=renameat,--wrap=unlinkat

UNIT_TESTS += tests/unit/test-show
UNIT_TESTS += tests/unit/test-args
UNIT_TESTS += tests/unit/test-when
UNIT_TESTS += tests/unit/test-filter
UNIT_TESTS += tests/unit/test-conversation
UNIT_TESTS += tests/unit/test-tuning
UNIT_TESTS += tests/unit/test-pager
UNIT_TESTS += tests/unit/test-chain
UNIT_TESTS += tests/unit/test-tree
UNIT_TESTS += tests/unit/test-proof
UNIT_TESTS += tests/unit/test-verify
UNIT_TESTS += tests/unit/test-cat
UNIT_TESTS += tests/unit/test-scan-frames
tests_unit_test_scan_frames_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pthread_create,--wrap=openat
UNIT_TESTS += tests/unit/test-member
UNIT_TESTS += tests/unit/test-grep
UNIT_TESTS += tests/unit/test-walks
UNIT_TESTS += tests/unit/test-head
UNIT_TESTS += tests/unit/test-status
UNIT_TESTS += tests/unit/test-record
UNIT_TESTS += tests/unit/test-library
UNIT_TESTS += tests/unit/test-library-hostile
UNIT_TESTS += tests/unit/test-reindex
UNIT_TESTS += tests/unit/test-report-parts
UNIT_TESTS += tests/unit/test-report
UNIT_TESTS += tests/unit/test-format

EXTRA_DIST += tests/unit/annals.h tests/unit/calls.h tests/unit/configured.h tests/unit/faults-calls.h tests/unit/faults.h tests/unit/fetch.h \
        tests/unit/json-random.h tests/unit/kept-attack.h tests/unit/kept.h tests/unit/life.h tests/unit/model.h \
        tests/unit/page-oracle.h tests/unit/page-run.h tests/unit/prom.h tests/unit/scratch.h \
        tests/unit/served.h tests/unit/spoken.h tests/unit/squeeze-oracle.h tests/unit/squeeze-run.h \
        tests/unit/story.h tests/unit/power.h tests/unit/tap.h tests/unit/token-oracle.h tests/unit/tool.h \
        tests/unit/twins.h tests/unit/value-random.h
