#include "configured.h"
#include "run/config_file.h"

static void lines_taken(void)
{
        struct config c;
        struct err e;
        char line[400];

        CHECK(taken("\xef\xbb\xbf[Walk]\nPageSize=5\n"));
        CHECK(taken("# no\xc2\xa0"
                    "break\n"));
        CHECK(taken("; c\n # c\n\n  [Walk]  \r\n\tPageSize\t=\t5 \r\nInterval=1d"));
        if (CHECK(load("[Walk]\nModel=a ; b # c\n  Interval = 7s\n[API]\n[Walk]\nModel:x=1\n", &c,
                       &e) < 0))
                CHECK(strstr(e.text, ":6: "));
        if (CHECK(load("[Walk]\nModel=a ; b # c : d = e\n  Interval = 7s\n", &c, &e) == 0)) {
                CHECK(strcmp(c.model, "a ; b # c : d = e") == 0);
                CHECK(c.interval == 7 * USEC_PER_SEC);
                config_done(&c);
        }
        for (size_t n = 195; n <= 205; n++) {
                size_t k = (size_t)snprintf(line, sizeof(line), "[Walk]\nModel=");

                memset(line + k, 'm', n - 6);
                memcpy(line + k + n - 7, "Z\nPageSize=7\n", 14);
                if (n > CONFIG_LINE_MAX) {
                        CHECK(refused(line, ":2: the line is longer than 200 bytes"));
                } else if (CHECK(load(line, &c, &e) == 0)) {
                        CHECK(strlen(c.model) == n - 6 && c.model[n - 7] == 'Z');
                        CHECK(c.page_size == 7);
                        config_done(&c);
                }
                line[7] = '#';
                CHECK(n > CONFIG_LINE_MAX ? refused(line, ":2: ") : taken(line));
        }
}

static void lines_refused(void)
{
        static const char *const bad[] = {
                "PageSize",
                "PageSize 5",
                "PageSize: 5",
                "=5",
                "[Walk",
                "[]",
                "[Walk] PageSize",
                "[Walk]]",
                "[[Walk]",
                "Model=a\\",
                "Model=a\x1b[31m",
                "Model=a\x7f",
                "Model=a\xc2\x9b",
                "Model=\xff",
                "# \xff",
                "# \x01",
                "# \xc2\x9b",
                "Model=caf\xe9",
                "Model=a\rPageSize",
                "[Walk]#",
        };
        struct config_from from = { .file = path };
        char text[256], why[160];
        struct config c;
        struct err e;
        int nul;

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                snprintf(text, sizeof(text), "[Walk]\nPageSize=5\n%s\nPageSize=6\n", bad[i]);
                snprintf(why, sizeof(why), "%s:3: ", path);
                CHECK(refused(text, why));
        }
        nul = open(path, O_WRONLY | O_TRUNC);
        CHECK(write(nul, "[Walk]\nModel=a\0b\n", 18) == 18 && close(nul) == 0);
        CHECK(config_load(&from, &c, &e) == -1 && strstr(e.text, ":2: the line has a control"));
}

int main(void)
{
        begin();
        RUN(lines_taken, "lines are read as systemd's, up to 200 bytes");
        RUN(lines_refused, "lines that would be misread are refused");
        return end();
}
