# A program of its own: it must not share the bugs of what it tests.
check_PROGRAMS += tests/standin/standin
tests_standin_standin_SOURCES = \
        tests/standin/slice.h \
        tests/standin/buf.c tests/standin/buf.h \
        tests/standin/rng.h \
        tests/standin/json.c tests/standin/json.h \
        tests/standin/text.c tests/standin/text.h \
        tests/standin/rope.c tests/standin/rope.h \
        tests/standin/shuffle.c tests/standin/shuffle.h \
        tests/standin/shape.h \
        tests/standin/id.c tests/standin/id.h \
        tests/standin/awkward.c tests/standin/awkward.h \
        tests/standin/record.c tests/standin/record.h \
        tests/standin/message.c tests/standin/message.h \
        tests/standin/recorded.c tests/standin/recorded.h \
        tests/standin/store.c tests/standin/store.h \
        tests/standin/select.c tests/standin/select.h \
        tests/standin/stream.c tests/standin/stream.h \
        tests/standin/series.c \
        tests/standin/pretty.c \
        tests/standin/gzip.c \
        tests/standin/digest.c \
        tests/standin/params.c tests/standin/params.h \
        tests/standin/request.c tests/standin/request.h \
        tests/standin/answer.c tests/standin/answer.h \
        tests/standin/error.c tests/standin/error.h \
        tests/standin/sender.c tests/standin/sender.h \
        tests/standin/conn.c tests/standin/conn.h \
        tests/standin/server.c tests/standin/server.h \
        tests/standin/page.c tests/standin/page.h \
        tests/standin/call.c tests/standin/call.h \
        tests/standin/trigger.c tests/standin/trigger.h \
        tests/standin/kind.c tests/standin/kind.h \
        tests/standin/kind_transfer.c tests/standin/kind_transfer.h \
        tests/standin/fault.c tests/standin/fault.h \
        tests/standin/action.c tests/standin/action.h \
        tests/standin/hook.c tests/standin/hook.h \
        tests/standin/log.c tests/standin/log.h \
        tests/standin/options.c tests/standin/options.h \
        tests/standin/service.h \
        tests/standin/api.c tests/standin/api.h \
        tests/standin/dump.c tests/standin/dump.h \
        tests/standin/control.c tests/standin/control.h \
        tests/standin/main.c
tests_standin_standin_LDADD = $(ZLIB_LIBS) $(CRYPTO_LIBS)
