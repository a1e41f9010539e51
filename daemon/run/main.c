#include "base/mem.h"
#include "run/config.h"
#include "run/key.h"
#include "run/log.h"
#include "run/loop.h"
#include "run/once.h"
#include "run/options.h"
#include "run/report.h"
#include "run/service.h"

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The key lives in this process's memory: no core files, no debugger of the same user. */
static void guard_memory(void)
{
        const struct rlimit none = { 0, 0 };

        setrlimit(RLIMIT_CORE, &none);
        prctl(PR_SET_DUMPABLE, 0);
}

/* Compressors come and go with buffers of some hundred KiB to MiB. Left to itself, malloc learns to
 * keep such blocks in its heap, which then grows by a compressor with every giant record. What a
 * page's reader takes, 140 KiB, comes and goes with every page, and is better kept. */
static void steady_memory(void)
{
        mallopt(M_MMAP_THRESHOLD, 192 * 1024);
        mallopt(M_TRIM_THRESHOLD, 512 * 1024);
}

/* What is opened next must not become one of the three. */
static void guard_descriptors(void)
{
        int fd;

        do {
                fd = open("/dev/null", O_RDWR);
        } while (fd >= 0 && fd <= STDERR_FILENO);
        if (fd >= 0)
                close(fd);
}

static bool has_credential(void)
{
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        char path[PATH_MAX];

        if (!directory)
                return false;
        snprintf(path, sizeof(path), "%s/api-key", directory);
        return access(path, F_OK) == 0;
}

static int check_config(const struct config *config)
{
        const char *variable = getenv("OPENAI_API_KEY");
        bool given = config->key_file || has_credential() || (variable && *variable);
        struct err err;
        char *key;

        /* One that is there must be usable; one that is not may come with the service. */
        if (key_read(config->key_file, &key, NULL, &err) < 0) {
                log_line(given ? LOG_ERR : LOG_WARNING, "%s", err.text);
                if (given)
                        return SERVICE_USAGE;
        } else {
                mem_free_secret(key);
        }
        printf("The configuration is good.\n");
        return SERVICE_OK;
}

static int run(const struct options *options, const struct config_from *from, struct config *config)
{
        enum key_source source;
        struct err err;
        char *key;
        int r;

        for (size_t i = 0; i < config->n_warnings; i++)
                log_line(LOG_WARNING, "%s", config->warnings[i]);
        if (options->job == OPTIONS_CHECK_CONFIG)
                return check_config(config);
        if (key_read(config->key_file, &key, &source, &err) < 0) {
                report_config_refused(LOG_ERR, &err);
                return SERVICE_USAGE;
        }
        if (options->job == OPTIONS_DAEMON)
                r = (int)service(from, config, &key, source);
        else
                r = (int)once(config, key, options->job == OPTIONS_ONCE_FULL);
        mem_free_secret(key);
        return r;
}

int main(int argc, char *argv[])
{
        struct config config = { 0 };
        struct options options;
        struct err err;
        int r;

        guard_descriptors();
        guard_memory();
        steady_memory();
        signal(SIGPIPE, SIG_IGN);
        signal(SIGXFSZ, SIG_IGN); /* a file size limit is to be an error, like a full disk */
        umask(0027);
        log_init();
        if (options_parse(argc, argv, &options, &err) < 0) {
                log_line(LOG_ERR, "%s", err.text);
                fprintf(stderr, "%s\n", options_usage());
                return SERVICE_USAGE;
        }
        if (options.job == OPTIONS_HELP || options.job == OPTIONS_VERSION) {
                if (options.job == OPTIONS_HELP)
                        fputs(options_help(), stdout);
                else
                        puts(options_version());
                return fflush(stdout) == 0 ? SERVICE_OK : SERVICE_FAILED;
        }
        if (options.job == OPTIONS_DAEMON)
                loop_hold_signals(true);
        const struct config_from from = { options.config, options.directory, options.base_url };
        if (config_load(&from, &config, &err) < 0) {
                report_config_refused(LOG_ERR, &err);
                return SERVICE_USAGE;
        }
        r = run(&options, &from, &config);
        config_done(&config);
        return r;
}
