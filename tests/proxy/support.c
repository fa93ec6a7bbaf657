/*
 * The hand-written part that both sides of the proxy test are built on. See support.h.
 */
#include <stdio.h>

#include "support.h"

struct object {
    const void *table;
    const struct object_class *class;
    LONG references;
};

static struct shared_state *shared;
static int own_side;

void support_init(struct shared_state *state, int side)
{
    shared = state;
    own_side = side;
}

void expect(bool met, const char *what)
{
    if (met)
        return;
    InterlockedIncrement(&shared->failures);
    printf("%s: %s, call 0x%lx: not as it was sent\n", own_side ? "server" : "client", what,
           shared->call);
    fflush(stdout);
}

LONG begin_call(LONG how)
{
    return InterlockedExchange(&shared->call, how);
}

bool end_call(const char *what, HRESULT hr, LONG how, LONG before, HRESULT wanted)
{
    HRESULT expected = how & CALL_FAIL ? CALL_FAILURE : wanted;

    if (hr != expected) {
        printf("%s: %s, call 0x%lx: result 0x%08lx instead of 0x%08lx\n",
               own_side ? "server" : "client", what, how, hr, expected);
        fflush(stdout);
        InterlockedIncrement(&shared->failures);
    }
    InterlockedExchange(&shared->call, before);
    return hr == expected;
}

LONG current_call(void)
{
    return shared->call & ~CALL_FAIL;
}

bool failure_wanted(void)
{
    return (shared->call & CALL_FAIL) != 0;
}

ULONG enum_asked(LONG call)
{
    return call == CALL_NULLS ? 1 : call == CALL_FULL ? 3 : 5;
}

ULONG enum_given(LONG call)
{
    return call == CALL_NULLS ? 1 : 3;
}

/* The 64-bit hash of the key (FNV-1a). */
UINT64 number(const char *key)
{
    UINT64 hash = 0xcbf29ce484222325;

    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 0x100000001b3;
    return hash;
}

GUID guid_value_at(const char *key, ULONG index)
{
    UINT64 parts[2] = {number(key) + index, ~number(key)};
    GUID guid;

    memcpy(&guid, parts, sizeof(guid));
    return guid;
}

GUID guid_value(const char *key)
{
    return guid_value_at(key, 0);
}

bool same_guid_at(const GUID *guid, const char *key, ULONG index)
{
    GUID wanted = guid_value_at(key, index);

    return guid && IsEqualGUID(guid, &wanted);
}

bool same_guid(const GUID *guid, const char *key)
{
    return same_guid_at(guid, key, 0);
}

/* The key in wide characters, some of them beyond ASCII. Not for two threads at once. */
static const WCHAR *text_of(const char *key)
{
    static WCHAR text[256];

    swprintf(text, ARRAYSIZE(text), L"%hs \u00e9\u4e2d\xd83d\xde00", key);
    return text;
}

WCHAR *task_text(const char *key)
{
    const WCHAR *text = text_of(key);
    SIZE_T size = (wcslen(text) + 1) * sizeof(WCHAR);
    WCHAR *copy = CoTaskMemAlloc(size);

    if (copy)
        memcpy(copy, text, size);
    return copy;
}

bool same_text(const WCHAR *text, const char *key)
{
    return text && !wcscmp(text, text_of(key));
}

/* With its terminating null inside, which only a counted string carries. */
BSTR bstr_text(const char *key)
{
    const WCHAR *text = text_of(key);

    return SysAllocStringLen(text, (UINT)wcslen(text) + 1);
}

bool same_bstr(BSTR text, const char *key)
{
    return same_text(text, key) && SysStringLen(text) == wcslen(text) + 1;
}

void *task_bytes(const char *key, SIZE_T size)
{
    unsigned char *bytes = CoTaskMemAlloc(size);
    UINT64 seed = number(key);
    SIZE_T i;

    for (i = 0; bytes && i < size; i++)
        bytes[i] = (unsigned char)((seed >> (i % 8 * 8)) + i);
    return bytes;
}

