libchatarchived_a_SOURCES += \
        daemon/walk/scope.h daemon/walk/scope.c \
        daemon/walk/lines.h daemon/walk/lines.c \
        daemon/walk/recall.h daemon/walk/recall.c \
        daemon/walk/index.h daemon/walk/index.c \
        daemon/walk/tombstone.h daemon/walk/tombstone.c \
        daemon/walk/intake.h daemon/walk/intake.c \
        daemon/walk/presence.h daemon/walk/presence.c \
        daemon/walk/sweep.h daemon/walk/sweep.c \
        daemon/walk/patience.h daemon/walk/patience.c \
        daemon/walk/walk.h daemon/walk/walk_core.h daemon/walk/plan.c daemon/walk/head.c \
        daemon/walk/walk.c \
        daemon/walk/probe.c daemon/walk/gap.c daemon/walk/ending.c \
        daemon/walk/prompts.h daemon/walk/prompts_core.h daemon/walk/prompts.c daemon/walk/slot.c
