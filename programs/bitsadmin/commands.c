/*
 * The command tables. To add a command: write its handler, declare it in handlers.h and add a row
 * here: name, least and greatest number of arguments (the job counts), arguments and one line of
 * help, flags, handler. main.c walks the tables.
 */
#include "bitsadmin.h"

#include <wchar.h>

#include "handlers.h"
#include "output.h"
#include "words.h"

#define JOB     COMMAND_ON_JOB
#define SERVICE COMMAND_CONNECTS

static const struct command util_commands[] = {
    {L"VERSION", 0, 1, L"[/VERBOSE]",
     L"Prints the version of BITS; with /VERBOSE also of its files, and starts the service.", 0,
     command_util_version},
    {L"REPAIRSERVICE", 0, 1, L"[/FORCE]",
     L"Corrects the configuration of the service; /FORCE deletes and creates it anew.", 0,
     command_util_repair_service},
    {L"SETIEPROXY", 2, ANY_NUMBER, L"<account> <usage> [/CONN <connection>]",
     L"Sets the proxy of LOCALSYSTEM, NETWORKSERVICE or LOCALSERVICE. <usage> is NO_PROXY,\n"
     L"    AUTODETECT, MANUAL_PROXY <proxy,proxy...> [<bypass list>], AUTOSCRIPT <url> or RESET.",
     0, command_util_set_ie_proxy},
    {L"GETIEPROXY", 1, 3, L"<account> [/CONN <connection>]",
     L"Prints the proxy of a service account.", 0, command_util_get_ie_proxy},
    {L"ENABLEANALYTICCHANNEL", 1, 1, L"TRUE | FALSE",
     L"Turns the analytic event channel of the BITS client on or off.", 0,
     command_util_enable_analytic_channel},
    {NULL}};

static const struct command cache_commands[] = {
    {L"LIST", 0, 1, L"[/VERBOSE]", L"Lists the cache entries.", SERVICE, command_cache_list},
    {L"INFO", 1, 2, L"<record> [/VERBOSE]", L"Prints one cache entry.", SERVICE,
     command_cache_info},
    {L"GETLIMIT", 0, 0, L"", L"Prints the size limit of the cache, in percent of the disk.",
     SERVICE, command_cache_get_limit},
    {L"SETLIMIT", 1, 1, L"<percent>", L"Sets the size limit of the cache.", SERVICE,
     command_cache_set_limit},
    {L"GETEXPIRATIONTIME", 0, 0, L"", L"Prints the age in seconds at which entries expire.",
     SERVICE, command_cache_get_expiration_time},
    {L"SETEXPIRATIONTIME", 1, 1, L"<seconds>", L"Sets the age at which entries expire.", SERVICE,
     command_cache_set_expiration_time},
    {L"DELETE", 1, 1, L"<record>", L"Deletes one cache entry.", SERVICE, command_cache_delete},
    {L"DELETEURL", 1, 1, L"<url>", L"Deletes the cache entries of a URL.", SERVICE,
     command_cache_delete_url},
    {L"CLEAR", 0, 0, L"", L"Deletes all cache entries.", SERVICE, command_cache_clear},
    {NULL}};

static const struct command peers_commands[] = {
    {L"LIST", 0, 0, L"", L"Lists the peers.", SERVICE, command_peers_list},
    {L"CLEAR", 0, 0, L"", L"Empties the list of peers.", SERVICE, command_peers_clear},
    {L"DISCOVER", 0, 0, L"", L"Looks for peers again.", SERVICE, command_peers_discover},
    {NULL}};

static const struct command peer_caching_commands[] = {
    {L"GETCONFIGURATIONFLAGS", 0, 1, L"[<job>]",
     L"Prints the peer caching flags of the computer, or of a job.", SERVICE,
     command_peer_caching_get_flags},
    {L"SETCONFIGURATIONFLAGS", 1, 2, L"[<job>] <value>",
     L"Sets them. 1: download from peers; 2: serve peers; 3: both.", SERVICE,
     command_peer_caching_set_flags},
    {NULL}};

