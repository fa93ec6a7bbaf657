/*
 * Sources on a share or a drive.
 */
#include "transfer_private.h"

void share_copy_start(struct download *download, const struct bc_url *url)
{
    struct failure failure = failure_remote(E_NOTIMPL);

    download_end(download, &failure);
}

void share_copy_look(struct download *download)
{
}

void share_copy_free(struct share_copy *copy)
{
}
