/*
 * Packed names: see bc_names.h. A number below 0x8000 is one unit, others are two, with the high
 * bit set in the first. A name is its shared units and one, or 0 for NULL; then the number of its
 * own units, and these.
 */
#include <bitscore/bc_names.h>

#include <string.h>

#define LONG_NUMBER 0x8000u
#define MAX_NUMBER  0x7ffffffeu

/* Units that a name takes beside its own. */
#define NAME_OVERHEAD 4

static size_t length_of(const uint16_t *name)
{
    size_t length = 0;

    while (name[length])
        length++;
    return length;
}

size_t bc_names_room(uint16_t *const *names, size_t count)
{
    size_t room = 0;

    for (size_t i = 0; i < count; i++) {
        size_t length = names[i] ? length_of(names[i]) : 0;

        if (length > MAX_NUMBER || room > MAX_NUMBER - length)
            return SIZE_MAX;
        room += length + NAME_OVERHEAD;
    }
    return room;
}

static uint16_t *put_number(uint16_t *at, size_t number)
{
    if (number >= LONG_NUMBER)
        *at++ = (uint16_t)(LONG_NUMBER | number >> 16);
    *at++ = (uint16_t)number;
    return at;
}

static size_t shared_units(const uint16_t *name, const uint16_t *before)
{
    size_t shared = 0;

    while (name[shared] && name[shared] == before[shared])
        shared++;
    return shared;
}

size_t bc_names_pack(uint16_t *const *names, size_t count, uint16_t *out)
{
    size_t left = BC_NAMES_SHARED_MAX;
    uint16_t *at = out;

    for (size_t i = 0; i < count; i++) {
        const uint16_t *name = names[i];
        size_t shared = 0, own;

        if (!name) {
            at = put_number(at, 0);
            continue;
        }
        if (i >= 2 && names[i - 2])
            shared = shared_units(name, names[i - 2]);
        if (shared > left)
            shared = left;
        left -= shared;
        own = length_of(name + shared);
        at = put_number(at, shared + 1);
        at = put_number(at, own);
        memcpy(at, name + shared, own * sizeof(*at));
        at += own;
    }
    return (size_t)(at - out);
}

/* Reads a number; false, and 0, at the end of the text. */
static bool get_number(const uint16_t **at, const uint16_t *end, size_t *number)
{
    *number = 0;
    if (*at == end)
        return false;
    *number = *(*at)++;
    if (*number < LONG_NUMBER)
        return true;
    if (*at == end)
        return false;
    *number = (*number & (LONG_NUMBER - 1)) << 16 | *(*at)++;
    return true;
}

size_t bc_names_measure(const uint16_t *packed, size_t units, size_t count)
{
    const uint16_t *at = packed, *end = packed + units;
    size_t lengths[2] = {0, 0}, left = BC_NAMES_SHARED_MAX, sum = 0;

    for (size_t i = 0; i < count; i++) {
        size_t shared, own;

        if (!get_number(&at, end, &shared))
            return SIZE_MAX;
        if (!shared) {
            lengths[i % 2] = 0;
            continue;
        }
        shared--;
        if (shared > lengths[i % 2] || shared > left || !get_number(&at, end, &own) ||
            own > (size_t)(end - at))
            return SIZE_MAX;
        left -= shared;
        at += own;
        lengths[i % 2] = shared + own;
        sum += shared + own + 1;
    }
    return at == end ? sum : SIZE_MAX;
}

void bc_names_unpack(const uint16_t *packed, size_t count, uint16_t **names, uint16_t *pool)
{
    const uint16_t *at = packed;

    for (size_t i = 0; i < count; i++) {
        size_t shared, own;

        get_number(&at, NULL, &shared);
        names[i] = shared ? pool : NULL;
        if (!shared)
            continue;
        if (--shared)
            memcpy(pool, names[i - 2], shared * sizeof(*pool));
        get_number(&at, NULL, &own);
        memcpy(pool + shared, at, own * sizeof(*pool));
        at += own;
        pool += shared + own;
        *pool++ = 0;
    }
}
