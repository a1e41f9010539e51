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
        daemon/run/loop.h daemon/run/loop.c \
        daemon/run/notify.h daemon/run/notify.c \
        daemon/run/schedule.h daemon/run/schedule.c \
        daemon/run/trouble.h daemon/run/trouble.c \
        daemon/run/watchdog.h daemon/run/watchdog.c \
        daemon/run/message.h daemon/run/report.h daemon/run/report.c \
        daemon/run/alarm.h daemon/run/alarm.c \
        daemon/run/metrics.h daemon/run/metrics_core.h \
        daemon/run/metrics_text.c daemon/run/metrics.c \
        daemon/run/engine.h daemon/run/engine.c \
        daemon/run/state.h daemon/run/state.c \
        daemon/run/once.h daemon/run/once.c \
        daemon/run/reload.h daemon/run/reload.c \
        daemon/run/service.h daemon/run/service_core.h \
        daemon/run/service_open.c daemon/run/service_signal.c daemon/run/service.c

sbin_PROGRAMS += chatarchived
chatarchived_SOURCES = daemon/run/main.c
chatarchived_LDADD = $(DAEMON_LIBS)
dist_man_MANS += daemon/run/chatarchived.8
