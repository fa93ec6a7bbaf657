/*
 * Many names of files in little room, for the way from a client to the service.
 *
 * The names of a set (IBackgroundCopyJob::AddFileSet) come in pairs, a remote and a local one, and
 * each mostly begins like the one of its kind before. Packed, a name is the number of units (UTF-16
 * code units) that it shares with that one, the number of the others, and the others. Owns the
 * format, which both ends have from here: it is never stored. Called by qmgrprxy.dll, on packed
 * names from any process.
 */
#ifndef BITSCORE_BC_NAMES_H
#define BITSCORE_BC_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Shared units of one set, at most: what is packed in little room cannot unfold without end. */
#define BC_NAMES_SHARED_MAX (8u << 20)

/*
 * Units of packed text that bc_names_pack() may need for that many names; SIZE_MAX when they are
 * too long to be packed. A name ends with 0; NULL is a name, too.
 */
size_t bc_names_room(uint16_t *const *names, size_t count);

/* Packs names into out, which has room; returns the units used. */
size_t bc_names_pack(uint16_t *const *names, size_t count, uint16_t *out);

/*
 * Units that the names of packed text take unfolded, each with its 0; SIZE_MAX when units of packed
 * text are not exactly count names.
 */
size_t bc_names_measure(const uint16_t *packed, size_t units, size_t count);

/* Unfolds what bc_names_measure() has found good: names point into pool. */
void bc_names_unpack(const uint16_t *packed, size_t count, uint16_t **names, uint16_t *pool);

#endif
