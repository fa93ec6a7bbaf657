/*
 * /UTIL /SETIEPROXY and /UTIL /GETIEPROXY: the Internet proxy settings of the accounts that
 * services run under. Called from the command table; reads and writes the settings in the registry
 * of the account (pages "bitsadmin util and setieproxy", "Service accounts and BITS").
 */
#include "handlers.h"

#include <stdlib.h>
#include <wchar.h>

#include "format.h"
#include "output.h"
#include "session.h"
#include "words.h"

#define SETTINGS L"\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"

/* Longest list of proxies or hosts, in characters (nf-bits-ibackgroundcopyjob-setproxysettings). */
#define LIST_MAX 4000

enum usage { USAGE_NO_PROXY, USAGE_AUTODETECT, USAGE_MANUAL_PROXY, USAGE_AUTOSCRIPT, USAGE_RESET };

static const struct word usage_words[] = {{L"NO_PROXY", USAGE_NO_PROXY},
                                          {L"AUTODETECT", USAGE_AUTODETECT},
                                          {L"MANUAL_PROXY", USAGE_MANUAL_PROXY},
                                          {L"AUTOSCRIPT", USAGE_AUTOSCRIPT},
                                          {L"RESET", USAGE_RESET},
                                          {NULL, 0}};

enum account { ACCOUNT_LOCAL_SYSTEM, ACCOUNT_NETWORK_SERVICE, ACCOUNT_LOCAL_SERVICE };

static const struct word account_words[] = {{L"LOCALSYSTEM", ACCOUNT_LOCAL_SYSTEM},
                                            {L"NETWORKSERVICE", ACCOUNT_NETWORK_SERVICE},
                                            {L"LOCALSERVICE", ACCOUNT_LOCAL_SERVICE},
                                            {NULL, 0}};

/* The keys of the accounts below HKEY_USERS; that of LocalSystem has the name .DEFAULT. */
static const WCHAR *const account_keys[] = {L".DEFAULT", L"S-1-5-20", L"S-1-5-19"};

/* Opens the settings of the account named by the first argument. Reports failures. */
static HRESULT open_settings(const struct invocation *invocation, REGSAM access, HKEY *settings)
{
    WCHAR path[128];
    LSTATUS status;
    ULONG account;
    HKEY profile;

    if (!word_value(account_words, L"account", invocation->args[0], &account))
        return BITSADMIN_E_USAGE;
    status = RegOpenKeyExW(HKEY_USERS, account_keys[account], 0, KEY_READ, &profile);
    if (status) {
        output_print(L"This system keeps no settings for the account %ls.\n",
                     account_words[account].text);
        return HRESULT_FROM_WIN32(status);
    }
    RegCloseKey(profile);
    wcscpy(path, account_keys[account]);
    wcscat(path, SETTINGS);
    status = RegCreateKeyExW(HKEY_USERS, path, 0, NULL, 0, access, NULL, settings, NULL);
    if (status)
        return report_failure(invocation->session, HRESULT_FROM_WIN32(status),
                              L"open the settings of the account");
    return S_OK;
}

/* Handles /CONN at that place: this tool knows the settings of the LAN connection alone. */
static HRESULT refuse_connection(const struct invocation *invocation, int place)
{
    if (place >= invocation->count)
        return S_OK;
    if (!is_switch(invocation->args[place], L"CONN")) {
        output_print(L"\"%ls\" is not expected here.\n", invocation->args[place]);
        return BITSADMIN_E_USAGE;
    }
    if (place + 2 != invocation->count) {
        output_print(L"/CONN needs the name of one connection.\n");
        return BITSADMIN_E_USAGE;
    }
    output_print(L"Settings of single connections are not supported; leave out /CONN to use those "
                 L"of the LAN.\n");
    return HRESULT_FROM_WIN32(ERROR_NOT_SUPPORTED);
}

static LSTATUS set_text(HKEY settings, const WCHAR *name, const WCHAR *text)
{
    LSTATUS status;

    if (text)
        return RegSetValueExW(settings, name, 0, REG_SZ, (const BYTE *)text,
                              (DWORD)((wcslen(text) + 1) * sizeof(*text)));
    status = RegDeleteValueW(settings, name);
    return status == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : status;
}

static LSTATUS set_switch(HKEY settings, const WCHAR *name, bool on)
{
    DWORD value = on;

    return RegSetValueExW(settings, name, 0, REG_DWORD, (const BYTE *)&value, sizeof(value));
}

struct proxy_settings {
    enum usage usage;
    const WCHAR *proxies, *bypass, *script;
};

/* The lists of an earlier MANUAL_PROXY stay when the usage changes, as documented; a script's
 * address cannot, since its presence is what switches it on. */
static LSTATUS write_settings(HKEY settings, const struct proxy_settings *proxy)
{
    enum usage usage = proxy->usage;
    LSTATUS status;

    if ((status = set_switch(settings, L"ProxyEnable", usage == USAGE_MANUAL_PROXY)) ||
        (status = set_switch(settings, L"AutoDetect",
                             usage == USAGE_AUTODETECT || usage == USAGE_AUTOSCRIPT)) ||
        (status = set_text(settings, L"AutoConfigURL", proxy->script)))
        return status;
    if (usage != USAGE_MANUAL_PROXY && usage != USAGE_RESET)
        return ERROR_SUCCESS;
    if ((status = set_text(settings, L"ProxyServer", proxy->proxies)))
        return status;
    return set_text(settings, L"ProxyOverride", proxy->bypass);
}

