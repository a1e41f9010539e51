libchatarchived_a_SOURCES += \
        daemon/wire/scan.h daemon/wire/scan.c \
        daemon/wire/squeeze.h daemon/wire/squeeze.c \
        daemon/wire/shape.h daemon/wire/shape.c \
        daemon/wire/page.h daemon/wire/page.c \
        daemon/wire/httpdate.h daemon/wire/httpdate.c \
        daemon/wire/retry.h daemon/wire/retry.c \
        daemon/wire/http_url.h daemon/wire/http_url.c \
        daemon/wire/http_head.h daemon/wire/http_head.c \
        daemon/wire/http_loop.h daemon/wire/http_loop.c \
        daemon/wire/http.h daemon/wire/http.c \
        daemon/wire/redact.h daemon/wire/redact.c \
        daemon/wire/pace.h daemon/wire/pace.c \
        daemon/wire/api_url.h daemon/wire/api_url.c \
        daemon/wire/api_ending.h daemon/wire/api_ending.c \
        daemon/wire/api_headers.h daemon/wire/api_headers.c \
        daemon/wire/api_attempt.h daemon/wire/api_attempt.c \
        daemon/wire/api.h daemon/wire/api_error.c daemon/wire/api_core.h daemon/wire/api_call.c daemon/wire/api.c
