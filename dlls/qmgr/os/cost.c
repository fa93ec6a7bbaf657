/*
 * What the network costs (bits-cost-state): asked of the network list manager. Called by the engine
 * for jobs with cost flags; calls COM.
 */
#include <windows.h>
#include <netlistmgr.h>

#include "os_private.h"

/* BITS_COST_STATE_* */
#define COST_UNRESTRICTED    0x01u
#define COST_BELOW_CAP       0x04u
#define COST_NEAR_CAP        0x08u
#define COST_OVERCAP_CHARGED 0x10u
#define COST_USAGE_BASED     0x40u
#define COST_ROAMING         0x80u

/* The state of BITS for what the network list manager says. */
static ULONG cost_state(DWORD cost)
{
    if (cost & NLM_CONNECTION_COST_ROAMING)
        return COST_ROAMING;
    if (cost & NLM_CONNECTION_COST_VARIABLE)
        return COST_USAGE_BASED;
    if (!(cost & NLM_CONNECTION_COST_FIXED))
        return COST_UNRESTRICTED;
    if (cost & NLM_CONNECTION_COST_OVERDATALIMIT)
        return COST_OVERCAP_CHARGED;
    return cost & NLM_CONNECTION_COST_APPROACHINGDATALIMIT ? COST_NEAR_CAP : COST_BELOW_CAP;
}

ULONG os_network_cost(void)
{
    INetworkCostManager *manager;
    DWORD cost = NLM_CONNECTION_COST_UNRESTRICTED;
    HRESULT hr;

    if (os_is_wine()) /* it knows no cost */
        return COST_UNRESTRICTED;
    hr = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    if (FAILED(hr) && hr != RPC_E_CHANGED_MODE)
        return COST_UNRESTRICTED;
    if (SUCCEEDED(CoCreateInstance(&CLSID_NetworkListManager, NULL, CLSCTX_ALL,
                                   &IID_INetworkCostManager, (void **)&manager))) {
        if (FAILED(INetworkCostManager_GetCost(manager, &cost, NULL)))
            cost = NLM_CONNECTION_COST_UNRESTRICTED;
        INetworkCostManager_Release(manager);
    }
    if (SUCCEEDED(hr))
        CoUninitialize();
    return cost_state(cost);
}
