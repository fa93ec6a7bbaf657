/*
 * Peer caching of the computer: /CACHE, /PEERS and /PEERCACHING. Called from the command tables;
 * methods of IBitsPeerCacheAdministration, which the manager hands out.
 */
#include "handlers.h"

#include <bits3_0.h>
#include <wchar.h>

#include "format.h"
#include "output.h"
#include "report.h"
#include "session.h"
#include "words.h"

static HRESULT query_administration(const struct invocation *invocation,
                                    IBitsPeerCacheAdministration **administration)
{
    return query_version(invocation->session, invocation->session->manager,
                         &IID_IBitsPeerCacheAdministration, L"3.0", (void **)administration);
}

/* Releases the interface, then reports a failure or prints the line for success. */
static HRESULT finish(const struct invocation *invocation,
                      IBitsPeerCacheAdministration *administration, HRESULT hr, const WCHAR *doing,
                      const WCHAR *done)
{
    IBitsPeerCacheAdministration_Release(administration);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, doing);
    output_print(L"%ls\n", done);
    return S_OK;
}

/* The same for a preference, which a group policy may override. */
static HRESULT finish_preference(const struct invocation *invocation,
                                 IBitsPeerCacheAdministration *administration, HRESULT hr,
                                 const WCHAR *doing, const WCHAR *done)
{
    BOOL overridden = hr == S_FALSE || hr == BG_S_OVERRIDDEN_BY_POLICY;

    hr = finish(invocation, administration, hr, doing, done);
    if (overridden)
        output_print(L"A group policy overrides it.\n");
    return hr;
}

static HRESULT print_record(const struct invocation *invocation, IBitsPeerCacheRecord *record,
                            bool verbose)
{
    WCHAR id_text[GUID_TEXT], modified_text[TIME_TEXT], access_text[TIME_TEXT];
    FILETIME modified, accessed;
    BG_FILE_RANGE *ranges = NULL;
    DWORD count = 0, i;
    WCHAR *url = NULL;
    UINT64 size;
    HRESULT hr;
    GUID id;

    if (FAILED(hr = IBitsPeerCacheRecord_GetId(record, &id)) ||
        FAILED(hr = IBitsPeerCacheRecord_GetFileSize(record, &size)) ||
        FAILED(hr = IBitsPeerCacheRecord_GetFileModificationTime(record, &modified)) ||
        FAILED(hr = IBitsPeerCacheRecord_GetLastAccessTime(record, &accessed)) ||
        FAILED(hr = IBitsPeerCacheRecord_GetOriginUrl(record, &url)))
        return report_failure(invocation->session, hr, L"read a cache entry");
    output_print(L"%ls %llu %ls\n", format_guid(&id, id_text), size, url);
    CoTaskMemFree(url);
    if (!verbose)
        return S_OK;
    output_print(L"\tLast modified: %ls\n\tLast access: %ls\n\tValidated: %ls\n",
                 format_time(&modified, modified_text), format_time(&accessed, access_text),
                 IBitsPeerCacheRecord_IsFileValidated(record) == S_OK ? L"true" : L"false");
    hr = IBitsPeerCacheRecord_GetFileRanges(record, &count, &ranges);
    for (i = 0; SUCCEEDED(hr) && i < count; i++)
        output_print(L"\tRange: %llu:%llu\n", ranges[i].InitialOffset, ranges[i].Length);
    CoTaskMemFree(ranges);
    return S_OK;
}

/* True for /VERBOSE at that place, false for nothing there; anything else is reported. */
static bool read_verbose(const struct invocation *invocation, int place, bool *verbose)
{
    *verbose = invocation->count > place;
    if (!*verbose || is_switch(invocation->args[place], L"VERBOSE"))
        return true;
    output_print(L"\"%ls\" is not a switch of this command.\n", invocation->args[place]);
    return false;
}

