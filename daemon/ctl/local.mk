libchatarchived_a_SOURCES += \
        daemon/ctl/show.h daemon/ctl/show.c \
        daemon/ctl/damage.h daemon/ctl/damage.c \
        daemon/ctl/verb.h daemon/ctl/verb.c \
        daemon/ctl/meter.h daemon/ctl/meter.c \
        daemon/ctl/chain.h daemon/ctl/chain.c \
        daemon/ctl/reading.h daemon/ctl/reading.c \
        daemon/ctl/sight.h daemon/ctl/sight.c \
        daemon/ctl/shelf.h daemon/ctl/shelf.c \
        daemon/ctl/tree.h daemon/ctl/tree.c \
        daemon/ctl/proof.h daemon/ctl/proof.c \
        daemon/ctl/verify.h daemon/ctl/verify.c \
        daemon/ctl/cat.h daemon/ctl/cat.c \
        daemon/ctl/account.h daemon/ctl/account.c \
        daemon/ctl/due.h daemon/ctl/due.c \
        daemon/ctl/writer.h daemon/ctl/writer.c \
        daemon/ctl/count.h daemon/ctl/count.c \
        daemon/ctl/status.h daemon/ctl/status_core.h daemon/ctl/status_text.c \
        daemon/ctl/status_json.c daemon/ctl/status.c \
        daemon/ctl/args.h daemon/ctl/args.c

bin_PROGRAMS += chatarchivectl
chatarchivectl_SOURCES = daemon/ctl/main.c
chatarchivectl_LDADD = $(DAEMON_LIBS)

dist_man_MANS += daemon/ctl/chatarchivectl.1 daemon/store/chatarchive.5
