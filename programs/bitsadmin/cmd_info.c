/*
 * /INFO: one job as a row, or in full with /VERBOSE. Called from the command table.
 */
#include "handlers.h"

#include "output.h"
#include "report.h"
#include "words.h"

HRESULT command_info(const struct invocation *invocation)
{
    if (!invocation->count)
        return print_job_row(invocation->session, invocation->job);
    if (!is_switch(invocation->args[0], L"VERBOSE")) {
        output_print(L"\"%ls\" is not a switch of this command.\n", invocation->args[0]);
        return BITSADMIN_E_USAGE;
    }
    return print_job_details(invocation->session, invocation->job);
}
