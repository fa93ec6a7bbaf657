/*
 * The two processes of the proxy test: how one starts the other, what they share, and how the
 * server's objects come to the client.
 */
#ifndef PROXY_PROCESSES_H
#define PROXY_PROCESSES_H

#include "support.h"

#include <rpcproxy.h>

/* The longest that any single step may take, in milliseconds. */
#define DEADLINE_MS 60000

/* The DLL under test, loaded from beside the program or from the build tree around it. */
struct proxy_dll {
    HMODULE module;
    const ProxyFileInfo **files;
    const CLSID *clsid;
};

/* Loads the DLL and makes its proxies those of this process, without the registry. COM must be
 * initialised. False, and a message, if that cannot be done. */
bool proxy_dll_load(struct proxy_dll *dll);

/* Starts the server (program NULL: this one) and waits until its objects are marshalled; returns
 * the shared state, or NULL and a message. */
struct shared_state *server_start(const WCHAR *program);

/* Unmarshals the server's object of a class, by its number in object_classes. */
HRESULT server_object(unsigned int number, void **object);

/* True while the server runs. */
bool server_alive(void);

/* Tells the server to end and returns its exit code; ends it by force after the deadline. */
DWORD server_stop(void);

/* The server's own main function; parent is the process id of the client, in decimal. */
int server_main(const WCHAR *parent);

#endif /* PROXY_PROCESSES_H */
