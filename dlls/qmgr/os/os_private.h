/* What the files of os/ share. */
#ifndef OPENBITS_OS_PRIVATE_H
#define OPENBITS_OS_PRIVATE_H

#include "os.h"

/* The account this process runs as, whatever the thread impersonates. token stays NULL. */
HRESULT os_process_identity(struct os_identity *identity);

#endif
