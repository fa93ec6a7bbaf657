/*
 * Local names: see bc_path.h. The rules are those of the Win32 name space, stated without calling
 * it, so that a name is refused when it is given and not when its transfer ends.
 */
#include <bitscore/bc_path.h>

#include <string.h>

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

static size_t segment_length(const char *text)
{
    return strcspn(text, "/\\");
}

/* CON, PRN, AUX, NUL, CONIN$, CONOUT$, COM0-9, LPT0-9, with blanks, an extension, or both. */
static bool is_device(struct bc_span segment)
{
    static const char *const names[] = {"con", "prn", "aux", "nul", "conin$", "conout$"};
    struct bc_span base = segment;

    for (size_t i = 0; i < base.len; i++) {
        if (base.ptr[i] == '.') {
            base.len = i;
            break;
        }
    }
    while (base.len && base.ptr[base.len - 1] == ' ')
        base.len--;
    /* Most are none by their first letter. */
    if (!base.len || !memchr("cpanlCPANL", base.ptr[0], 10))
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bc_span_is(base, names[i]))
            return true;
    if (base.len == 4 && bc_is_digit(base.ptr[3])) {
        base.len = 3;
        return bc_span_is(base, "com") || bc_span_is(base, "lpt");
    }
    return false;
}

/* No file name has it (naming-a-file). */
static bool is_forbidden(char c)
{
    switch (c) {
    case '<':
    case '>':
    case ':':
    case '"':
    case '|':
    case '?':
    case '*':
    case '/':
    case '\\':
        return true;
    default:
        return (unsigned char)c < 0x20;
    }
}

bool bc_path_segment_valid(struct bc_span segment)
{
    size_t units;

    if (!segment.len || !bc_utf8_units(segment.ptr, segment.len, &units) ||
        units > BC_PATH_SEGMENT_MAX_CHARS)
        return false;
    for (size_t i = 0; i < segment.len; i++)
        if (is_forbidden(segment.ptr[i]))
            return false;
    return !is_device(segment);
}

/* Length of "X:" or "\\server\share", 0 when the path is not fully qualified. */
static size_t root_length(const char *path)
{
    size_t server, share;

    if (bc_is_alpha(path[0]) && path[1] == ':')
        return is_slash(path[2]) ? 2 : 0;
    if (!is_slash(path[0]) || !is_slash(path[1]))
        return 0;
    server = segment_length(path + 2);
    if (!server || path[2] == '.' || path[2] == '?' || !path[2 + server])
        return 0;
    share = segment_length(path + 2 + server + 1);
    if (!share || !path[2 + server + 1 + share])
        return 0;
    return 2 + server + 1 + share;
}

int32_t bc_path_check_local_name(const char *name)
{
    char plain[BC_PATH_UTF8_SIZE];
    size_t units, root;

    if (!name || !bc_utf8_units(name, strlen(name), &units) || units > BC_PATH_MAX_CHARS)
        return BC_E_INVALIDARG;
    root = root_length(name);
    if (!root)
        return BC_E_INVALIDARG;
    if (is_slash(name[0])) {
        size_t server = segment_length(name + 2);

        if (!bc_path_segment_valid((struct bc_span){name + 2, server}) ||
            !bc_path_segment_valid((struct bc_span){name + 3 + server, root - server - 3}))
            return BC_E_INVALIDARG;
    }
    for (const char *at = name + root; *at;) {
        size_t n = segment_length(++at);

        if (n && !bc_path_segment_valid((struct bc_span){at, n}))
            return BC_E_INVALIDARG;
        at += n;
    }
    return bc_path_normalize(name, plain, sizeof(plain));
}

int32_t bc_path_normalize(const char *name, char *buffer, size_t size)
{
    size_t root = root_length(name), used;
    bool names_file = false;
    struct bc_out out;

    if (!root)
        return BC_E_INVALIDARG;
    bc_out_init(&out, buffer, size);
    for (size_t i = 0; i < root; i++)
        bc_out_char(&out, name[i] == '/' ? '\\' : name[i]);
    used = out.used;
    for (const char *at = name + root; *at;) {
        size_t n = segment_length(++at);
        struct bc_span segment = {at, n};

        at += n;
        names_file = false;
        if (!n || bc_span_is(segment, "."))
            continue;
        if (bc_span_is(segment, "..")) {
            while (out.used > used && buffer[--out.used] != '\\')
                ;
            continue;
        }
        bc_out_char(&out, '\\');
        bc_out_span(&out, segment);
        names_file = true;
    }
    if (!names_file)
        return BC_E_INVALIDARG;
    return bc_out_finish(&out);
}

struct bc_span bc_path_directory(const char *path)
{
    struct bc_span name = bc_path_file_name(path);

    return (struct bc_span){path, (size_t)(name.ptr - path)};
}

struct bc_span bc_path_file_name(const char *path)
{
    const char *name = path;

    for (const char *c = path; *c; c++)
        if (is_slash(*c))
            name = c + 1;
    return bc_span_of(name);
}

struct bc_span bc_path_root(const char *path)
{
    size_t root = root_length(path);

    return (struct bc_span){path, root ? root + 1 : 0};
}

int32_t bc_path_temp_name(uint32_t number, char *buffer, size_t size)
{
    static const char hex[] = "0123456789ABCDEF";
    struct bc_out out;
    int digits = 4;

    while (digits < 8 && number >> (4 * digits))
        digits++;
    bc_out_init(&out, buffer, size);
    bc_out_text(&out, "BIT");
    while (digits--)
        bc_out_char(&out, hex[number >> (4 * digits) & 15]);
    bc_out_text(&out, ".tmp");
    return bc_out_finish(&out);
}

bool bc_path_is_temp_name(struct bc_span name, uint32_t *number)
{
    uint32_t value = 0;
    size_t digits;

    if (name.len < 11 || name.len > 15)
        return false;
    digits = name.len - 7;
    if (!bc_span_is((struct bc_span){name.ptr, 3}, "bit") ||
        !bc_span_is((struct bc_span){name.ptr + 3 + digits, 4}, ".tmp"))
        return false;
    for (size_t i = 0; i < digits; i++) {
        int digit = bc_hex_value(name.ptr[3 + i]);

        if (digit < 0)
            return false;
        value = value << 4 | (uint32_t)digit;
    }
    if (digits > 4 && !(value >> (4 * (digits - 1))))
        return false;
    if (number)
        *number = value;
    return true;
}
