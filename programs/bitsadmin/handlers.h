/*
 * The handlers of the command table, by the file that holds them. Only commands.c includes this,
 * and the files themselves. All follow command_handler in bitsadmin.h.
 */
#ifndef BITSADMIN_HANDLERS_H
#define BITSADMIN_HANDLERS_H

#include "bitsadmin.h"

/* cmd_transfer.c */
HRESULT command_transfer(const struct invocation *invocation);

/* cmd_job.c: the life of a job */
HRESULT command_create(const struct invocation *invocation);
HRESULT command_suspend(const struct invocation *invocation);
HRESULT command_resume(const struct invocation *invocation);
HRESULT command_cancel(const struct invocation *invocation);
HRESULT command_complete(const struct invocation *invocation);
HRESULT command_take_ownership(const struct invocation *invocation);

/* cmd_queue.c: the queue as a whole */
HRESULT command_list(const struct invocation *invocation);
HRESULT command_monitor(const struct invocation *invocation);
HRESULT command_reset(const struct invocation *invocation);

/* cmd_info.c: one job in full */
HRESULT command_info(const struct invocation *invocation);

/* cmd_file.c: files of a job */
HRESULT command_add_file(const struct invocation *invocation);
HRESULT command_add_file_set(const struct invocation *invocation);
HRESULT command_add_file_with_ranges(const struct invocation *invocation);
HRESULT command_replace_remote_prefix(const struct invocation *invocation);
HRESULT command_list_files(const struct invocation *invocation);
HRESULT command_get_validation_state(const struct invocation *invocation);
HRESULT command_set_validation_state(const struct invocation *invocation);
HRESULT command_get_temporary_name(const struct invocation *invocation);
HRESULT command_get_peer_stats(const struct invocation *invocation);

/* cmd_get.c: read one property */
HRESULT command_get_type(const struct invocation *invocation);
HRESULT command_get_state(const struct invocation *invocation);
HRESULT command_get_priority(const struct invocation *invocation);
HRESULT command_get_owner(const struct invocation *invocation);
HRESULT command_get_display_name(const struct invocation *invocation);
HRESULT command_get_description(const struct invocation *invocation);
HRESULT command_get_bytes_total(const struct invocation *invocation);
HRESULT command_get_bytes_transferred(const struct invocation *invocation);
HRESULT command_get_files_total(const struct invocation *invocation);
HRESULT command_get_files_transferred(const struct invocation *invocation);
HRESULT command_get_creation_time(const struct invocation *invocation);
HRESULT command_get_modification_time(const struct invocation *invocation);
HRESULT command_get_completion_time(const struct invocation *invocation);
HRESULT command_get_error(const struct invocation *invocation);
HRESULT command_get_error_count(const struct invocation *invocation);
HRESULT command_get_notify_flags(const struct invocation *invocation);
HRESULT command_get_notify_interface(const struct invocation *invocation);
HRESULT command_get_notify_cmd_line(const struct invocation *invocation);
HRESULT command_get_min_retry_delay(const struct invocation *invocation);
HRESULT command_get_no_progress_timeout(const struct invocation *invocation);
HRESULT command_get_max_download_time(const struct invocation *invocation);
HRESULT command_get_proxy_usage(const struct invocation *invocation);
HRESULT command_get_proxy_list(const struct invocation *invocation);
HRESULT command_get_proxy_bypass_list(const struct invocation *invocation);
HRESULT command_get_acl_flags(const struct invocation *invocation);
HRESULT command_get_peer_caching_flags(const struct invocation *invocation);

/* cmd_set.c: write one property */
HRESULT command_set_display_name(const struct invocation *invocation);
HRESULT command_set_description(const struct invocation *invocation);
HRESULT command_set_priority(const struct invocation *invocation);
HRESULT command_set_notify_flags(const struct invocation *invocation);
HRESULT command_set_notify_cmd_line(const struct invocation *invocation);
HRESULT command_set_min_retry_delay(const struct invocation *invocation);
HRESULT command_set_no_progress_timeout(const struct invocation *invocation);
HRESULT command_set_max_download_time(const struct invocation *invocation);
HRESULT command_set_proxy_settings(const struct invocation *invocation);
HRESULT command_set_acl_flags(const struct invocation *invocation);
HRESULT command_set_peer_caching_flags(const struct invocation *invocation);

/* cmd_http.c: HTTP options, credentials */
HRESULT command_set_credentials(const struct invocation *invocation);
HRESULT command_remove_credentials(const struct invocation *invocation);
HRESULT command_get_custom_headers(const struct invocation *invocation);
HRESULT command_set_custom_headers(const struct invocation *invocation);
HRESULT command_make_custom_headers_write_only(const struct invocation *invocation);
HRESULT command_get_http_method(const struct invocation *invocation);
HRESULT command_set_http_method(const struct invocation *invocation);
HRESULT command_get_security_flags(const struct invocation *invocation);
HRESULT command_set_security_flags(const struct invocation *invocation);

/* cmd_certificate.c: the client certificate */
HRESULT command_get_client_certificate(const struct invocation *invocation);
HRESULT command_set_client_certificate_by_id(const struct invocation *invocation);
HRESULT command_set_client_certificate_by_name(const struct invocation *invocation);
HRESULT command_remove_client_certificate(const struct invocation *invocation);

/* cmd_reply.c: upload-reply jobs */
HRESULT command_get_reply_file_name(const struct invocation *invocation);
HRESULT command_set_reply_file_name(const struct invocation *invocation);
HRESULT command_get_reply_progress(const struct invocation *invocation);
HRESULT command_get_reply_data(const struct invocation *invocation);

/* cmd_token.c: helper tokens */
HRESULT command_set_helper_token(const struct invocation *invocation);
HRESULT command_get_helper_token_sid(const struct invocation *invocation);
HRESULT command_set_helper_token_flags(const struct invocation *invocation);
HRESULT command_get_helper_token_flags(const struct invocation *invocation);

/* cmd_peer.c: /CACHE, /PEERS, /PEERCACHING */
HRESULT command_cache_list(const struct invocation *invocation);
HRESULT command_cache_info(const struct invocation *invocation);
HRESULT command_cache_get_limit(const struct invocation *invocation);
HRESULT command_cache_set_limit(const struct invocation *invocation);
HRESULT command_cache_get_expiration_time(const struct invocation *invocation);
HRESULT command_cache_set_expiration_time(const struct invocation *invocation);
HRESULT command_cache_delete(const struct invocation *invocation);
HRESULT command_cache_delete_url(const struct invocation *invocation);
HRESULT command_cache_clear(const struct invocation *invocation);
HRESULT command_peers_list(const struct invocation *invocation);
HRESULT command_peers_clear(const struct invocation *invocation);
HRESULT command_peers_discover(const struct invocation *invocation);
HRESULT command_peer_caching_get_flags(const struct invocation *invocation);
HRESULT command_peer_caching_set_flags(const struct invocation *invocation);

/* cmd_util.c, util_service.c and util_proxy.c: /UTIL */
HRESULT command_util_version(const struct invocation *invocation);
HRESULT command_util_repair_service(const struct invocation *invocation);
HRESULT command_util_enable_analytic_channel(const struct invocation *invocation);
HRESULT command_util_get_ie_proxy(const struct invocation *invocation);
HRESULT command_util_set_ie_proxy(const struct invocation *invocation);

#endif
