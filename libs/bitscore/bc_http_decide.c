/*
 * HTTP answers, the deciding half: what a status means for a job, and what an answer means for the
 * bytes of a file that are already on disk. See bc_http.h. The one promise all branches keep: bytes
 * are appended only when the answer proves, or at least nothing it says disproves, that they belong
 * to the version on disk, and the range starts exactly where the disk ends.
 */
#include <bitscore/bc_http.h>

struct bc_http_meaning bc_http_classify(int status)
{
    struct bc_http_meaning meaning = {BC_HTTP_TRANSIENT, BC_HR_HTTP(status),
                                      BC_CONTEXT_REMOTE_FILE};

    if (status == 200 || status == 203 || status == 206) {
        meaning.klass = BC_HTTP_SUCCESS;
        meaning.code = BC_S_OK;
        meaning.context = BC_CONTEXT_NONE;
    } else if ((status >= 301 && status <= 303) || status == 307 || status == 308) {
        meaning.klass = BC_HTTP_REDIRECT;
    } else if (status == 300 || status == 304 || status == 305) {
        meaning.klass = BC_HTTP_FATAL;
    } else if (status >= 400 && status <= 499) {
        meaning.klass = status == 408 || status == 409 ? BC_HTTP_TRANSIENT : BC_HTTP_FATAL;
        if (status == 407)
            meaning.context = BC_CONTEXT_GENERAL_TRANSPORT;
    } else if (status == 501 || status == 505) {
        meaning.klass = BC_HTTP_FATAL;
    } else if (status < 100 || status > 999) {
        meaning.code = BC_E_INVALID_SERVER_RESPONSE;
        meaning.klass = BC_HTTP_FATAL;
    }
    return meaning;
}

static struct bc_http_decision fail(int32_t code)
{
    struct bc_http_decision decision = {
        .verdict = BC_VERDICT_ERROR,
        .body_length = BC_SIZE_UNKNOWN,
        .total = BC_SIZE_UNKNOWN,
        .error = {BC_HTTP_FATAL, code, BC_CONTEXT_REMOTE_FILE},
    };
    return decision;
}

static struct bc_http_decision plain(enum bc_http_verdict verdict, uint64_t total)
{
    struct bc_http_decision decision = {
        .verdict = verdict,
        .body_length = BC_SIZE_UNKNOWN,
        .total = total,
        .error = {BC_HTTP_SUCCESS, BC_S_OK, BC_CONTEXT_NONE},
    };
    return decision;
}

/* 206: a part of the file. */
static struct bc_http_decision decide_partial(const struct bc_http_request *request,
                                              const struct bc_http_response *response)
{
    const struct bc_content_range *range = &response->range;
    struct bc_http_decision decision;
    uint64_t length;

    if (!request->ranged || response->multipart || !response->has_range || !range->satisfied)
        return fail(BC_E_INVALID_SERVER_RESPONSE);
    if (!bc_validators_same(&request->known, &response->validators))
        return plain(BC_VERDICT_REMOTE_CHANGED, range->total);
    if (range->first != request->offset)
        return fail(BC_E_INVALID_SERVER_RESPONSE);
    length = range->last - range->first; /* one less, so that it cannot wrap */
    if (request->length != BC_LENGTH_TO_EOF && length > request->length - 1)
        return fail(BC_E_INVALID_SERVER_RESPONSE);
    if (length == UINT64_MAX - 1 || length == UINT64_MAX ||
        (response->has_length && !response->chunked && response->length != length + 1))
        return fail(BC_E_INVALID_SERVER_RESPONSE);
    length++;
    /* A client's range must lie in the file; a resumed one may be answered in part. */
    if (request->user_range && request->length != BC_LENGTH_TO_EOF && length < request->length &&
        range->total != BC_SIZE_UNKNOWN && range->last + 1 == range->total)
        return fail(BC_E_INVALID_RANGE);
    decision = plain(BC_VERDICT_APPEND, range->total);
    if (decision.total == BC_SIZE_UNKNOWN)
        decision.total = request->known.total;
    decision.body_offset = range->first;
    decision.body_length = length;
    return decision;
}

/* 200: the whole file, asked for or not. */
static struct bc_http_decision decide_whole(const struct bc_http_request *request,
                                            const struct bc_http_response *response)
{
    bool sized = response->has_length && !response->chunked;
    bool same = bc_validators_same(&request->known, &response->validators);
    struct bc_http_decision decision;

    if (!sized && !request->dynamic)
        return fail(BC_E_MISSING_FILE_SIZE);
    if (request->user_range && (request->offset || request->length != BC_LENGTH_TO_EOF))
        return same ? fail(BC_E_INSUFFICIENT_RANGE_SUPPORT)
                    : plain(BC_VERDICT_REMOTE_CHANGED, response->validators.total);
    decision = plain(request->offset || !same ? BC_VERDICT_RESTART : BC_VERDICT_APPEND,
                     response->validators.total);
    decision.no_ranges = decision.verdict == BC_VERDICT_RESTART && same;
    decision.body_length = sized ? response->length : BC_SIZE_UNKNOWN;
    return decision;
}

/* 416: the range is not in the file. */
static struct bc_http_decision decide_unsatisfied(const struct bc_http_request *request,
                                                  const struct bc_http_response *response)
{
    bool told = response->has_range && !response->range.satisfied;
    uint64_t total = told ? response->range.total : BC_SIZE_UNKNOWN;

    if (!request->ranged)
        return fail(BC_HR_HTTP(416));
    if (!bc_validators_same(&request->known, &response->validators))
        return plain(BC_VERDICT_REMOTE_CHANGED, total);
    if (request->user_range)
        return fail(BC_E_INVALID_RANGE);
    if (told && request->offset == total && request->known.total == total)
        return plain(BC_VERDICT_COMPLETE, total);
    return request->offset ? plain(BC_VERDICT_REMOTE_CHANGED, total) : fail(BC_HR_HTTP(416));
}

struct bc_http_decision bc_http_decide(const struct bc_http_request *request,
                                       const struct bc_http_response *response)
{
    struct bc_http_decision decision;
    struct bc_http_meaning meaning = bc_http_classify(response->status);

    if (response->malformed || !response->status)
        return fail(BC_E_INVALID_SERVER_RESPONSE);
    if (response->version < 10)
        return fail(BC_E_INSUFFICIENT_HTTP_SUPPORT);
    if (response->status == 412 && (request->known.etag[0] || request->known.has_last_modified))
        return plain(BC_VERDICT_REMOTE_CHANGED, BC_SIZE_UNKNOWN);
    if (response->status == 416)
        return decide_unsatisfied(request, response);
    switch (meaning.klass) {
    case BC_HTTP_SUCCESS:
        return response->status == 206 ? decide_partial(request, response)
                                       : decide_whole(request, response);
    case BC_HTTP_REDIRECT:
        decision = plain(BC_VERDICT_REDIRECT, BC_SIZE_UNKNOWN);
        decision.error = meaning;
        return decision;
    case BC_HTTP_TRANSIENT:
    case BC_HTTP_FATAL:
        break;
    }
    decision = fail(meaning.code);
    decision.error = meaning;
    return decision;
}