/* Lists have commas or spaces on the command line and semicolons in the settings. */
static bool convert_list(WCHAR *list, const WCHAR *separators)
{
    WCHAR *at;

    for (at = list; (at = wcspbrk(at, separators)) != NULL;)
        *at++ = ';';
    if (wcslen(list) <= LIST_MAX)
        return true;
    output_print(L"The list is too long: %d characters are allowed.\n", LIST_MAX);
    return false;
}

/* Reads what follows the usage; *at is where /CONN may stand. */
static bool read_usage(const struct invocation *invocation, struct proxy_settings *proxy, int *at)
{
    WCHAR **args = invocation->args;
    ULONG usage;

    *proxy = (struct proxy_settings){0};
    if (!word_value(usage_words, L"usage", args[1], &usage))
        return false;
    proxy->usage = usage;
    *at = 2;
    if (usage != USAGE_MANUAL_PROXY && usage != USAGE_AUTOSCRIPT)
        return true;
    if (*at == invocation->count || !null_word(args[*at]) || looks_like_switch(args[*at])) {
        output_print(usage == USAGE_AUTOSCRIPT ? L"AUTOSCRIPT needs the URL of a script.\n"
                                               : L"MANUAL_PROXY needs a list of proxy servers.\n");
        return false;
    }
    if (usage == USAGE_AUTOSCRIPT) {
        proxy->script = args[(*at)++];
        return true;
    }
    proxy->proxies = args[*at];
    if (!convert_list(args[(*at)++], L", "))
        return false;
    if (*at < invocation->count && !is_switch(args[*at], L"CONN")) {
        proxy->bypass = null_word(args[*at]);
        if (!convert_list(args[(*at)++], L" "))
            return false;
    }
    return true;
}

HRESULT command_util_set_ie_proxy(const struct invocation *invocation)
{
    struct proxy_settings proxy;
    LSTATUS status;
    HKEY settings;
    HRESULT hr;
    int at;

    if (!read_usage(invocation, &proxy, &at))
        return BITSADMIN_E_USAGE;
    hr = refuse_connection(invocation, at);
    if (FAILED(hr))
        return hr;
    hr = open_settings(invocation, KEY_SET_VALUE, &settings);
    if (FAILED(hr))
        return hr;
    status = write_settings(settings, &proxy);
    RegCloseKey(settings);
    if (status)
        return report_failure(invocation->session, HRESULT_FROM_WIN32(status),
                              L"write the settings of the account");
    output_print(L"Internet proxy settings for account %ls were set.\n(connection = default)\n\n",
                 invocation->args[0]);
    output_print(L"Proxy usage set to       %ls\n", word_for(usage_words, proxy.usage));
    if (proxy.usage == USAGE_MANUAL_PROXY)
        output_print(L"Proxy list set to        %ls\nProxy bypass list set to %ls\n", proxy.proxies,
                     proxy.bypass ? proxy.bypass : L"<empty>");
    if (proxy.usage == USAGE_AUTOSCRIPT)
        output_print(L"Script URL set to        %ls\n", proxy.script);
    return S_OK;
}

static void print_text(HKEY settings, const WCHAR *label, const WCHAR *name)
{
    WCHAR text[LIST_MAX + 1];
    DWORD size = sizeof(text);

    if (RegGetValueW(settings, NULL, name, RRF_RT_REG_SZ, NULL, text, &size) || !*text)
        wcscpy(text, L"<empty>");
    output_print(L"%ls%ls\n", label, text);
}

static bool get_switch(HKEY settings, const WCHAR *name)
{
    DWORD value = 0, size = sizeof(value);

    return !RegGetValueW(settings, NULL, name, RRF_RT_REG_DWORD, NULL, &value, &size) && value;
}

HRESULT command_util_get_ie_proxy(const struct invocation *invocation)
{
    HKEY settings;
    HRESULT hr = refuse_connection(invocation, 1);

    if (FAILED(hr))
        return hr;
    hr = open_settings(invocation, KEY_QUERY_VALUE, &settings);
    if (FAILED(hr))
        return hr;
    output_print(L"Internet proxy settings for account %ls:\n(connection = default)\n\n",
                 invocation->args[0]);
    output_print(L"Autodetect         %ls\n",
                 get_switch(settings, L"AutoDetect") ? L"true" : L"false");
    output_print(L"Manual proxy       %ls\n",
                 get_switch(settings, L"ProxyEnable") ? L"true" : L"false");
    print_text(settings, L"Proxy list         ", L"ProxyServer");
    print_text(settings, L"Proxy bypass list  ", L"ProxyOverride");
    print_text(settings, L"Script URL         ", L"AutoConfigURL");
    RegCloseKey(settings);
    return S_OK;
}
