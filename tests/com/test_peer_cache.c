/*
 * IBitsPeerCacheAdministration and its enumerators: settings with their limits and policies, and a
 * cache and a list of peers that are truthfully empty.
 */
#include "service.h"

#define policy_test(function) cmocka_unit_test_teardown(function, clear_policies)

#define CACHE_DEFAULT 1
#define AGE_DEFAULT   7776000
#define BOTH          (BG_ENABLE_PEERCACHING_CLIENT | BG_ENABLE_PEERCACHING_SERVER)

static IBitsPeerCacheAdministration *administration(void)
{
    return query(manager, &IID_IBitsPeerCacheAdministration);
}

static DWORD size_of(IBitsPeerCacheAdministration *cache)
{
    DWORD percent = 99;

    ok(call(cache, GetMaximumCacheSize, &percent));
    return percent;
}

static ULONG age_of(IBitsPeerCacheAdministration *cache)
{
    ULONG seconds = 99;

    ok(call(cache, GetMaximumContentAge, &seconds));
    return seconds;
}

static DWORD flags_of(IBitsPeerCacheAdministration *cache)
{
    DWORD flags = 99;

    ok(call(cache, GetConfigurationFlags, &flags));
    return flags;
}

/* Back to what a fresh store has; also a test's own last act. */
static void reset(IBitsPeerCacheAdministration *cache)
{
    ok(call(cache, SetMaximumCacheSize, CACHE_DEFAULT));
    ok(call(cache, SetMaximumContentAge, AGE_DEFAULT));
    ok(call(cache, SetConfigurationFlags, 0));
}

/* The prefix is fresh: nobody has set anything. Comes first. */
static void peer_cache_defaults(void **state)
{
    IBitsPeerCacheAdministration *cache = administration();

    assert_int_equal(size_of(cache), CACHE_DEFAULT);
    assert_int_equal(age_of(cache), AGE_DEFAULT);
    assert_int_equal(flags_of(cache), 0);
}

static void peer_cache_identity(void **state)
{
    IBitsPeerCacheAdministration *cache = administration();
    IUnknown *one = query(cache, &IID_IUnknown), *other = query(manager, &IID_IUnknown);
    void *none = cache;

    assert_ptr_equal(one, other);
    assert_ptr_equal(query(cache, &IID_IBackgroundCopyManager), manager);
    expect(E_NOINTERFACE, call(cache, QueryInterface, &IID_IBackgroundCopyJob, &none));
    assert_null(none);
}

static void peer_cache_limits(void **state)
{
    static const struct {
        DWORD percent;
        HRESULT result;
    } sizes[] = {
        {1, S_OK},          {2, S_OK},         {79, S_OK},          {80, S_OK},
        {81, E_INVALIDARG}, {0, E_INVALIDARG}, {100, E_INVALIDARG}, {0xffffffff, E_INVALIDARG}};
    static const struct {
        ULONG seconds;
        HRESULT result;
    } ages[] = {{86400, S_OK},
                {86401, S_OK},
                {10368000, S_OK},
                {86399, E_INVALIDARG},
                {10368001, E_INVALIDARG},
                {0, E_INVALIDARG},
                {0xffffffff, E_INVALIDARG}};
    static const DWORD flags[] = {BG_ENABLE_PEERCACHING_CLIENT, BG_ENABLE_PEERCACHING_SERVER, BOTH,
                                  0};
    IBitsPeerCacheAdministration *cache = administration();

    for (size_t i = 0; i < ARRAYSIZE(sizes); i++) {
        DWORD before = size_of(cache);

        expect(sizes[i].result, call(cache, SetMaximumCacheSize, sizes[i].percent));
        assert_int_equal(size_of(cache), sizes[i].result == S_OK ? sizes[i].percent : before);
    }
    for (size_t i = 0; i < ARRAYSIZE(ages); i++) {
        ULONG before = age_of(cache);

        expect(ages[i].result, call(cache, SetMaximumContentAge, ages[i].seconds));
        assert_int_equal(age_of(cache), ages[i].result == S_OK ? ages[i].seconds : before);
    }
    for (size_t i = 0; i < ARRAYSIZE(flags); i++) {
        ok(call(cache, SetConfigurationFlags, flags[i]));
        assert_int_equal(flags_of(cache), flags[i]);
    }
    ok(call(cache, SetConfigurationFlags, BOTH));
    expect(E_NOTIMPL, call(cache, SetConfigurationFlags, BG_DISABLE_BRANCH_CACHE));
    expect(E_NOTIMPL, call(cache, SetConfigurationFlags, BOTH | 0x80000000));
    assert_int_equal(flags_of(cache), BOTH);
    reset(cache);
}

