libchatarchived_a_SOURCES += \
        daemon/run/options.h daemon/run/options.c \
        daemon/run/config_key.h daemon/run/config_key.c \
        daemon/run/config_file.h daemon/run/config_file.c \
        daemon/run/config.h daemon/run/config.c \
        daemon/run/key.h daemon/run/key.c \
        daemon/run/log.h daemon/run/log.c \
        daemon/run/progress.h daemon/run/progress.c
libchatarchived_a_SOURCES += \
        daemon/run/realtime.h daemon/run/realtime.c \
        daemon/run/report.h daemon/run/report.c \
        daemon/run/service.h daemon/run/service.c

sbin_PROGRAMS += chatarchived
chatarchived_SOURCES = daemon/run/main.c
chatarchived_LDADD = $(DAEMON_LIBS)
dist_man_MANS += daemon/run/chatarchived.8