HRESULT command_cache_list(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    IEnumBitsPeerCacheRecords *records;
    IBitsPeerCacheRecord *record;
    ULONG count = 0;
    bool verbose;
    HRESULT hr;

    if (!read_verbose(invocation, 0, &verbose))
        return BITSADMIN_E_USAGE;
    hr = query_administration(invocation, &administration);
    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_EnumRecords(administration, &records);
    IBitsPeerCacheAdministration_Release(administration);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"enumerate the cache entries");
    while (SUCCEEDED(hr) &&
           (hr = IEnumBitsPeerCacheRecords_Next(records, 1, &record, NULL)) == S_OK) {
        hr = print_record(invocation, record, verbose);
        IBitsPeerCacheRecord_Release(record);
        count++;
    }
    IEnumBitsPeerCacheRecords_Release(records);
    if (FAILED(hr))
        return hr;
    output_print(L"Listed %lu cache entries.\n", count);
    return S_OK;
}

static bool read_record_id(const struct invocation *invocation, GUID *id)
{
    if (SUCCEEDED(CLSIDFromString(invocation->args[0], id)))
        return true;
    output_print(L"\"%ls\" is not a cache entry: a GUID in braces is expected.\n",
                 invocation->args[0]);
    return false;
}

HRESULT command_cache_info(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    IBitsPeerCacheRecord *record;
    bool verbose;
    HRESULT hr;
    GUID id;

    if (!read_record_id(invocation, &id) || !read_verbose(invocation, 1, &verbose))
        return BITSADMIN_E_USAGE;
    hr = query_administration(invocation, &administration);
    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_GetRecord(administration, &id, &record);
    IBitsPeerCacheAdministration_Release(administration);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"find the cache entry");
    hr = print_record(invocation, record, verbose);
    IBitsPeerCacheRecord_Release(record);
    return hr;
}

/* bitsadmin-cache-and-getlimit: a percentage of the disk. */
HRESULT command_cache_get_limit(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    DWORD percent;
    HRESULT hr = query_administration(invocation, &administration);

    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_GetMaximumCacheSize(administration, &percent);
    IBitsPeerCacheAdministration_Release(administration);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the cache limit");
    output_answer(invocation->session, invocation->session->raw ? L"%lu" : L"%lu %%", percent);
    return S_OK;
}

HRESULT command_cache_set_limit(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    ULONG percent;
    HRESULT hr;

    if (!parse_number(L"percentage", invocation->args[0], &percent))
        return BITSADMIN_E_USAGE;
    if (percent > 100) {
        output_print(L"The limit is a percentage of the disk, from 0 to 100.\n");
        return BITSADMIN_E_USAGE;
    }
    hr = query_administration(invocation, &administration);
    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_SetMaximumCacheSize(administration, percent);
    return finish_preference(invocation, administration, hr, L"set the cache limit",
                             L"Cache limit set.");
}

HRESULT command_cache_get_expiration_time(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    ULONG seconds;
    HRESULT hr = query_administration(invocation, &administration);

    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_GetMaximumContentAge(administration, &seconds);
    IBitsPeerCacheAdministration_Release(administration);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the cache expiration time");
    output_answer(invocation->session, L"%lu", seconds);
    return S_OK;
}

HRESULT command_cache_set_expiration_time(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    ULONG seconds;
    HRESULT hr;

    if (!parse_number(L"number of seconds", invocation->args[0], &seconds))
        return BITSADMIN_E_USAGE;
    hr = query_administration(invocation, &administration);
    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_SetMaximumContentAge(administration, seconds);
    return finish_preference(invocation, administration, hr, L"set the cache expiration time",
                             L"Cache expiration time set.");
}

HRESULT command_cache_delete(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    HRESULT hr;
    GUID id;

    if (!read_record_id(invocation, &id))
        return BITSADMIN_E_USAGE;
    hr = query_administration(invocation, &administration);
    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_DeleteRecord(administration, &id);
    return finish(invocation, administration, hr, L"delete the cache entry",
                  L"Cache entry deleted.");
}

HRESULT command_cache_delete_url(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    HRESULT hr = query_administration(invocation, &administration);

    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_DeleteUrl(administration, invocation->args[0]);
    return finish(invocation, administration, hr, L"delete the cache entries of the URL",
                  hr == S_FALSE ? L"No cache entry is of this URL." : L"Cache entries deleted.");
}