static void peer_cache_null_pointers(void **state)
{
    IBitsPeerCacheAdministration *cache = administration();
    IBitsPeerCacheRecord *record = NULL;

    expect(NULL_REF, call(cache, GetMaximumCacheSize, NULL));
    expect(NULL_REF, call(cache, GetMaximumContentAge, NULL));
    expect(NULL_REF, call(cache, GetConfigurationFlags, NULL));
    expect(NULL_REF, call(cache, EnumRecords, NULL));
    expect(NULL_REF, call(cache, GetRecord, &GUID_NULL, NULL));
    expect(NULL_REF, call(cache, GetRecord, NULL, &record));
    expect(NULL_REF, call(cache, DeleteRecord, NULL));
    expect(NULL_REF, call(cache, DeleteUrl, NULL));
    expect(NULL_REF, call(cache, EnumPeers, NULL));
}

/* A policy has the last word; what was set is there again when it goes. */
static void peer_cache_policy_size_age(void **state)
{
    IBitsPeerCacheAdministration *cache = administration();

    ok(call(cache, SetMaximumCacheSize, 5));
    ok(call(cache, SetMaximumContentAge, 100000));
    set_policy(L"MaxCacheSize", 33);
    set_policy(L"MaxContentAge", 2); /* days */
    assert_int_equal(size_of(cache), 33);
    assert_int_equal(age_of(cache), 2 * 86400);
    expect(S_FALSE, call(cache, SetMaximumCacheSize, 6));
    expect(S_FALSE, call(cache, SetMaximumContentAge, 200000));
    expect(E_INVALIDARG, call(cache, SetMaximumCacheSize, 81));
    expect(E_INVALIDARG, call(cache, SetMaximumContentAge, 1));
    assert_int_equal(size_of(cache), 33);
    assert_int_equal(age_of(cache), 2 * 86400);
    /* A value that no administrator's tool would write counts as the nearest one that it would. */
    set_policy(L"MaxCacheSize", 1000);
    set_policy(L"MaxContentAge", 0);
    assert_int_equal(size_of(cache), 80);
    assert_int_equal(age_of(cache), 86400);
    clear_policies(state);
    cache = administration();
    assert_int_equal(size_of(cache), 6);
    assert_int_equal(age_of(cache), 200000);
    reset(cache);
}

static void peer_cache_policy_flags(void **state)
{
    IBitsPeerCacheAdministration *cache = administration();

    set_policy(L"DisablePeerCachingClient", 1); /* means nothing by itself */
    ok(call(cache, SetConfigurationFlags, BG_ENABLE_PEERCACHING_CLIENT));
    assert_int_equal(flags_of(cache), BG_ENABLE_PEERCACHING_CLIENT);
    set_policy(L"EnablePeerCaching", 1);
    assert_int_equal(flags_of(cache), BG_ENABLE_PEERCACHING_SERVER);
    expect(BG_S_OVERRIDDEN_BY_POLICY, call(cache, SetConfigurationFlags, BOTH));
    ok(call(cache, SetConfigurationFlags, BG_ENABLE_PEERCACHING_SERVER)); /* the same */
    set_policy(L"DisablePeerCachingClient", 0);
    assert_int_equal(flags_of(cache), BOTH);
    set_policy(L"DisablePeerCachingServer", 1);
    assert_int_equal(flags_of(cache), BG_ENABLE_PEERCACHING_CLIENT);
    set_policy(L"EnablePeerCaching", 0);
    assert_int_equal(flags_of(cache), 0);
    expect(BG_S_OVERRIDDEN_BY_POLICY, call(cache, SetConfigurationFlags, BOTH));
    clear_policies(state);
    cache = administration();
    assert_int_equal(flags_of(cache), BOTH);
    reset(cache);
}

static void peer_cache_survives_restart(void **state)
{
    IBitsPeerCacheAdministration *cache = administration();

    ok(call(cache, SetMaximumCacheSize, 7));
    ok(call(cache, SetMaximumContentAge, 123456));
    ok(call(cache, SetConfigurationFlags, BG_ENABLE_PEERCACHING_SERVER));
    restart_service();
    cache = administration();
    assert_int_equal(size_of(cache), 7);
    assert_int_equal(age_of(cache), 123456);
    assert_int_equal(flags_of(cache), BG_ENABLE_PEERCACHING_SERVER);
    reset(cache);
}

