/* What a URL says about how it is to be asked for, by the eyes of curl's own parser. Internal to
 * http; its other function is http_check_url. */
#pragma once

#include "wire/http.h"

struct http_url {
        bool https;
        bool loopback;
};

/* As http_check_url, but a query and a fragment are allowed. */
int http_url_inspect(const char *url, bool allow_http, struct http_url *ret, struct err *e);