HRESULT command_cache_clear(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    HRESULT hr = query_administration(invocation, &administration);

    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_ClearRecords(administration);
    return finish(invocation, administration, hr, L"clear the cache", L"Cache cleared.");
}

static HRESULT print_peer(const struct invocation *invocation, IBitsPeer *peer)
{
    BOOL authenticated, available;
    WCHAR *name;
    HRESULT hr;

    if (FAILED(hr = IBitsPeer_IsAuthenticated(peer, &authenticated)) ||
        FAILED(hr = IBitsPeer_IsAvailable(peer, &available)) ||
        FAILED(hr = IBitsPeer_GetPeerName(peer, &name)))
        return report_failure(invocation->session, hr, L"read a peer");
    output_print(L"%ls %ls %ls\n", name, authenticated ? L"AUTHENTICATED" : L"UNAUTHENTICATED",
                 available ? L"ONLINE" : L"OFFLINE");
    CoTaskMemFree(name);
    return S_OK;
}

HRESULT command_peers_list(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    IEnumBitsPeers *peers;
    IBitsPeer *peer;
    ULONG count = 0;
    HRESULT hr = query_administration(invocation, &administration);

    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_EnumPeers(administration, &peers);
    IBitsPeerCacheAdministration_Release(administration);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"enumerate the peers");
    while (SUCCEEDED(hr) && (hr = IEnumBitsPeers_Next(peers, 1, &peer, NULL)) == S_OK) {
        hr = print_peer(invocation, peer);
        IBitsPeer_Release(peer);
        count++;
    }
    IEnumBitsPeers_Release(peers);
    if (FAILED(hr))
        return hr;
    output_print(L"Listed %lu peers.\n", count);
    return S_OK;
}

HRESULT command_peers_clear(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    HRESULT hr = query_administration(invocation, &administration);

    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_ClearPeers(administration);
    return finish(invocation, administration, hr, L"clear the list of peers",
                  L"List of peers cleared.");
}

HRESULT command_peers_discover(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    HRESULT hr = query_administration(invocation, &administration);

    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_DiscoverPeers(administration);
    return finish(invocation, administration, hr, L"discover peers",
                  L"Discovery of peers started.");
}

/* The page names a job here, its text the computer: with a job its own flags are meant, without one
 * those of the computer (bitsadmin-peercaching-and-getconfigurationflags). */
HRESULT command_peer_caching_get_flags(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    DWORD flags;
    HRESULT hr;

    if (invocation->count) {
        struct invocation on_job = {.session = invocation->session};

        hr = session_find_job(invocation->session, invocation->args[0], &on_job.job);
        if (FAILED(hr))
            return hr;
        hr = command_get_peer_caching_flags(&on_job);
        IBackgroundCopyJob_Release(on_job.job);
        return hr;
    }
    hr = query_administration(invocation, &administration);
    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_GetConfigurationFlags(administration, &flags);
    IBitsPeerCacheAdministration_Release(administration);
    return print_peer_caching_flags(invocation->session, hr, flags);
}

HRESULT command_peer_caching_set_flags(const struct invocation *invocation)
{
    IBitsPeerCacheAdministration *administration;
    ULONG flags;
    HRESULT hr;

    if (invocation->count == 2) {
        struct invocation on_job = {
            .session = invocation->session, .count = 1, .args = invocation->args + 1};

        hr = session_find_job(invocation->session, invocation->args[0], &on_job.job);
        if (FAILED(hr))
            return hr;
        hr = command_set_peer_caching_flags(&on_job);
        IBackgroundCopyJob_Release(on_job.job);
        return hr;
    }
    if (!parse_number(L"set of peer caching flags", invocation->args[0], &flags))
        return BITSADMIN_E_USAGE;
    hr = query_administration(invocation, &administration);
    if (FAILED(hr))
        return hr;
    hr = IBitsPeerCacheAdministration_SetConfigurationFlags(administration, flags);
    return finish_preference(invocation, administration, hr, L"set the peer caching flags",
                             L"Peer caching flags set.");
}
