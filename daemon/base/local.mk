libchatarchived_a_SOURCES += \
        daemon/base/err.h daemon/base/err.c \
        daemon/base/mem.h daemon/base/mem.c \
        daemon/base/buf.h daemon/base/buf.c \
        daemon/base/clock.h daemon/base/clock.c \
        daemon/base/text.h daemon/base/text.c \
        daemon/base/json.h daemon/base/json.c \
        daemon/base/fsio.h daemon/base/fsio.c \
        daemon/base/sha256.h daemon/base/sha256.c \
        daemon/base/fold.h daemon/base/fold.c \
        daemon/base/form.h daemon/base/form.c
