/*
 * What the generated halves of the proxy test share: values made from keys, the state that both
 * processes see, and the objects' IUnknown.
 *
 * Every value that crosses is a function of its key, so that the receiver can tell it from any
 * other. The state in shared memory says which call of a method is under way; it needs no lock, for
 * one call is under way at a time, and a call back from within it restores what it changed.
 */
#ifndef PROXY_SUPPORT_H
#define PROXY_SUPPORT_H

#include <stdbool.h>
#include <windows.h>
#include <bits.h>
#include <qmgr.h>
#include <bitscfg.h>

/* How a method is called. */
#define CALL_PLAIN    0               /* every argument present */
#define CALL_NULLS    1               /* null in every place that may be null */
#define CALL_FULL     2               /* Next: as many elements as there are asked for */
#define CALL_TAG(tag) (0x100 + (tag)) /* this arm of the union */
#define CALL_FAIL     0x1000          /* the object shall return CALL_FAILURE */
#define TAG(call)     ((LONG)((call) >= 0x100 ? (call)-0x100 : 0))

#define CALL_FAILURE              BG_E_INVALID_STATE
#define METHOD_CODE(number, slot) MAKE_HRESULT(SEVERITY_SUCCESS, FACILITY_ITF, (number)*64 + (slot))

/* The most elements an enumerator is asked for, and room to see an overrun. */
#define ENUM_ROOM 8

/* Seen by both processes. */
struct shared_state {
    LONG call;       /* the call under way, of the CALL_ values */
    LONG failures;   /* expectations not met, on either side */
    LONG objects[2]; /* objects alive: of the client, of the server */
};

struct object_class {
    const char *name;
    const IID *iid;
    const void *table;
    const IID *const *iids; /* what QueryInterface answers to besides IUnknown; ends with NULL */
};

struct call_list {
    const IID *iid;
    void (*all)(void *object);   /* every call of every method, inherited ones first */
    void (*touch)(void *object); /* one call, to see that a pointer leads to its object */
};

extern const struct object_class object_classes[];
extern const unsigned int object_class_count;
extern const struct call_list call_lists[];

/* Set once at start: where the state is, and which of its counters is this process's. */
void support_init(struct shared_state *state, int side);

/* Counts and prints a failure; what is the interface, method and parameter. */
void expect(bool met, const char *what);

/* Says which call comes next and returns what was said before, for end_call to restore. */
LONG begin_call(LONG how);

/* Judges the result of a call. False if the call did not get through: nothing came back then. */
bool end_call(const char *what, HRESULT hr, LONG how, LONG before, HRESULT wanted);

/* For the objects: the call under way without CALL_FAIL, and whether it is to fail. */
LONG current_call(void);
bool failure_wanted(void);

/* How many elements an enumerator is asked for, and how many it gives. */
ULONG enum_asked(LONG call);
ULONG enum_given(LONG call);

UINT64 number(const char *key);
GUID guid_value(const char *key);
GUID guid_value_at(const char *key, ULONG index);
bool same_guid(const GUID *guid, const char *key);
bool same_guid_at(const GUID *guid, const char *key, ULONG index);
WCHAR *task_text(const char *key); /* freed by CoTaskMemFree */
bool same_text(const WCHAR *text, const char *key);
BSTR bstr_text(const char *key); /* freed by SysFreeString */
bool same_bstr(BSTR text, const char *key);
void *task_bytes(const char *key, SIZE_T size); /* freed by CoTaskMemFree */
bool same_bytes(const void *bytes, const char *key, SIZE_T size);
void variant_fill(VARIANT *value, const char *key, bool as_number); /* freed by VariantClear */
bool variant_same(const VARIANT *value, const char *key, bool as_number);

/* Fills a place that the callee must overwrite. */
void poison(void *place, SIZE_T size);

/* A new object of the class, with one reference. */
IUnknown *new_object(const IID *iid);

/* Checks that a pointer is not null, answers to the IID, and leads to its object. */
void probe(IUnknown *pointer, const IID *iid, const char *what);
void release_object(IUnknown *pointer);

/* The objects' IUnknown, and the IDispatch of the dual ones. */
HRESULT STDMETHODCALLTYPE object_QueryInterface(IUnknown *This, REFIID iid, void **object);
ULONG STDMETHODCALLTYPE object_AddRef(IUnknown *This);
ULONG STDMETHODCALLTYPE object_Release(IUnknown *This);
HRESULT STDMETHODCALLTYPE dispatch_GetTypeInfoCount(IDispatch *This, UINT *count);
HRESULT STDMETHODCALLTYPE dispatch_GetTypeInfo(IDispatch *This, UINT index, LCID locale,
                                               ITypeInfo **info);
HRESULT STDMETHODCALLTYPE dispatch_GetIDsOfNames(IDispatch *This, REFIID iid, LPOLESTR *names,
                                                 UINT count, LCID locale, DISPID *ids);
HRESULT STDMETHODCALLTYPE dispatch_Invoke(IDispatch *This, DISPID id, REFIID iid, LCID locale,
                                          WORD flags, DISPPARAMS *parameters, VARIANT *result,
                                          EXCEPINFO *exception, UINT *argument);

/* What dispatch_GetTypeInfoCount gives and the DISPID that dispatch_GetIDsOfNames gives. */
#define TYPE_INFO_COUNT 41
#define NAMED_DISPID    43

#endif /* PROXY_SUPPORT_H */
