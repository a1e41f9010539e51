#include "run/notify.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define STATUS_MAX 512

usec_t notify_watchdog_usec(void)
{
        uint64_t usec;

        return sd_watchdog_enabled(0, &usec) > 0 ? (usec_t)usec : 0;
}

void notify_ready(void)
{
        sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
        struct timespec now;

        /* Type=notify-reload asks for the time, so that it sees which reload this one is. */
        clock_gettime(CLOCK_MONOTONIC, &now);
        sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
                   (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void notify_stopping(void)
{
        sd_notify(0, "STOPPING=1");
}

void notify_watchdog(void)
{
        sd_notify(0, "WATCHDOG=1");
}

void notify_extend(usec_t more)
{
        sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%lld", (long long)more);
}

void notify_status(const char *format, ...)
{
        static char last[STATUS_MAX]; /* one process, one status */
        char text[STATUS_MAX];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        if (strcmp(text, last) == 0)
                return;
        memcpy(last, text, sizeof(last));
        sd_notifyf(0, "STATUS=%s", text);
}