/* ---- records and peers ---- */

/* Both enumerators are empty, and behave like any other. */
#define EMPTY_CASES(name, enumerator, element, make)                                               \
    static void name(void **state)                                                                 \
    {                                                                                              \
        enumerator *all = NULL, *clone = NULL;                                                     \
        element *found[2] = {(element *)1, (element *)1};                                          \
        ULONG fetched = 99, count = 99;                                                            \
                                                                                                   \
        ok(call(administration(), make, &all));                                                    \
        track(all);                                                                                \
        ok(call(all, GetCount, &count));                                                           \
        assert_int_equal(count, 0);                                                                \
        ok(call(all, Next, 0, found, &fetched));                                                   \
        assert_int_equal(fetched, 0);                                                              \
        expect(S_FALSE, call(all, Next, 2, found, &fetched));                                      \
        assert_int_equal(fetched, 0);                                                              \
        expect(S_FALSE, call(all, Next, 1, found, NULL));                                          \
        expect(E_INVALIDARG, call(all, Next, 2, found, NULL));                                     \
        ok(call(all, Skip, 0));                                                                    \
        expect(S_FALSE, call(all, Skip, 1));                                                       \
        ok(call(all, Reset));                                                                      \
        ok(call(all, Clone, &clone));                                                              \
        track(clone);                                                                              \
        ok(call(clone, GetCount, &count));                                                         \
        assert_int_equal(count, 0);                                                                \
        expect(S_FALSE, call(clone, Next, 1, found, &fetched));                                    \
        expect(NULL_REF, call(all, Clone, NULL));                                                  \
        expect(NULL_REF, call(all, GetCount, NULL));                                               \
    }

EMPTY_CASES(peer_cache_no_records, IEnumBitsPeerCacheRecords, IBitsPeerCacheRecord, EnumRecords)
EMPTY_CASES(peer_cache_no_peers, IEnumBitsPeers, IBitsPeer, EnumPeers)

/* A download that may be cached leaves nothing in the cache: there is none. */
static void peer_cache_download(void **state)
{
    IBitsPeerCacheAdministration *cache = administration();
    IEnumBitsPeerCacheRecords *records = NULL;
    IBackgroundCopyJob5 *job;
    const WCHAR *remote = url("FAULT", "data/peer?size=1000");
    IBitsPeerCacheRecord *record = (IBitsPeerCacheRecord *)1;
    ULONG count = 99;
    GUID id;

    ok(call(cache, SetConfigurationFlags, BOTH));
    job = new_download(remote);
    ok(call(job, SetPeerCachingFlags, BOTH));
    transfer(job);
    ok(call(job, Complete));
    ok(call(cache, EnumRecords, &records));
    track(records);
    ok(call(records, GetCount, &count));
    assert_int_equal(count, 0);
    expect(S_FALSE, call(cache, DeleteUrl, remote));
    ok(CoCreateGuid(&id));
    expect(BG_E_NOT_FOUND, call(cache, GetRecord, &id, &record));
    assert_null(record);
    expect(BG_E_NOT_FOUND, call(cache, DeleteRecord, &id));
    ok(call(cache, ClearRecords));
    reset(cache);
}

static void peer_cache_discover(void **state)
{
    IBitsPeerCacheAdministration *cache = administration();
    IEnumBitsPeers *peers = NULL;
    ULONG count = 99;

    ok(call(cache, DiscoverPeers));
    ok(call(cache, EnumPeers, &peers));
    track(peers);
    ok(call(peers, GetCount, &count));
    assert_int_equal(count, 0);
    ok(call(cache, ClearPeers));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(peer_cache_defaults),
        com_test(peer_cache_identity),
        com_test(peer_cache_limits),
        com_test(peer_cache_null_pointers),
        policy_test(peer_cache_policy_size_age),
        policy_test(peer_cache_policy_flags),
        com_test(peer_cache_survives_restart),
        com_test(peer_cache_no_records),
        com_test(peer_cache_no_peers),
        com_test(peer_cache_download),
        com_test(peer_cache_discover),
    };

    return run_group("peer_cache", tests);
}
