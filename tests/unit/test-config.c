#include "configured.h"

static void defaults(void)
{
        struct config c;
        struct err e;

        if (!CHECK(load("", &c, &e) == 0))
                return;
        CHECK(strcmp(c.base_url, "https://api.openai.com/v1") == 0 && c.auth_header == API_BEARER);
        CHECK(!c.key_file && !c.organization && !c.project && !c.extra_query && !c.ca_file);
        CHECK(!c.proxy && !c.allow_http && !c.model && !c.text_file);
        CHECK(c.interval == 5 * USEC_PER_MIN && c.full_interval == USEC_PER_DAY);
        CHECK(c.overlap == USEC_PER_HOUR && c.page_size == 100 && c.messages);
        CHECK(c.metadata && !c.metadata[0] && c.n_metadata == 0);
        CHECK(c.max_concurrent == 8 && c.requests_per_minute == 3000);
        CHECK(strcmp(c.directory, LOCALSTATEDIR "/lib/chatarchived") == 0);
        CHECK(c.compression == PACKING_ZSTD && c.compression_level == 3);
        CHECK(c.frame_size == 4 << 20 && c.segment_size == 256 << 20);
        CHECK(c.segment_age == USEC_PER_DAY && c.min_free == 64 << 20 && c.n_warnings == 0);
        config_done(&c);
        CHECK(!c.base_url && !c.metadata && !c.warnings);
        config_done(&c);
}

static void everything(void)
{
        struct config c;
        struct err e;
        char text[2048];

        snprintf(text, sizeof(text),
                 "# -----BEGIN CERTIFICATE-----: this very file is its CAFile=\n"
                 "[API]\nBaseURL=https://eu.example/v1\nAuthHeader=api-key\nKeyFile=/k\n"
                 "Organization=org-1\nProject=proj_2\nExtraQuery=api-version=2024-10-21&x=%%20\n"
                 "CAFile=%s\nProxy=socks5h://10.0.0.1:1080\nAllowHTTP=yes\n"
                 "[Walk]\nInterval=1s\nFullInterval=1w\nOverlap=0\nPageSize=1\n"
                 "Model=gpt-4o \xc3\xbc\nMetadata=a=b\nMetadata=c = d\nMessages=off\n"
                 "MaxConcurrent=1000\nRequestsPerMinute=1000000\n"
                 "[Archive]\nDirectory=/srv/a b\nCompression=xz\nCompressionLevel=9\n"
                 "FrameSize=64K\nSegmentSize=64K\nSegmentAge=90\nMinFree=0\n"
                 "[Metrics]\nTextFile=/m.prom\n",
                 path);
        CHECK(refused(text, "Metadata="));
        memcpy(strstr(text, "c = d"), "c=  d", 5);
        CHECK(refused(text, "Metadata="));
        memcpy(strstr(text, "c=  d"), "c=d=e", 5);
        if (!CHECK(load(text, &c, &e) == 0))
                return;
        CHECK(strcmp(c.base_url, "https://eu.example/v1") == 0 && c.auth_header == API_KEY_HEADER);
        CHECK(strcmp(c.key_file, "/k") == 0 && strcmp(c.organization, "org-1") == 0);
        CHECK(strcmp(c.project, "proj_2") == 0 && strcmp(c.ca_file, path) == 0);
        CHECK(strcmp(c.extra_query, "api-version=2024-10-21&x=%20") == 0 && c.allow_http);
        CHECK(strcmp(c.proxy, "socks5h://10.0.0.1:1080") == 0 && c.interval == USEC_PER_SEC);
        CHECK(c.full_interval == 7 * USEC_PER_DAY && c.overlap == 0 && c.page_size == 1);
        CHECK(strcmp(c.model, "gpt-4o \xc3\xbc") == 0 && !c.messages && c.n_metadata == 2);
        CHECK(strcmp(c.metadata[0], "a=b") == 0 && strcmp(c.metadata[1], "c=d=e") == 0);
        CHECK(!c.metadata[2] && c.max_concurrent == 1000 && c.requests_per_minute == 1000000);
        CHECK(strcmp(c.directory, "/srv/a b") == 0 && c.compression == PACKING_XZ);
        CHECK(c.compression_level == 9 && c.frame_size == 65536 && c.segment_size == 65536);
        CHECK(c.segment_age == 90 * USEC_PER_SEC && c.min_free == 0 && c.n_warnings == 0);
        CHECK(strcmp(c.text_file, "/m.prom") == 0);
        config_done(&c);
}

