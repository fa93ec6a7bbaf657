/*
 * Ranges of bytes.
 *
 * Owns two things. A set of ranges, kept sorted and merged: what of a file is on disk, what is
 * still to fetch. And the list of ranges a client gives to AddFileWithRanges: its validation, and
 * the map between offsets in the remote file and offsets in the local one, where the ranges lie one
 * after the other in the order given. Called by the engine and the transfers; calls only malloc.
 */
#ifndef BITSCORE_BC_RANGES_H
#define BITSCORE_BC_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bitscore/bc_http.h>

/*
 * Bytes offset to offset + length - 1. The layout is that of BG_FILE_RANGE
 * (ns-bits2_0-_bg_file_range). Only in a client's list may length be BC_LENGTH_TO_EOF.
 */
struct bc_range {
    uint64_t offset;
    uint64_t length;
};

/* ---- set of ranges ---- */

/* Sorted by offset; no two touch or overlap; none is empty. Read it freely, change it by calls. */
struct bc_ranges {
    struct bc_range *items;
    size_t count;
    size_t capacity;
};

/* The empty set. bc_ranges_free gives its memory back; the set is then empty and usable again. */
void bc_ranges_init(struct bc_ranges *set);
void bc_ranges_free(struct bc_ranges *set);

/* Makes *to equal to from. Returns BC_S_OK or BC_E_OUTOFMEMORY (*to is then unchanged). */
int32_t bc_ranges_copy(struct bc_ranges *to, const struct bc_ranges *from);

/*
 * Adds bytes to the set, or takes them out. length 0 changes nothing. Returns BC_S_OK,
 * BC_E_INVALIDARG when offset + length passes 2^64 - 1, BC_E_OUTOFMEMORY; on an error the set is
 * unchanged.
 */
int32_t bc_ranges_add(struct bc_ranges *set, uint64_t offset, uint64_t length);
int32_t bc_ranges_subtract(struct bc_ranges *set, uint64_t offset, uint64_t length);

/* Makes *result the bytes that are in both sets; it may be one of them. BC_S_OK, BC_E_OUTOFMEMORY.
 */
int32_t bc_ranges_intersect(struct bc_ranges *result, const struct bc_ranges *a,
                            const struct bc_ranges *b);

/* True when every byte of the range is in the set; the empty range always is. */
bool bc_ranges_contain(const struct bc_ranges *set, uint64_t offset, uint64_t length);

/* Number of bytes in the set. */
uint64_t bc_ranges_total(const struct bc_ranges *set);

/*
 * The first run of bytes in [from, end) that is not in the set. False when there is none; *gap is
 * then untouched.
 */
bool bc_ranges_next_gap(const struct bc_ranges *set, uint64_t from, uint64_t end,
                        struct bc_range *gap);

/* ---- ranges of AddFileWithRanges ---- */

/*
 * Validates a client's list (nf-bits2_0-ibackgroundcopyjob3-addfilewithranges). limit is the policy
 * MaxRangesPerFile, SIZE_MAX where it does not apply. Returns BC_S_OK, BC_E_INVALIDARG for an empty
 * list, BC_E_TOO_MANY_RANGES_IN_FILE, BC_E_INVALID_RANGE (offset BG_LENGTH_TO_EOF, an end past
 * 2^64, zero length), BC_E_OVERLAPPING_RANGES, BC_E_OUTOFMEMORY.
 */
int32_t bc_file_ranges_check(const struct bc_range *ranges, size_t count, size_t limit);

/*
 * Validates the ranges of RequestFileRanges (nf-bits10_1-ibackgroundcopyfile6-requestfileranges),
 * which may overlap. remote_size may be BC_SIZE_UNKNOWN. Returns BC_S_OK, BC_E_INVALIDARG for an
 * empty list, BC_E_INVALID_RANGE for an empty range or one not wholly in the file.
 */
int32_t bc_file_ranges_check_request(const struct bc_range *ranges, size_t count,
                                     uint64_t remote_size);

/*
 * Replaces BC_LENGTH_TO_EOF in a checked list, once the size of the remote file is known. Returns
 * BC_S_OK or BC_E_INVALID_RANGE when a range does not lie in the file (the list is then unchanged).
 */
int32_t bc_file_ranges_resolve(struct bc_range *ranges, size_t count, uint64_t remote_size);

/* Size of the local file: the sum of all lengths, or BC_SIZE_UNKNOWN while one goes to the end. */
uint64_t bc_file_ranges_local_size(const struct bc_range *ranges, size_t count);

/*
 * Finds where the byte at a local offset comes from. *remote gets the part of its range from that
 * byte on (length BC_LENGTH_TO_EOF if unresolved), *index the number of the range; either may be
 * NULL. False when the offset is at or past the end of the local file.
 */
bool bc_file_ranges_at(const struct bc_range *ranges, size_t count, uint64_t local_offset,
                       struct bc_range *remote, size_t *index);

/*
 * Finds where a remote byte lands: *local gets its offset in the local file. False when no range
 * holds it, or when it lies behind a range whose end is not known yet.
 */
bool bc_file_ranges_local_offset(const struct bc_range *ranges, size_t count,
                                 uint64_t remote_offset, uint64_t *local);

#endif
