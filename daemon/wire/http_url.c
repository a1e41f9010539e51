#include "wire/http_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

static void freep(char **p)
{
        curl_free(*p);
}

static void cleanupp(CURLU **u)
{
        curl_url_cleanup(*u);
}

#define _cleanup_curl_  __attribute__((cleanup(freep)))
#define _cleanup_curlu_ __attribute__((cleanup(cleanupp)))

static bool is_loopback(const char *host)
{
        struct in_addr four;
        struct in6_addr six;
        char text[INET6_ADDRSTRLEN];
        size_t n = strlen(host);

        if (strcasecmp(host, "localhost") == 0)
                return true;
        if (inet_pton(AF_INET, host, &four) == 1)
                return ntohl(four.s_addr) >> 24 == 127;
        if (n < 2 || host[0] != '[' || host[n - 1] != ']' || n - 2 >= sizeof(text))
                return false;
        memcpy(text, host + 1, n - 2);
        text[n - 2] = '\0';
        return inet_pton(AF_INET6, text, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

int http_url_inspect(const char *url, bool allow_http, struct http_url *ret, struct err *e)
{
        _cleanup_curlu_ CURLU *u = curl_url();
        _cleanup_curl_ char *scheme = NULL, *host = NULL;
        const char *authority = url + strcspn(url, ":/?#"); /* a later :// is a path's */
        CURLUcode code;

        /* curl's parser forgives a slash too few and one too many; here is one meaning only. */
        if (!u || strncmp(authority, "://", 3) != 0 || authority[3] == '/')
                return err_set(e, ERR_CONFIG, "it does not begin with https:// and a host");
        authority += 3;
        if (memchr(authority, '@', strcspn(authority, "/?#")))
                return err_set(e, ERR_CONFIG, "it holds user information");

        code = curl_url_set(u, CURLUPART_URL, url, 0);
        if (code == CURLUE_OK)
                code = curl_url_get(u, CURLUPART_SCHEME, &scheme, 0);
        if (code == CURLUE_OK)
                code = curl_url_get(u, CURLUPART_HOST, &host, 0);
        if (code != CURLUE_OK)
                return err_set(e, ERR_CONFIG, "%s", curl_url_strerror(code));

        ret->https = strcmp(scheme, "https") == 0;
        ret->loopback = is_loopback(host);
        if (!ret->https && strcmp(scheme, "http") != 0)
                return err_set(e, ERR_CONFIG, "it is neither https:// nor http://");
        if (!ret->https && !ret->loopback && !allow_http)
                return err_set(e, ERR_CONFIG, "http:// is for loopback only");
        return 0;
}

int http_check_url(const char *url, bool allow_http, struct err *e)
{
        struct http_url parts;

        if (strpbrk(url, "?#"))
                return err_set(e, ERR_CONFIG, "it holds a query or a fragment");
        return http_url_inspect(url, allow_http, &parts, e);
}
