/*
 * libFuzzer program: remote names, their forms, redirects and prefixes.
 * Build with CC=clang, -Dfuzz=true and -Db_sanitize=address,undefined -Db_lundef=false.
 */
#include <bitscore/bc_url.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char buffer[BC_URL_WIRE_SIZE], again[BC_URL_WIRE_SIZE];
    char *text = fuzz_text(data, size);
    /* The second line, if any, is a Location or the prefix of a replacement. */
    char *other = strchr(text, '\n');
    struct bc_url url, parsed;

    if (other)
        *other++ = 0;
    if (bc_succeeded(bc_url_check_remote_name(text, &url))) {
        if (bc_url_is_http(url.scheme)) {
            CHECK(!bc_url_to_wire(&url, buffer, sizeof(buffer)));
            CHECK(!bc_url_parse(buffer, &parsed) && bc_url_same_origin(&url, &parsed));
            CHECK(!bc_url_to_wire(&parsed, again, sizeof(again)) && !strcmp(buffer, again));
            CHECK(!bc_url_to_target(&url, buffer, sizeof(buffer)) && buffer[0] == '/');
        } else {
            CHECK(!bc_url_to_path(&url, buffer, sizeof(buffer)));
            CHECK(!bc_url_check_remote_name(buffer, NULL));
        }
        bc_url_userinfo(&url, buffer, 64, again, 64);
        if (other && bc_succeeded(bc_url_resolve(&url, other, buffer, sizeof(buffer)))) {
            CHECK(!bc_url_parse(buffer, &parsed) && bc_url_is_http(parsed.scheme));
            bc_url_redirect_allowed(0, &url, &parsed, 302);
        }
    }
    if (other && !bc_url_replace_prefix(text, "http://", other, buffer, sizeof(buffer)))
        CHECK(!bc_url_check_remote_name(buffer, NULL));
    free(text);
    return 0;
}