bool same_bytes(const void *bytes, const char *key, SIZE_T size)
{
    void *wanted = task_bytes(key, size);
    bool same = wanted && bytes && !memcmp(bytes, wanted, size);

    CoTaskMemFree(wanted);
    return same;
}

void variant_fill(VARIANT *value, const char *key, bool as_number)
{
    VariantInit(value);
    if (as_number) {
        V_VT(value) = VT_UI4;
        V_UI4(value) = (ULONG)number(key);
    } else {
        V_VT(value) = VT_BSTR;
        V_BSTR(value) = bstr_text(key);
    }
}

bool variant_same(const VARIANT *value, const char *key, bool as_number)
{
    if (as_number)
        return V_VT(value) == VT_UI4 && V_UI4(value) == (ULONG)number(key);
    return V_VT(value) == VT_BSTR && same_bstr(V_BSTR(value), key);
}

void poison(void *place, SIZE_T size)
{
    memset(place, 0xcd, size);
}

static int find_class(const IID *iid)
{
    unsigned int i;

    for (i = 0; i < object_class_count; i++)
        if (IsEqualIID(object_classes[i].iid, iid))
            return (int)i;
    return -1;
}

IUnknown *new_object(const IID *iid)
{
    struct object *object = calloc(1, sizeof(*object));
    int index = find_class(iid);

    if (!object || index < 0)
        abort();
    object->class = &object_classes[index];
    object->table = object->class->table;
    object->references = 1;
    InterlockedIncrement(&shared->objects[own_side]);
    return (IUnknown *)object;
}

void probe(IUnknown *pointer, const IID *iid, const char *what)
{
    IUnknown *same = NULL;

    expect(pointer != NULL, what);
    if (!pointer)
        return;
    expect(IUnknown_QueryInterface(pointer, iid, (void **)&same) == S_OK, what);
    if (same) {
        call_lists[find_class(iid)].touch(same);
        IUnknown_Release(same);
    }
}

void release_object(IUnknown *pointer)
{
    if (pointer)
        IUnknown_Release(pointer);
}

HRESULT STDMETHODCALLTYPE object_QueryInterface(IUnknown *This, REFIID iid, void **object)
{
    const IID *const *known = ((struct object *)This)->class->iids;

    *object = NULL;
    while (*known && !IsEqualIID(iid, *known))
        known++;
    if (!*known && !IsEqualIID(iid, &IID_IUnknown))
        return E_NOINTERFACE;
    IUnknown_AddRef(This);
    *object = This;
    return S_OK;
}

ULONG STDMETHODCALLTYPE object_AddRef(IUnknown *This)
{
    return (ULONG)InterlockedIncrement(&((struct object *)This)->references);
}

ULONG STDMETHODCALLTYPE object_Release(IUnknown *This)
{
    ULONG left = (ULONG)InterlockedDecrement(&((struct object *)This)->references);

    if (!left) {
        InterlockedDecrement(&shared->objects[own_side]);
        free(This);
    }
    return left;
}

HRESULT STDMETHODCALLTYPE dispatch_GetTypeInfoCount(IDispatch *This, UINT *count)
{
    *count = TYPE_INFO_COUNT;
    return S_OK;
}

HRESULT STDMETHODCALLTYPE dispatch_GetTypeInfo(IDispatch *This, UINT index, LCID locale,
                                               ITypeInfo **info)
{
    *info = NULL;
    return DISP_E_BADINDEX;
}

HRESULT STDMETHODCALLTYPE dispatch_GetIDsOfNames(IDispatch *This, REFIID iid, LPOLESTR *names,
                                                 UINT count, LCID locale, DISPID *ids)
{
    expect(count == 1 && same_text(names[0], "name"), "IDispatch::GetIDsOfNames");
    ids[0] = NAMED_DISPID;
    return S_OK;
}

HRESULT STDMETHODCALLTYPE dispatch_Invoke(IDispatch *This, DISPID id, REFIID iid, LCID locale,
                                          WORD flags, DISPPARAMS *parameters, VARIANT *result,
                                          EXCEPINFO *exception, UINT *argument)
{
    return DISP_E_MEMBERNOTFOUND;
}
