/*
 * The names of AddFileSet on the wire, from a client that is not our proxy: the stub is handed
 * messages of all shapes, and may hand its object only what they hold.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "processes.h"

#define ADD_FILE_SET 3 /* its number among the methods */

static struct proxy_dll dll;
static ULONG calls, files;
static WCHAR last_local[8];

/* ---- the object: a job that can do this one thing ---- */

static HRESULT STDMETHODCALLTYPE job_query(IBackgroundCopyJob5 *iface, REFIID iid, void **out)
{
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE job_refs(IBackgroundCopyJob5 *iface)
{
    return 1;
}

static HRESULT STDMETHODCALLTYPE job_add(IBackgroundCopyJob5 *iface, ULONG count, BG_FILE_INFO *set)
{
    calls++;
    files = count;
    if (count && set[count - 1].LocalName)
        lstrcpynW(last_local, set[count - 1].LocalName, ARRAYSIZE(last_local));
    return S_OK;
}

static const IBackgroundCopyJob5Vtbl job_table = {
    .QueryInterface = job_query, .AddRef = job_refs, .Release = job_refs, .AddFileSet = job_add};
static IBackgroundCopyJob5 job = {(IBackgroundCopyJob5Vtbl *)&job_table};

/* ---- the channel: room for an answer ---- */

static BYTE answer[64];

static HRESULT STDMETHODCALLTYPE channel_query(IRpcChannelBuffer *iface, REFIID iid, void **out)
{
    *out = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE channel_refs(IRpcChannelBuffer *iface)
{
    return 1;
}

static HRESULT STDMETHODCALLTYPE channel_buffer(IRpcChannelBuffer *iface, RPCOLEMESSAGE *message,
                                                REFIID iid)
{
    message->Buffer = message->cbBuffer <= sizeof(answer) ? answer : NULL;
    return message->Buffer ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE channel_send(IRpcChannelBuffer *iface, RPCOLEMESSAGE *message,
                                              ULONG *status)
{
    return E_UNEXPECTED;
}

static HRESULT STDMETHODCALLTYPE channel_free(IRpcChannelBuffer *iface, RPCOLEMESSAGE *message)
{
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE channel_context(IRpcChannelBuffer *iface, DWORD *context,
                                                 void **value)
{
    *context = MSHCTX_LOCAL;
    *value = NULL;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE channel_connected(IRpcChannelBuffer *iface)
{
    return S_OK;
}

static const IRpcChannelBufferVtbl channel_table = {channel_query,   channel_refs,     channel_refs,
                                                    channel_buffer,  channel_send,     channel_free,
                                                    channel_context, channel_connected};
static IRpcChannelBuffer channel = {(IRpcChannelBufferVtbl *)&channel_table};

/* What the client would be told: the stub's own failure, or what it answers. */
static HRESULT hand_over(REFIID iid, ULONG count, const WCHAR *units, ULONG unit_count)
{
    static DWORD message_bytes[64];
    RPCOLEMESSAGE message = {.dataRepresentation = NDR_LOCAL_DATA_REPRESENTATION,
                             .Buffer = message_bytes,
                             .cbBuffer = 12 + unit_count * sizeof(*units),
                             .iMethod = ADD_FILE_SET};
    IPSFactoryBuffer *factory;
    IRpcStubBuffer *stub;
    HRESULT hr;

    message_bytes[0] = count;
    message_bytes[1] = message_bytes[2] = unit_count;
    memcpy(&message_bytes[3], units, unit_count * sizeof(*units));
    assert_int_equal(CoGetClassObject(dll.clsid, CLSCTX_INPROC_SERVER, NULL, &IID_IPSFactoryBuffer,
                                      (void **)&factory),
                     S_OK);
    assert_int_equal(IPSFactoryBuffer_CreateStub(factory, iid, (IUnknown *)&job, &stub), S_OK);
    hr = IRpcStubBuffer_Invoke(stub, &message, &channel);
    if (SUCCEEDED(hr))
        hr = *(HRESULT *)answer;
    IRpcStubBuffer_Disconnect(stub);
    IRpcStubBuffer_Release(stub);
    IPSFactoryBuffer_Release(factory);
    return hr;
}

static void every_interface_unfolds(void **state)
{
    static const IID *const interfaces[] = {&IID_IBackgroundCopyJob, &IID_IBackgroundCopyJob2,
                                            &IID_IBackgroundCopyJob3, &IID_IBackgroundCopyJob4,
                                            &IID_IBackgroundCopyJob5};
    static const WCHAR units[] = {1, 1, 'r', 1, 2, 'l', '1', 2, 0, 2, 1, '2'};

    for (size_t i = 0; i < ARRAYSIZE(interfaces); i++) {
        calls = files = 0;
        assert_int_equal(hand_over(interfaces[i], 2, units, ARRAYSIZE(units)), S_OK);
        assert_int_equal(calls, 1);
        assert_int_equal(files, 2);
        assert_int_equal(lstrcmpW(last_local, L"l2"), 0);
    }
}

static void forged_sets_are_refused(void **state)
{
    static const struct {
        ULONG count, unit_count;
        WCHAR units[8];
    } cases[] = {
        {1, 0, {0}},
        {1, 1, {0}},
        {1, 3, {0, 0, 0}},
        {2, 2, {0, 0}},
        {0, 2, {0, 0}},
        {1, 4, {2, 1, 'a', 0}},
        {1, 4, {1, 0x7fff, 'a', 0}},
        {0x80000001, 2, {0, 0}}, /* two names, reckoned in 32 bits */
        {0xffffffff, 2, {0, 0}},
        {0x20000000, 2, {0, 0}},
    };

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        calls = 0;
        assert_int_equal(hand_over(&IID_IBackgroundCopyJob5, cases[i].count, cases[i].units,
                                   cases[i].unit_count),
                         HRESULT_FROM_WIN32(RPC_X_BAD_STUB_DATA));
        assert_int_equal(calls, 0);
    }
    /* None at all is for the object to refuse. */
    assert_int_equal(hand_over(&IID_IBackgroundCopyJob5, 0, L"", 0), S_OK);
    assert_int_equal(calls, 1);
}

static int load(void **state)
{
    return FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED)) || !proxy_dll_load(&dll) ? -1 : 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_interface_unfolds),
        cmocka_unit_test(forged_sets_are_refused),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
