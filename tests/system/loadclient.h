/*
 * What loadclient.c and loadclient_show.c share: loadclient.c reads commands and makes the calls
 * that change something, loadclient_show.c reads properties and prints them as key=value.
 */
#ifndef TESTS_SYSTEM_LOADCLIENT_H
#define TESTS_SYSTEM_LOADCLIENT_H

#include <windows.h>
#include <bits.h>
#include <bits1_5.h>
#include <bits2_5.h>
#include <bits3_0.h>

/* TRUE for the errors by which a call ends whose outcome nobody knows. */
BOOL connection_broke(HRESULT hr);

/* Prints " key={GUID}". */
void print_guid(const char *key, const GUID *guid);

/* Print all properties of a job, or its state and progress. Fail only when the connection breaks
 * or the state cannot be read; a property that the service refuses shows as key!=0x<HRESULT>. */
HRESULT print_job(IBackgroundCopyJob *job);
HRESULT print_state(IBackgroundCopyJob *job);

#endif
