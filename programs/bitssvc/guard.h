/* What bitssvc.c may ask of guard.c. */
#ifndef OPENBITS_BITSSVC_GUARD_H
#define OPENBITS_BITSSVC_GUARD_H

#include <windows.h>

/*
 * Waits for the process to end and starts the service "BITS" again, unless the event was set or the
 * prefix ends. Both are inherited handles, in decimal. Returns an exit status; does nothing outside
 * of Wine, whose service control manager does it.
 */
int guard_run(const WCHAR *process, const WCHAR *stop);

#endif