static void bad_values(void)
{
        static const char *const bad[][2] = {
                { "Walk", "Interval=0" },
                { "Walk", "Interval=999ms" },
                { "Walk", "Interval=often" },
                { "Walk", "Interval=-5" },
                { "Walk", "FullInterval=0s" },
                { "Walk", "Overlap=-1s" },
                { "Walk", "Overlap=200000d" },
                { "Walk", "PageSize=0" },
                { "Walk", "PageSize=101" },
                { "Walk", "PageSize=ten" },
                { "Walk", "PageSize=10 "
                          "0" },
                { "Walk", "PageSize=1.0" },
                { "Walk", "PageSize=-1" },
                { "Walk", "PageSize=18446744073709551617" },
                { "Walk", "MaxConcurrent=0" },
                { "Walk", "MaxConcurrent=1001" },
                { "Walk", "RequestsPerMinute=0" },
                { "Walk", "RequestsPerMinute=1000001" },
                { "Walk", "Messages=maybe" },
                { "Walk", "Metadata=novalue" },
                { "Walk", "Metadata==v" },
                { "Walk", "Model=\"gpt\"" },
                { "API", "AuthHeader=basic" },
                { "API", "AuthHeader=Bearer" },
                { "API", "AllowHTTP=2" },
                { "API", "KeyFile=key" },
                { "API", "CAFile=certs.pem" },
                { "API", "CAFile=/none/ca.pem" },
                { "API", "CAFile=/tmp" },
                { "API", "CAFile=/etc/passwd" },
                { "API", "Organization=a b" },
                { "API", "Project=\xc3\xbc" },
                { "API", "ExtraQuery=?a=b" },
                { "API", "ExtraQuery=&a=b" },
                { "API", "ExtraQuery=a=b#c" },
                { "API", "ExtraQuery=a b" },
                { "API", "Proxy=ftp://x" },
                { "API", "Proxy=http://" },
                { "API", "Proxy=http://:80" },
                { "API", "BaseURL=api.openai.com" },
                { "API", "BaseURL=http://example.com/v1" },
                { "API", "BaseURL=https://u:p@example.com" },
                { "API", "BaseURL=https://x/?a=b" },
                { "API", "BaseURL='https://x/'" },
                { "API", "BaseURL=ftp://x" },
                { "Archive", "Directory=archive" },
                { "Archive", "Compression=zip" },
                { "Archive", "Compression=ZSTD" },
                { "Archive", "CompressionLevel=0" },
                { "Archive", "CompressionLevel=23" },
                { "Archive", "CompressionLevel=best" },
                { "Archive", "FrameSize=63K" },
                { "Archive", "FrameSize=1025M" },
                { "Archive", "FrameSize=4m" },
                { "Archive", "SegmentSize=4095K" },
                { "Archive", "SegmentAge=0" },
                { "Archive", "MinFree=-1" },
                { "Metrics", "TextFile=x.prom" },
        };
        char text[256], why[128];

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                snprintf(text, sizeof(text), "# a comment\n[%s]\n\n%s\n", bad[i][0], bad[i][1]);
                snprintf(why, sizeof(why), "%s:4: %.*s=", path, (int)strcspn(bad[i][1], "="),
                         bad[i][1]);
                CHECK(refused(text, why));
        }
}

static void joint_values(void)
{
        char why[160];

        CHECK(taken("[Archive]\nCompression=none\nCompressionLevel=22\n"));
        CHECK(taken("[Archive]\nCompressionLevel=22\n"));
        snprintf(why, sizeof(why), "%s:3: CompressionLevel= of gzip must be from 1 to 9", path);
        CHECK(refused("[Archive]\nCompression=gzip\nCompressionLevel=10\n", why));
        CHECK(refused("[Archive]\nCompressionLevel=10\nCompression=lz4\n", "from 1 to 9"));
        snprintf(why, sizeof(why), "%s:2: SegmentSize= (8.0M)", path);
        CHECK(refused("[Archive]\nSegmentSize=8M\nFrameSize=9M\n", why));
        snprintf(why, sizeof(why), "%s:2: SegmentSize= (256.0M) must not be less", path);
        CHECK(refused("[Archive]\nFrameSize=512M\n", why));
        CHECK(taken("[Archive]\nSegmentSize=8M\nFrameSize=8M\n"));
        CHECK(taken("[API]\nBaseURL=http://example.com/v1\nAllowHTTP=yes\n"));
        CHECK(taken("[API]\nBaseURL=http://127.0.0.1:8080/v1\n"));
        CHECK(taken("[API]\nBaseURL=nonsense\nBaseURL=https://x/\n"));
}

