/*
 * Starting and stopping of the proxy test's server, and the way of its objects to the client. See
 * processes.h. Names of kernel objects carry the client's process id, so that tests can run at the
 * same time; the server ends with its client, however that ends.
 */
#include <stdio.h>

#include "processes.h"

#define MAPPING_SIZE 0x40000
#define NAME_LENGTH  64
#define OBJECTS_MAX  64
#define OBJREF_MAX   1024

/* What lies in the mapping: 32-bit and 64-bit processes see the same layout. */
struct mapping {
    struct shared_state state;
    ULONG object_size[OBJECTS_MAX];
    BYTE object[OBJECTS_MAX][OBJREF_MAX];
};
_Static_assert(sizeof(struct mapping) <= MAPPING_SIZE, "mapping");

typedef void(RPC_ENTRY *get_proxy_dll_info)(const ProxyFileInfo ***files, const CLSID **clsid);
typedef HRESULT(WINAPI *get_class_object)(REFCLSID clsid, REFIID iid, void **object);

static struct mapping *mapping;
static HANDLE ready, stop, server;

static HMODULE load_beside_program(const WCHAR *relative)
{
    WCHAR path[MAX_PATH], *end;
    DWORD length = GetModuleFileNameW(NULL, path, MAX_PATH);

    if (!length || length >= MAX_PATH || !(end = wcsrchr(path, L'\\')))
        return NULL;
    if ((SIZE_T)(end + 1 - path) + wcslen(relative) >= MAX_PATH)
        return NULL;
    wcscpy(end + 1, relative);
    return LoadLibraryW(path);
}

bool proxy_dll_load(struct proxy_dll *dll)
{
    get_proxy_dll_info info;
    get_class_object get;
    IUnknown *factory;
    DWORD cookie;
    unsigned int i;

    dll->module = load_beside_program(L"qmgrprxy.dll");
    if (!dll->module)
        dll->module = load_beside_program(L"..\\..\\dlls\\qmgrprxy\\qmgrprxy.dll");
    if (!dll->module) {
        printf("qmgrprxy.dll is not beside the program (error %lu)\n", GetLastError());
        return false;
    }
    info = (get_proxy_dll_info)(void *)GetProcAddress(dll->module, "GetProxyDllInfo");
    get = (get_class_object)(void *)GetProcAddress(dll->module, "DllGetClassObject");
    if (!info || !get) {
        printf("qmgrprxy.dll lacks its exports\n");
        return false;
    }
    info(&dll->files, &dll->clsid);
    if (dll->files[0]->TableSize != object_class_count) {
        printf("this is another qmgrprxy.dll; under Wine, set WINEDLLOVERRIDES=qmgrprxy=n\n");
        return false;
    }
    if (FAILED(get(dll->clsid, &IID_IPSFactoryBuffer, (void **)&factory)) ||
        FAILED(CoRegisterClassObject(dll->clsid, factory, CLSCTX_INPROC_SERVER, REGCLS_MULTIPLEUSE,
                                     &cookie))) {
        printf("qmgrprxy.dll gives no factory\n");
        return false;
    }
    IUnknown_Release(factory);
    for (i = 0; i < object_class_count; i++)
        if (FAILED(CoRegisterPSClsid(object_classes[i].iid, dll->clsid)))
            return false;
    return true;
}

static void object_name(WCHAR name[NAME_LENGTH], const WCHAR *what, const WCHAR *client)
{
    swprintf(name, NAME_LENGTH, L"OpenBITS-proxy-%ls-%ls", what, client);
}

static bool open_shared(const WCHAR *client)
{
    WCHAR name[NAME_LENGTH];
    HANDLE file;

    object_name(name, L"mapping", client);
    file = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, MAPPING_SIZE, name);
    if (!file)
        return false;
    mapping = MapViewOfFile(file, FILE_MAP_ALL_ACCESS, 0, 0, MAPPING_SIZE);
    object_name(name, L"ready", client);
    ready = CreateEventW(NULL, TRUE, FALSE, name);
    object_name(name, L"stop", client);
    stop = CreateEventW(NULL, TRUE, FALSE, name);
    return mapping && ready && stop;
}

