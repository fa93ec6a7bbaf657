/*
 * Failures on demand, for every call of SQLite into the file system and every allocation of the
 * program (SQLite's, the model's and the store's own; the linker sends them here).
 */
#ifndef OPENBITS_TESTS_STORE_FAULTS_H
#define OPENBITS_TESTS_STORE_FAULTS_H

#include <windows.h>

enum fault_kind { FAULT_FILE, FAULT_MEMORY };

/* Makes the file system of the faults SQLite's default. Once, before SQLite is used. */
void faults_install(void);

/*
 * From now on the n-th call (from 1) of a kind fails; with persistent all after it do, too. 0:
 * none, only counting.
 */
void faults_arm(enum fault_kind kind, LONG n, BOOL persistent);

/* Ends that; returns how many calls of the kind there were. */
LONG faults_disarm(void);

/* Bytes that may still be written before the disk is full; negative: any number. */
void faults_set_room(LONG64 bytes);

/* FALSE leaves flushes out, for tests that make thousands of stores. */
void faults_flush(BOOL flush);

/*
 * Power failure: while recording, the content that each file had at its last flush is remembered.
 * faults_power_off() writes those contents to the files' names in folder, which is what a machine
 * finds that was switched off before anything else reached the disk, and ends the recording.
 */
void faults_record(void);
void faults_power_off(const WCHAR *folder);

#endif