static void again(void)
{
        struct config c;
        struct err e;

        CHECK(load("[Walk]\nPageSize=5\nMetadata=a=1\n[API]\nProject=p\n[Walk]\nPageSize=6\n"
                   "Metadata=b=2\nModel=m\nModel=\nInterval=9s\nInterval=\n[API]\nProject=\n",
                   &c, &e) == 0);
        CHECK(c.page_size == 6 && c.n_metadata == 2 && !c.model && !c.project);
        CHECK(c.interval == 5 * USEC_PER_MIN);
        config_done(&c);
        CHECK(load("[Walk]\nMetadata=a=1\nMetadata=\nMetadata=b=2\n", &c, &e) == 0);
        CHECK(c.n_metadata == 1 && strcmp(c.metadata[0], "b=2") == 0 && !c.metadata[1]);
        config_done(&c);
}

static void many_pairs(void)
{
        char text[1024] = "[Walk]\n";

        for (int i = 0; i < CONFIG_METADATA_MAX; i++)
                sprintf(text + strlen(text), "Metadata=k%d=v\n", i);
        CHECK(taken(text));
        strcat(text, "Metadata=more=v\n");
        CHECK(refused(text, ":18: Metadata="));
}

static void unknown(void)
{
        char text[4096] = "[Walk]\n";
        struct config c;
        struct err e;

        CHECK(warned("[Walk]\nPageSiz=5\n", ":2: unknown key PageSiz= in section [Walk]"));
        CHECK(warned("[Walk]\npagesize=5\n", ":2: pagesize= is ignored here; it is PageSize="));
        CHECK(warned("[API]\nPageSize=5\n", "in section [Walk]"));
        CHECK(warned("PageSize=5\n", ":1: PageSize= is ignored here"));
        CHECK(warned("Foo=5\n", ":1: unknown key Foo= before any section"));
        CHECK(warned("[Wlak]\nPageSize=5\nFoo=1\n", ":1: unknown section [Wlak]"));
        CHECK(warned("[walk]\n", ":1: unknown section [walk]"));
        CHECK(warned("[API]\nApiKey=sk-secret\n", "ApiKey="));
        for (int i = 0; i < 200; i++)
                strcat(text, "Foo=1\n");
        if (CHECK(load(text, &c, &e) == 0)) {
                CHECK(c.n_warnings == CONFIG_WARNINGS_MAX + 1);
                CHECK(strstr(c.warnings[CONFIG_WARNINGS_MAX], "168 more"));
                config_done(&c);
        }
}

static void dropins(void)
{
        char d[80], name[160];
        struct config_from from = { .file = path };
        struct config c;
        struct err e;

        snprintf(d, sizeof(d), "%s.d", path);
        CHECK(mkdir(d, 0700) == 0);
        put(path, "[Walk]\nPageSize=1\nMaxConcurrent=1\nMetadata=a=1\n");
#define DROPIN(file, text) (snprintf(name, sizeof(name), "%s/%s", d, file), put(name, text))
        DROPIN("20-b.conf", "[Walk]\nPageSize=3\n");
        DROPIN("10-a.conf", "[Walk]\nPageSize=2\nMaxConcurrent=2\nMetadata=b=2\n");
        DROPIN("9-c.conf", "[Walk]\nModel=nine\n");
        DROPIN("30-d.conf.bak", "[Walk]\nPageSize=4\n");
        DROPIN(".40-e.conf", "[Walk]\nPageSize=5\n");
        DROPIN("50-f.txt", "nonsense");
        if (CHECK(config_load(&from, &c, &e) == 0)) {
                CHECK(c.page_size == 3 && c.max_concurrent == 2 && c.n_metadata == 2);
                CHECK(strcmp(c.model, "nine") == 0);
                config_done(&c);
        }
        DROPIN("15.conf", "[Walk]\n\nPageSize=x\n");
        CHECK(config_load(&from, &c, &e) == -1);
        CHECK(strstr(e.text, ".conf.d/15.conf:3: PageSize= must be"));
        for (const char *p = "20-b.conf\0"
                             "10-a.conf\0"
                             "9-c.conf\0"
                             "30-d.conf.bak\0"
                             ".40-e.conf\0"
                             "50-f.txt\0"
                             "15.conf\0";
             *p; p += strlen(p) + 1) {
                snprintf(name, sizeof(name), "%s/%s", d, p);
                CHECK(unlink(name) == 0);
        }
        put(path, "");
        CHECK(taken("[Walk]\n"));
        CHECK(rmdir(d) == 0 && symlink(d, d) == 0);
        CHECK(config_load(&from, &c, &e) == -1 && e.kind == ERR_CONFIG && strstr(e.text, d));
        CHECK(unlink(d) == 0);
}