struct shared_state *server_start(const WCHAR *program)
{
    WCHAR client[16], own[MAX_PATH], command[MAX_PATH + 64];
    STARTUPINFOW startup = {.cb = sizeof(startup), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    HANDLE events[2];

    if (!program) {
        DWORD length = GetModuleFileNameW(NULL, own, MAX_PATH);

        if (!length || length >= MAX_PATH)
            return NULL;
        program = own;
    }
    swprintf(client, ARRAYSIZE(client), L"%lu", GetCurrentProcessId());
    if (!open_shared(client))
        return NULL;
    startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    if (swprintf(command, ARRAYSIZE(command), L"\"%ls\" server %ls", program, client) < 0 ||
        !CreateProcessW(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) {
        printf("the server %ls does not start (error %lu)\n", program, GetLastError());
        return NULL;
    }
    CloseHandle(process.hThread);
    server = process.hProcess;
    events[0] = ready;
    events[1] = server;
    if (WaitForMultipleObjects(2, events, FALSE, DEADLINE_MS) != WAIT_OBJECT_0) {
        printf("the server does not get ready\n");
        server_stop();
        return NULL;
    }
    return &mapping->state;
}

HRESULT server_object(unsigned int number, void **object)
{
    LARGE_INTEGER start = {{0, 0}};
    IStream *stream;
    HRESULT hr;

    *object = NULL;
    if (number >= OBJECTS_MAX || mapping->object_size[number] > OBJREF_MAX)
        return E_UNEXPECTED;
    hr = CreateStreamOnHGlobal(NULL, TRUE, &stream);
    if (FAILED(hr))
        return hr;
    hr = IStream_Write(stream, mapping->object[number], mapping->object_size[number], NULL);
    if (SUCCEEDED(hr))
        hr = IStream_Seek(stream, start, STREAM_SEEK_SET, NULL);
    if (SUCCEEDED(hr))
        hr = CoUnmarshalInterface(stream, object_classes[number].iid, object);
    IStream_Release(stream);
    return hr;
}

bool server_alive(void)
{
    return WaitForSingleObject(server, 0) == WAIT_TIMEOUT;
}

DWORD server_stop(void)
{
    DWORD code = 1;

    SetEvent(stop);
    if (WaitForSingleObject(server, DEADLINE_MS) != WAIT_OBJECT_0)
        TerminateProcess(server, 2);
    GetExitCodeProcess(server, &code);
    CloseHandle(server);
    return code;
}

/* Puts one object into the mapping; the reference in there is the only one. */
static HRESULT marshal_object(unsigned int number)
{
    IUnknown *object = new_object(object_classes[number].iid);
    LARGE_INTEGER start = {{0, 0}};
    IStream *stream;
    HRESULT hr;

    hr = CreateStreamOnHGlobal(NULL, TRUE, &stream);
    if (SUCCEEDED(hr)) {
        hr = CoMarshalInterface(stream, object_classes[number].iid, object, MSHCTX_LOCAL, NULL,
                                MSHLFLAGS_NORMAL);
        if (SUCCEEDED(hr))
            hr = IStream_Seek(stream, start, STREAM_SEEK_SET, NULL);
        if (SUCCEEDED(hr))
            hr = IStream_Read(stream, mapping->object[number], OBJREF_MAX,
                              &mapping->object_size[number]);
        IStream_Release(stream);
    }
    IUnknown_Release(object);
    if (FAILED(hr))
        printf("server: %s cannot be marshalled, 0x%08lx\n", object_classes[number].name, hr);
    return hr;
}

int server_main(const WCHAR *parent)
{
    HANDLE client = OpenProcess(SYNCHRONIZE, FALSE, wcstoul(parent, NULL, 10));
    struct proxy_dll dll;
    HANDLE ends[2];
    unsigned int i;

    if (!client || !open_shared(parent))
        return 1;
    support_init(&mapping->state, 1);
    if (FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED)) || !proxy_dll_load(&dll))
        return 1;
    if (object_class_count > OBJECTS_MAX)
        return 1;
    for (i = 0; i < object_class_count; i++)
        if (FAILED(marshal_object(i)))
            return 1;
    SetEvent(ready);
    ends[0] = stop;
    ends[1] = client;
    WaitForMultipleObjects(2, ends, FALSE, INFINITE);
    CoUninitialize();
    return 0;
}
