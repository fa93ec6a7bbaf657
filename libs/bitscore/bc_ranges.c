/*
 * Ranges of bytes: see bc_ranges.h. The set is one sorted array; a change finds its place by binary
 * search and moves the tail once, so that adding in order, the common case, costs nothing.
 */
#include <bitscore/bc_ranges.h>

#include <stdlib.h>
#include <string.h>

static uint64_t end_of(struct bc_range range)
{
    return range.offset + range.length;
}

void bc_ranges_init(struct bc_ranges *set)
{
    memset(set, 0, sizeof(*set));
}

void bc_ranges_free(struct bc_ranges *set)
{
    free(set->items);
    bc_ranges_init(set);
}

static int32_t reserve(struct bc_ranges *set, size_t count)
{
    size_t capacity = set->capacity ? set->capacity : 8;
    struct bc_range *items;

    if (count <= set->capacity)
        return BC_S_OK;
    while (capacity < count) {
        if (capacity > SIZE_MAX / 2 / sizeof(*items))
            return BC_E_OUTOFMEMORY;
        capacity *= 2;
    }
    items = realloc(set->items, capacity * sizeof(*items));
    if (!items)
        return BC_E_OUTOFMEMORY;
    set->items = items;
    set->capacity = capacity;
    return BC_S_OK;
}

int32_t bc_ranges_copy(struct bc_ranges *to, const struct bc_ranges *from)
{
    int32_t hr = reserve(to, from->count);

    if (bc_failed(hr))
        return hr;
    if (from->count)
        memmove(to->items, from->items, from->count * sizeof(*from->items));
    to->count = from->count;
    return BC_S_OK;
}

/* Number of ranges that end before the offset: the index of the first one that reaches it. */
static size_t lower_index(const struct bc_ranges *set, uint64_t offset)
{
    size_t low = 0, high = set->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (end_of(set->items[middle]) < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Replaces removed ranges from index on by added ones (at most two). Room has been reserved. */
static void splice(struct bc_ranges *set, size_t index, size_t removed,
                   const struct bc_range *added, size_t n)
{
    size_t tail = set->count - index - removed;

    if (tail && removed != n)
        memmove(set->items + index + n, set->items + index + removed, tail * sizeof(*added));
    for (size_t i = 0; i < n; i++)
        set->items[index + i] = added[i];
    set->count = set->count - removed + n;
}

int32_t bc_ranges_add(struct bc_ranges *set, uint64_t offset, uint64_t length)
{
    struct bc_range merged = {offset, length};
    size_t first, last;
    int32_t hr;

    if (length > UINT64_MAX - offset)
        return BC_E_INVALIDARG;
    if (!length)
        return BC_S_OK;
    hr = reserve(set, set->count + 1);
    if (bc_failed(hr))
        return hr;
    first = last = lower_index(set, offset);
    while (last < set->count && set->items[last].offset <= offset + length) {
        uint64_t end = end_of(set->items[last]);

        if (set->items[last].offset < merged.offset) {
            merged.length += merged.offset - set->items[last].offset;
            merged.offset = set->items[last].offset;
        }
        if (end > end_of(merged))
            merged.length = end - merged.offset;
        last++;
    }
    splice(set, first, last - first, &merged, 1);
    return BC_S_OK;
}

int32_t bc_ranges_subtract(struct bc_ranges *set, uint64_t offset, uint64_t length)
{
    struct bc_range left[2];
    size_t first, last, n = 0;
    int32_t hr;

    if (length > UINT64_MAX - offset)
        return BC_E_INVALIDARG;
    if (!length || !set->count)
        return BC_S_OK;
    hr = reserve(set, set->count + 1);
    if (bc_failed(hr))
        return hr;
    first = lower_index(set, offset);
    if (first < set->count && end_of(set->items[first]) == offset)
        first++;
    last = first;
    while (last < set->count && set->items[last].offset < offset + length) {
        struct bc_range item = set->items[last++];

        if (item.offset < offset)
            left[n++] = (struct bc_range){item.offset, offset - item.offset};
        if (end_of(item) > offset + length)
            left[n++] = (struct bc_range){offset + length, end_of(item) - (offset + length)};
    }
    splice(set, first, last - first, left, n);
    return BC_S_OK;
}

int32_t bc_ranges_intersect(struct bc_ranges *result, const struct bc_ranges *a,
                            const struct bc_ranges *b)
{
    struct bc_ranges both;
    size_t i = 0, k = 0;

    bc_ranges_init(&both);
    while (i < a->count && k < b->count) {
        uint64_t end_a = end_of(a->items[i]), end_b = end_of(b->items[k]);
        uint64_t begin =
            a->items[i].offset > b->items[k].offset ? a->items[i].offset : b->items[k].offset;
        uint64_t end = end_a < end_b ? end_a : end_b;
        int32_t hr = begin < end ? bc_ranges_add(&both, begin, end - begin) : BC_S_OK;

        if (bc_failed(hr)) {
            bc_ranges_free(&both);
            return hr;
        }
        if (end_a <= end_b)
            i++;
        else
            k++;
    }
    bc_ranges_free(result);
    *result = both;
    return BC_S_OK;
}

bool bc_ranges_contain(const struct bc_ranges *set, uint64_t offset, uint64_t length)
{
    size_t index;

    if (!length)
        return true;
    if (length > UINT64_MAX - offset)
        return false;
    index = lower_index(set, offset + length);
    return index < set->count && set->items[index].offset <= offset;
}

uint64_t bc_ranges_total(const struct bc_ranges *set)
{
    uint64_t total = 0;

    for (size_t i = 0; i < set->count; i++)
        total += set->items[i].length;
    return total;
}

bool bc_ranges_next_gap(const struct bc_ranges *set, uint64_t from, uint64_t end,
                        struct bc_range *gap)
{
    size_t index = lower_index(set, from);

    while (index < set->count && set->items[index].offset <= from) {
        if (end_of(set->items[index]) > from)
            from = end_of(set->items[index]);
        index++;
    }
    if (from >= end)
        return false;
    if (index < set->count && set->items[index].offset < end)
        end = set->items[index].offset;
    *gap = (struct bc_range){from, end - from};
    return true;
}
