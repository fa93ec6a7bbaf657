/*
 * The machine as the engine sees it: the functions of this folder whose answers change while the
 * service runs, and the clocks, in one table.
 */
#include "os.h"

const struct os_world os_world = {
    .utc = GetSystemTimeAsFileTime,
    .ticks = GetTickCount64,
    .network_connected = os_network_connected,
    .network_watch = os_network_watch,
    .network_unwatch = os_network_unwatch,
    .policy_dword = os_policy_dword,
    .unasked_credentials = os_unasked_credentials,
    .set_start_type = os_set_start_type,
    .volume_serial = os_volume_serial,
};