static void missing(void)
{
        struct config_from from = { .file = "/none/x.conf" };
        struct config c;
        struct err e;

        CHECK(config_load(&from, &c, &e) == -1 && e.kind == ERR_CONFIG);
        CHECK(strstr(e.text, "/none/x.conf"));
        from.file = dir;
        CHECK(config_load(&from, &c, &e) == -1 && e.kind == ERR_CONFIG);
}

static void outside(void)
{
        struct config_from from = { .file = path, .directory = "sub/dir" };
        char cwd[512], want[600];
        struct config c;
        struct err e;

        CHECK(getcwd(cwd, sizeof(cwd)) != NULL);
        put(path, "[API]\nBaseURL=https://file/\nOrganization=file\nProject=file\n");
        setenv("OPENAI_BASE_URL", "https://env/", 1);
        setenv("OPENAI_ORG_ID", "env", 1);
        setenv("OPENAI_PROJECT_ID", "", 1);
        if (CHECK(config_load(&from, &c, &e) == 0)) {
                snprintf(want, sizeof(want), "%s/sub/dir", cwd);
                CHECK(strcmp(c.directory, want) == 0);
                CHECK(strcmp(c.base_url, "https://env/") == 0);
                CHECK(strcmp(c.organization, "env") == 0 && strcmp(c.project, "file") == 0);
                config_done(&c);
        }
        from.base_url = "https://argv/";
        from.directory = "/abs";
        if (CHECK(config_load(&from, &c, &e) == 0)) {
                CHECK(strcmp(c.base_url, "https://argv/") == 0);
                CHECK(strcmp(c.directory, "/abs") == 0);
                config_done(&c);
        }
        from.base_url = "http://example.com/";
        CHECK(config_load(&from, &c, &e) == -1 && strstr(e.text, "--base-url: BaseURL="));
        from.base_url = NULL;
        setenv("OPENAI_BASE_URL", "nonsense", 1);
        CHECK(config_load(&from, &c, &e) == -1 && strstr(e.text, "$OPENAI_BASE_URL: BaseURL="));
        setenv("OPENAI_BASE_URL", "", 1);
        setenv("OPENAI_ORG_ID", "two words", 1);
        CHECK(config_load(&from, &c, &e) == -1 && strstr(e.text, "$OPENAI_ORG_ID: Organization="));
        setenv("OPENAI_ORG_ID", "", 1);
        CHECK(config_load(&from, &c, &e) == 0 && strcmp(c.organization, "file") == 0);
        config_done(&c);
}

int main(void)
{
        begin();
        RUN(defaults, "an empty file leaves every key at its default");
        RUN(everything, "every key is taken from the file");
        RUN(bad_values, "a bad value is an error with file, line and key");
        RUN(joint_values, "values that do not fit together are told, the last ones count");
        RUN(again, "sections come again, later keys win, pairs add, empty values reset");
        RUN(many_pairs, "pairs have a ceiling");
        RUN(unknown, "unknown keys and sections are warnings that show no value");
        RUN(dropins, "drop-ins come after the file in the order of their names");
        RUN(missing, "a file that was asked for must be there");
        RUN(outside, "the environment wins over the file, the command line over both");
        return end();
}
