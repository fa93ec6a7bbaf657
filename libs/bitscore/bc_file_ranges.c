/*
 * The ranges a client gives to AddFileWithRanges: see bc_ranges.h. The list keeps the client's
 * order, which is the order of the bytes in the local file.
 */
#include <bitscore/bc_ranges.h>

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    const struct bc_range *left = a, *right = b;

    return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* Ranges at one offset overlap even if one is empty (nf-bits2_0-...-addfilewithranges, note). */
static bool overlap(struct bc_range before, struct bc_range after)
{
    return before.offset == after.offset || before.length == BC_LENGTH_TO_EOF ||
           before.length > after.offset - before.offset;
}

int32_t bc_file_ranges_check(const struct bc_range *ranges, size_t count, size_t limit)
{
    struct bc_range *sorted;
    int32_t hr = BC_S_OK;

    if (!count || !ranges)
        return BC_E_INVALIDARG;
    if (count > limit)
        return BC_E_TOO_MANY_RANGES_IN_FILE;
    for (size_t i = 0; i < count; i++)
        if (ranges[i].offset == BC_LENGTH_TO_EOF ||
            (ranges[i].length != BC_LENGTH_TO_EOF &&
             ranges[i].length > UINT64_MAX - ranges[i].offset))
            return BC_E_INVALID_RANGE;
    if (count > SIZE_MAX / sizeof(*sorted))
        return BC_E_OUTOFMEMORY;
    sorted = malloc(count * sizeof(*sorted));
    if (!sorted)
        return BC_E_OUTOFMEMORY;
    for (size_t i = 0; i < count; i++)
        sorted[i] = ranges[i];
    qsort(sorted, count, sizeof(*sorted), compare);
    for (size_t i = 1; i < count && bc_succeeded(hr); i++)
        if (overlap(sorted[i - 1], sorted[i]))
            hr = BC_E_OVERLAPPING_RANGES;
    for (size_t i = 0; i < count && bc_succeeded(hr); i++)
        if (!ranges[i].length)
            hr = BC_E_INVALID_RANGE;
    free(sorted);
    return hr;
}

int32_t bc_file_ranges_check_request(const struct bc_range *ranges, size_t count,
                                     uint64_t remote_size)
{
    if (!count || !ranges)
        return BC_E_INVALIDARG;
    for (size_t i = 0; i < count; i++) {
        uint64_t room = remote_size - ranges[i].offset;

        if (!ranges[i].length || ranges[i].offset == BC_LENGTH_TO_EOF ||
            (remote_size != BC_SIZE_UNKNOWN && ranges[i].offset >= remote_size) ||
            (ranges[i].length != BC_LENGTH_TO_EOF && ranges[i].length > room))
            return BC_E_INVALID_RANGE;
    }
    return BC_S_OK;
}

int32_t bc_file_ranges_resolve(struct bc_range *ranges, size_t count, uint64_t remote_size)
{
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].offset >= remote_size)
            return BC_E_INVALID_RANGE;
        if (ranges[i].length != BC_LENGTH_TO_EOF &&
            ranges[i].length > remote_size - ranges[i].offset)
            return BC_E_INVALID_RANGE;
    }
    for (size_t i = 0; i < count; i++)
        if (ranges[i].length == BC_LENGTH_TO_EOF)
            ranges[i].length = remote_size - ranges[i].offset;
    return BC_S_OK;
}

uint64_t bc_file_ranges_local_size(const struct bc_range *ranges, size_t count)
{
    uint64_t size = 0;

    for (size_t i = 0; i < count; i++) {
        if (ranges[i].length == BC_LENGTH_TO_EOF || ranges[i].length > UINT64_MAX - size)
            return BC_SIZE_UNKNOWN;
        size += ranges[i].length;
    }
    return size;
}

bool bc_file_ranges_at(const struct bc_range *ranges, size_t count, uint64_t local_offset,
                       struct bc_range *remote, size_t *index)
{
    for (size_t i = 0; i < count; i++) {
        bool to_eof = ranges[i].length == BC_LENGTH_TO_EOF;

        if (!to_eof && local_offset >= ranges[i].length) {
            local_offset -= ranges[i].length;
            continue;
        }
        if (local_offset > UINT64_MAX - ranges[i].offset)
            return false;
        if (remote) {
            remote->offset = ranges[i].offset + local_offset;
            remote->length = to_eof ? BC_LENGTH_TO_EOF : ranges[i].length - local_offset;
        }
        if (index)
            *index = i;
        return true;
    }
    return false;
}

bool bc_file_ranges_local_offset(const struct bc_range *ranges, size_t count,
                                 uint64_t remote_offset, uint64_t *local)
{
    uint64_t before = 0;

    for (size_t i = 0; i < count; i++) {
        if (remote_offset >= ranges[i].offset &&
            (ranges[i].length == BC_LENGTH_TO_EOF ||
             remote_offset - ranges[i].offset < ranges[i].length)) {
            *local = before + (remote_offset - ranges[i].offset);
            return true;
        }
        if (ranges[i].length == BC_LENGTH_TO_EOF)
            return false;
        before += ranges[i].length;
    }
    return false;
}
