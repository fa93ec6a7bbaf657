/*
 * What tests do to the service from outside: stopping and starting it again, and the group policies
 * that it follows.
 */
#ifndef TESTS_COM_SERVICE_H
#define TESTS_COM_SERVICE_H

#include "common.h"

/* Stops the service "BITS", starts it again and connects anew: the manager is another one, other
 * interfaces of before are dead. */
void restart_service(void);
/* The same without waiting for it to have stopped, and without starting it: connecting does. */
void replace_service(void);
/* Kills the service, after releasing all that the test has, the manager too. This process is no
 * client any more: Wine's COM does not always survive the end of the broker that goes along. */
void kill_service(void);
/* The process that serves BITS, with these rights. */
HANDLE service_process(DWORD access);
/* The job of that id, from the service that runs now. */
IBackgroundCopyJob5 *again(GUID id);

/* A DWORD of the policies (HKLM\Software\Policies\Microsoft\Windows\BITS). */
void set_policy(const WCHAR *name, DWORD value);
/* Takes away all that set_policy() set; the second is a teardown that also does what com_clean()
 * does. */
void forget_policies(void);
int clear_policies(void **state);

#endif
