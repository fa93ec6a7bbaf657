/*
 * Task memory (CoTaskMemAlloc) that runs out, for the tests that have the COM facade in their own
 * process.
 */
#ifndef OPENBITS_TESTS_COM_NO_MEMORY_H
#define OPENBITS_TESTS_COM_NO_MEMORY_H

#include <windows.h>

/* From now on this thread, and no other, gets no task memory, until allow_task_memory(). Both give
 * an HRESULT of COM's. */
HRESULT refuse_task_memory(void);
HRESULT allow_task_memory(void);

#endif