const struct command top_commands[] = {
    {L"UTIL", 0, ANY_NUMBER, L"/UTIL /", L"Prints the utility commands.", COMMAND_FAMILY, NULL,
     util_commands},
    {L"PEERCACHING", 0, ANY_NUMBER, L"/PEERCACHING /", L"Prints the peer caching commands.",
     COMMAND_FAMILY, NULL, peer_caching_commands},
    {L"CACHE", 0, ANY_NUMBER, L"/CACHE /", L"Prints the cache commands.", COMMAND_FAMILY, NULL,
     cache_commands},
    {L"PEERS", 0, ANY_NUMBER, L"/PEERS /", L"Prints the peer commands.", COMMAND_FAMILY, NULL,
     peers_commands},

    {L"LIST", 0, 2, L"[/ALLUSERS] [/VERBOSE]", L"Lists the jobs.", SERVICE, command_list},
    {L"MONITOR", 0, 3, L"[/ALLUSERS] [/REFRESH <seconds>]",
     L"Lists the jobs again and again, until Ctrl+C.", SERVICE, command_monitor},
    {L"RESET", 0, 1, L"[/ALLUSERS]", L"Cancels all jobs.", SERVICE, command_reset},

    {L"TRANSFER", 3, ANY_NUMBER,
     L"<name> [/DOWNLOAD | /UPLOAD] [/PRIORITY <priority>] [/ACLFLAGS <flags>]\n"
     L"          [/DYNAMIC] <remote_url> <local_name> [<remote_url> <local_name>...]",
     L"Creates a job, transfers its files and completes it, showing its progress.\n"
     L"    /DYNAMIC relaxes what is asked of the server. Ctrl+C cancels the job.",
     SERVICE, command_transfer},
    {L"CREATE", 1, 2, L"[/DOWNLOAD | /UPLOAD | /UPLOAD-REPLY] <name>", L"Creates a job.", SERVICE,
     command_create},
    {L"INFO", 1, 2, L"<job> [/VERBOSE]", L"Prints what is known about the job.", JOB, command_info},
    {L"ADDFILE", 3, 3, L"<job> <remote_url> <local_name>", L"Adds a file to the job.", JOB,
     command_add_file},
    {L"ADDFILESET", 2, 2, L"<job> <textfile>",
     L"Adds the files that a text file lists: a remote and a local name in each line,\n"
     L"    with spaces between them. Lines that begin with # are comments.",
     JOB, command_add_file_set},
    {L"ADDFILEWITHRANGES", 4, 4, L"<job> <remote_url> <local_name> <ranges>",
     L"Adds parts of a file: offset:length pairs with commas between them, where a length\n"
     L"    may be eof.",
     JOB, command_add_file_with_ranges},
    {L"REPLACEREMOTEPREFIX", 3, 3, L"<job> <old_prefix> <new_prefix>",
     L"Changes the beginning of all URLs that have the old prefix.", JOB,
     command_replace_remote_prefix},
    {L"LISTFILES", 1, 1, L"<job>", L"Lists the files of the job.", JOB, command_list_files},
    {L"SUSPEND", 1, 1, L"<job>", L"Suspends the job.", JOB, command_suspend},
    {L"RESUME", 1, 1, L"<job>", L"Puts the job into the transfer queue.", JOB, command_resume},
    {L"CANCEL", 1, 1, L"<job>", L"Cancels the job.", JOB, command_cancel},
    {L"COMPLETE", 1, 1, L"<job>", L"Completes the job; its files become available.", JOB,
     command_complete},
    {L"TAKEOWNERSHIP", 1, 1, L"<job>", L"Makes the job yours.", JOB, command_take_ownership},

    {L"GETTYPE", 1, 1, L"<job>", L"Prints the type.", JOB, command_get_type},
    {L"GETSTATE", 1, 1, L"<job>", L"Prints the state.", JOB, command_get_state},
    {L"GETERROR", 1, 1, L"<job>", L"Prints the error.", JOB, command_get_error},
    {L"GETERRORCOUNT", 1, 1, L"<job>", L"Prints the number of errors.", JOB,
     command_get_error_count},
    {L"GETOWNER", 1, 1, L"<job>", L"Prints the owner.", JOB, command_get_owner},
    {L"GETBYTESTOTAL", 1, 1, L"<job>", L"Prints the size of the job in bytes.", JOB,
     command_get_bytes_total},
    {L"GETBYTESTRANSFERRED", 1, 1, L"<job>", L"Prints the number of bytes transferred.", JOB,
     command_get_bytes_transferred},
    {L"GETFILESTOTAL", 1, 1, L"<job>", L"Prints the number of files.", JOB,
     command_get_files_total},
    {L"GETFILESTRANSFERRED", 1, 1, L"<job>", L"Prints the number of files transferred.", JOB,
     command_get_files_transferred},
    {L"GETCREATIONTIME", 1, 1, L"<job>", L"Prints when the job was created.", JOB,
     command_get_creation_time},
    {L"GETMODIFICATIONTIME", 1, 1, L"<job>", L"Prints when the job was last modified.", JOB,
     command_get_modification_time},
    {L"GETCOMPLETIONTIME", 1, 1, L"<job>", L"Prints when the job was transferred.", JOB,
     command_get_completion_time},
    {L"GETDISPLAYNAME", 1, 1, L"<job>", L"Prints the name.", JOB, command_get_display_name},
    {L"SETDISPLAYNAME", 2, 2, L"<job> <name>", L"Sets the name.", JOB, command_set_display_name},
    {L"GETDESCRIPTION", 1, 1, L"<job>", L"Prints the description.", JOB, command_get_description},
    {L"SETDESCRIPTION", 2, ANY_NUMBER, L"<job> <description>", L"Sets the description.", JOB,
     command_set_description},
    {L"GETPRIORITY", 1, 1, L"<job>", L"Prints the priority.", JOB, command_get_priority},
    {L"SETPRIORITY", 2, 2, L"<job> FOREGROUND | HIGH | NORMAL | LOW", L"Sets the priority.", JOB,
     command_set_priority},
    {L"GETACLFLAGS", 1, 1, L"<job>", L"Prints which parts of the files' ACLs are copied.", JOB,
     command_get_acl_flags},
    {L"SETACLFLAGS", 2, 2, L"<job> <flags>",
     L"Sets them: O (owner), G (group), D (DACL), S (SACL), such as OGD.", JOB,
     command_set_acl_flags},
    {L"SETACLFLAG", 2, 2, L"<job> <flags>", L"The same as /SETACLFLAGS.", JOB,
     command_set_acl_flags},
    {L"GETNOTIFYFLAGS", 1, 1, L"<job>", L"Prints the notification flags.", JOB,
     command_get_notify_flags},
    {L"SETNOTIFYFLAGS", 2, 2, L"<job> <flags>",
     L"Sets them. 1: transferred; 2: error; 3: both; 4: none.", JOB, command_set_notify_flags},
    {L"GETNOTIFYINTERFACE", 1, 1, L"<job>", L"Tells whether a program waits for notifications.",
     JOB, command_get_notify_interface},
    {L"GETNOTIFYCMDLINE", 1, 1, L"<job>", L"Prints the notification command line.", JOB,
     command_get_notify_cmd_line},
    {L"SETNOTIFYCMDLINE", 2, ANY_NUMBER, L"<job> <program> [<parameters>]",
     L"Sets it. Parameters begin with the program's name. NULL stands for nothing.", JOB,
     command_set_notify_cmd_line},
    {L"GETMINRETRYDELAY", 1, 1, L"<job>", L"Prints the retry delay in seconds.", JOB,
     command_get_min_retry_delay},
    {L"SETMINRETRYDELAY", 2, 2, L"<job> <seconds>", L"Sets the retry delay.", JOB,
     command_set_min_retry_delay},
    {L"GETNOPROGRESSTIMEOUT", 1, 1, L"<job>", L"Prints the no progress timeout in seconds.", JOB,
     command_get_no_progress_timeout},
    {L"SETNOPROGRESSTIMEOUT", 2, 2, L"<job> <seconds>", L"Sets the no progress timeout.", JOB,
     command_set_no_progress_timeout},
    {L"GETMAXDOWNLOADTIME", 1, 1, L"<job>", L"Prints the download timeout in seconds.", JOB,
     command_get_max_download_time},
    {L"SETMAXDOWNLOADTIME", 2, 2, L"<job> <seconds>", L"Sets the download timeout.", JOB,
     command_set_max_download_time},

    {L"GETPROXYUSAGE", 1, 1, L"<job>", L"Prints the proxy usage.", JOB, command_get_proxy_usage},
    {L"GETPROXYLIST", 1, 1, L"<job>", L"Prints the proxy list.", JOB, command_get_proxy_list},
    {L"GETPROXYBYPASSLIST", 1, 1, L"<job>", L"Prints the proxy bypass list.", JOB,
     command_get_proxy_bypass_list},
    {L"SETPROXYSETTINGS", 2, 4,
     L"<job> PRECONFIG | NO_PROXY | AUTODETECT | OVERRIDE <proxies> <bypass>",
     L"Sets the proxies, with commas between them, and the hosts not to be reached through\n"
     L"    them, with spaces between them; NULL stands for none.",
     JOB, command_set_proxy_settings},

    {L"SETCREDENTIALS", 5, 5, L"<job> SERVER | PROXY <scheme> <user> <password>",
     L"Adds credentials. <scheme> is BASIC, DIGEST, NTLM, NEGOTIATE or PASSPORT.", JOB,
     command_set_credentials},
    {L"REMOVECREDENTIALS", 3, 3, L"<job> SERVER | PROXY <scheme>", L"Removes credentials.", JOB,
     command_remove_credentials},
    {L"GETCUSTOMHEADERS", 1, 1, L"<job>", L"Prints the custom HTTP headers.", JOB,
     command_get_custom_headers},
    {L"SETCUSTOMHEADERS", 2, ANY_NUMBER, L"<job> <header> [<header>...]",
     L"Sets the custom HTTP headers; NULL removes them.", JOB, command_set_custom_headers},
    {L"MAKECUSTOMHEADERSWRITEONLY", 1, 1, L"<job>",
     L"Makes the custom HTTP headers write-only, for good.", JOB,
     command_make_custom_headers_write_only},
    {L"GETHTTPMETHOD", 1, 1, L"<job>", L"Prints the HTTP method.", JOB, command_get_http_method},
    {L"SETHTTPMETHOD", 2, 2, L"<job> <method>", L"Sets the HTTP method.", JOB,
     command_set_http_method},
    {L"GETCLIENTCERTIFICATE", 1, 1, L"<job>", L"Prints the client certificate.", JOB,
     command_get_client_certificate},
    {L"SETCLIENTCERTIFICATEBYID", 4, 4, L"<job> <store_location> <store_name> <hash>",
     L"Sets it by its hash in hexadecimal. <store_location> is 1 (CURRENT_USER),\n"
     L"    2 (LOCAL_MACHINE), 3 (CURRENT_SERVICE), 4 (SERVICES), 5 (USERS),\n"
     L"    6 (CURRENT_USER_GROUP_POLICY), 7 (LOCAL_MACHINE_GROUP_POLICY) or\n"
     L"    8 (LOCAL_MACHINE_ENTERPRISE).",
     JOB, command_set_client_certificate_by_id},
    {L"SETCLIENTCERTIFICATEBYNAME", 4, 4, L"<job> <store_location> <store_name> <subject>",
     L"Sets it by the name of its subject.", JOB, command_set_client_certificate_by_name},
    {L"REMOVECLIENTCERTIFICATE", 1, 1, L"<job>", L"Removes the client certificate.", JOB,
     command_remove_client_certificate},
    {L"GETSECURITYFLAGS", 1, 1, L"<job>", L"Prints the HTTP security flags.", JOB,
     command_get_security_flags},
    {L"SETSECURITYFLAGS", 2, 2, L"<job> <value>",
     L"Sets them. 0x1: check the revocation list; ignore 0x2: a wrong name, 0x4: wrong\n"
     L"    dates, 0x8: an unknown authority, 0x10: a wrong usage of the certificate;\n"
     L"    redirects 0x000: allowed, 0x100: reported, 0x200: refused; 0x800: from HTTPS to HTTP.",
     JOB, command_set_security_flags},

    {L"GETVALIDATIONSTATE", 2, 2, L"<job> <file_index>",
     L"Tells whether the content of a file (from 0) is valid.", JOB, command_get_validation_state},
    {L"SETVALIDATIONSTATE", 3, 3, L"<job> <file_index> TRUE | FALSE",
     L"Tells BITS whether the content of a file is valid.", JOB, command_set_validation_state},
    {L"GETTEMPORARYNAME", 2, 2, L"<job> <file_index>",
     L"Prints the temporary name of a file (from 0).", JOB, command_get_temporary_name},
    {L"GETPEERSTATS", 2, 2, L"<job> <file_index>",
     L"Prints how much of a file (from 0) came from peers.", JOB, command_get_peer_stats},
    {L"GETPEERCACHINGFLAGS", 1, 1, L"<job>", L"Prints the peer caching flags.", JOB,
     command_get_peer_caching_flags},
    {L"SETPEERCACHINGFLAGS", 2, 2, L"<job> <value>",
     L"Sets them. 1: download from peers; 2: serve peers; 3: both.", JOB,
     command_set_peer_caching_flags},
    {L"DELETEURL", 1, 1, L"<url>", L"The same as /CACHE /DELETEURL.", SERVICE,
     command_cache_delete_url},

    {L"GETREPLYFILENAME", 1, 1, L"<job>", L"Prints where the server's reply goes.", JOB,
     command_get_reply_file_name},
    {L"SETREPLYFILENAME", 2, 2, L"<job> <path>", L"Sets where the server's reply goes.", JOB,
     command_set_reply_file_name},
    {L"GETREPLYPROGRESS", 1, 1, L"<job>", L"Prints the progress of the server's reply.", JOB,
     command_get_reply_progress},
    {L"GETREPLYDATA", 1, 1, L"<job>", L"Prints the server's reply in hexadecimal.", JOB,
     command_get_reply_data},

    {L"SETHELPERTOKEN", 1, 3, L"<job> [<user@domain> <password>]",
     L"Makes your token, or the user's, the helper token of the job.", JOB,
     command_set_helper_token},
    {L"GETHELPERTOKENSID", 1, 1, L"<job>", L"Prints the SID of the helper token.", JOB,
     command_get_helper_token_sid},
    {L"SETHELPERTOKENFLAGS", 2, 2, L"<job> <flags>",
     L"Sets its usage. 1: local files; 2: network; 3: both.", JOB, command_set_helper_token_flags},
    {L"GETHELPERTOKENFLAGS", 1, 1, L"<job>", L"Prints its usage.", JOB,
     command_get_helper_token_flags},
    {NULL}};

const struct command *command_find(const struct command *table, const WCHAR *argument)
{
    for (; table->name; table++) {
        if (is_switch(argument, table->name))
            return table;
    }
    return NULL;
}

void command_print_help(const struct command *table, const WCHAR *prefix)
{
    for (; table->name; table++) {
        bool family = table->flags & COMMAND_FAMILY;

        output_print(L"%ls%ls %ls\n    %ls\n", prefix, table->name, family ? L"/?" : table->usage,
                     table->help);
    }
}

void command_print_usage(const struct command *command, const WCHAR *prefix)
{
    output_print(L"USAGE: BITSADMIN %ls%ls %ls\n", prefix, command->name, command->usage);
}
