/*
 * HTTP dates: the three forms of RFC 9110, 5.6.7, and the two time scales of the project. See
 * bc_http.h. Calendar arithmetic is the proleptic Gregorian calendar without leap seconds.
 */
#include <bitscore/bc_http.h>

#define SECONDS_PER_DAY      86400
#define FILETIME_PER_SECOND  10000000u
#define SECONDS_1601_TO_1970 11644473600
#define SECONDS_YEAR_10000   253402300800

static const char months[12][4] = {"jan", "feb", "mar", "apr", "may", "jun",
                                   "jul", "aug", "sep", "oct", "nov", "dec"};
static const char weekdays[7][10] = {"sunday",   "monday", "tuesday", "wednesday",
                                     "thursday", "friday", "saturday"};

/* A reader over the text: each step consumes what it names or clears ok. */
struct reader {
    struct bc_span rest;
    bool ok;
};

static void skip(struct reader *in, char c)
{
    if (!in->ok || !in->rest.len || in->rest.ptr[0] != c) {
        in->ok = false;
        return;
    }
    in->rest.ptr++;
    in->rest.len--;
}

static int number(struct reader *in, size_t digits)
{
    int value = 0;

    if (!in->ok || in->rest.len < digits) {
        in->ok = false;
        return 0;
    }
    for (size_t i = 0; i < digits; i++) {
        if (!bc_is_digit(in->rest.ptr[i])) {
            in->ok = false;
            return 0;
        }
        value = value * 10 + (in->rest.ptr[i] - '0');
    }
    in->rest.ptr += digits;
    in->rest.len -= digits;
    return value;
}

static struct bc_span word(struct reader *in)
{
    struct bc_span text = {in->rest.ptr, 0};

    while (text.len < in->rest.len && bc_is_alpha(in->rest.ptr[text.len]))
        text.len++;
    in->rest.ptr += text.len;
    in->rest.len -= text.len;
    if (!text.len)
        in->ok = false;
    return text;
}

static int month(struct reader *in)
{
    struct bc_span name = word(in);

    for (int i = 0; i < 12; i++)
        if (bc_span_is(name, months[i]))
            return i + 1;
    in->ok = false;
    return 1;
}

static void clock_time(struct reader *in, int *hour, int *minute, int *second)
{
    *hour = number(in, 2);
    skip(in, ':');
    *minute = number(in, 2);
    skip(in, ':');
    *second = number(in, 2);
}

/* Days from 1970-01-01 to a date; years count from March so that leap days come last. */
static int64_t days_from_civil(int year, int mon, int day)
{
    int64_t y = mon <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (mon > 2 ? mon - 3 : mon + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_from_days(int64_t days, int *year, int *mon, int *day)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t shifted_month = (5 * of_year + 2) / 153;

    *day = (int)(of_year - (153 * shifted_month + 2) / 5 + 1);
    *mon = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    *year = (int)(years + era * 400 + (*mon <= 2));
}

static int year_of(int64_t seconds)
{
    int year, mon, day;

    if (seconds < -SECONDS_1601_TO_1970 || seconds >= SECONDS_YEAR_10000)
        return 1970;
    civil_from_days((seconds + SECONDS_1601_TO_1970) / SECONDS_PER_DAY -
                        SECONDS_1601_TO_1970 / SECONDS_PER_DAY,
                    &year, &mon, &day);
    return year;
}

static bool is_weekday(struct bc_span name, bool whole)
{
    for (int i = 0; i < 7; i++) {
        struct bc_span day = bc_span_of(weekdays[i]);

        if (!whole)
            day.len = 3;
        if (bc_span_equal_nocase(name, day))
            return true;
    }
    return false;
}

bool bc_http_parse_date(struct bc_span text, int64_t now, int64_t *seconds)
{
    static const int month_days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct reader in = {bc_span_trim(text), true};
    struct bc_span weekday = word(&in);
    int year = 0, mon = 1, day = 0, hour = 0, minute = 0, second = 0;

    if (!in.rest.len || !in.ok)
        return false;
    if (in.rest.ptr[0] == ',' && weekday.len == 3) { /* Sun, 06 Nov 1994 08:49:37 GMT */
        in.ok = is_weekday(weekday, false);
        skip(&in, ',');
        skip(&in, ' ');
        day = number(&in, 2);
        skip(&in, ' ');
        mon = month(&in);
        skip(&in, ' ');
        year = number(&in, 4);
        skip(&in, ' ');
        clock_time(&in, &hour, &minute, &second);
        skip(&in, ' ');
        in.ok = in.ok && bc_span_is(word(&in), "GMT") && !in.rest.len;
    } else if (in.rest.ptr[0] == ',') { /* Sunday, 06-Nov-94 08:49:37 GMT */
        in.ok = is_weekday(weekday, true);
        skip(&in, ',');
        skip(&in, ' ');
        day = number(&in, 2);
        skip(&in, '-');
        mon = month(&in);
        skip(&in, '-');
        year = year_of(now) / 100 * 100 + number(&in, 2);
        if (year >= year_of(now) + 50)
            year -= 100;
        skip(&in, ' ');
        clock_time(&in, &hour, &minute, &second);
        skip(&in, ' ');
        in.ok = in.ok && bc_span_is(word(&in), "GMT") && !in.rest.len;
    } else { /* Sun Nov  6 08:49:37 1994 */
        in.ok = is_weekday(weekday, false);
        skip(&in, ' ');
        mon = month(&in);
        skip(&in, ' ');
        if (in.rest.len && in.rest.ptr[0] == ' ') {
            skip(&in, ' ');
            day = number(&in, 1);
        } else {
            day = number(&in, 2);
        }
        skip(&in, ' ');
        clock_time(&in, &hour, &minute, &second);
        skip(&in, ' ');
        year = number(&in, 4);
        in.ok = in.ok && !in.rest.len;
    }
    if (!in.ok || year < 1601 || day < 1 || day > month_days[mon - 1] || hour > 23 || minute > 59 ||
        second > 60)
        return false;
    if (mon == 2 && day == 29 && (year % 4 || (year % 100 == 0 && year % 400)))
        return false;
    *seconds =
        days_from_civil(year, mon, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    return true;
}

static void put_padded(struct bc_out *out, int value, int digits)
{
    char text[4];

    for (int i = digits - 1; i >= 0; i--) {
        text[i] = (char)('0' + value % 10);
        value /= 10;
    }
    bc_out_span(out, (struct bc_span){text, (size_t)digits});
}

static void put_name(struct bc_out *out, const char *name)
{
    bc_out_char(out, (char)(name[0] - 'a' + 'A'));
    bc_out_span(out, (struct bc_span){name + 1, 2});
}

int32_t bc_http_format_date(int64_t seconds, char *buffer, size_t size)
{
    int64_t since_1601, days;
    int year, mon, day, rest;
    struct bc_out out;

    if (seconds < -SECONDS_1601_TO_1970 || seconds >= SECONDS_YEAR_10000)
        return BC_E_INVALIDARG;
    since_1601 = seconds + SECONDS_1601_TO_1970;
    days = since_1601 / SECONDS_PER_DAY; /* 1601-01-01 was a Monday */
    rest = (int)(since_1601 % SECONDS_PER_DAY);
    civil_from_days(days - SECONDS_1601_TO_1970 / SECONDS_PER_DAY, &year, &mon, &day);
    bc_out_init(&out, buffer, size);
    put_name(&out, weekdays[(days + 1) % 7]);
    bc_out_text(&out, ", ");
    put_padded(&out, day, 2);
    bc_out_char(&out, ' ');
    put_name(&out, months[mon - 1]);
    bc_out_char(&out, ' ');
    put_padded(&out, year, 4);
    bc_out_char(&out, ' ');
    put_padded(&out, rest / 3600, 2);
    bc_out_char(&out, ':');
    put_padded(&out, rest / 60 % 60, 2);
    bc_out_char(&out, ':');
    put_padded(&out, rest % 60, 2);
    bc_out_text(&out, " GMT");
    return bc_out_finish(&out);
}

uint64_t bc_time_to_filetime(int64_t seconds)
{
    uint64_t since_1601;

    if (seconds < -SECONDS_1601_TO_1970)
        return 0;
    since_1601 = (uint64_t)seconds + SECONDS_1601_TO_1970;
    if (since_1601 > (uint64_t)INT64_MAX / FILETIME_PER_SECOND)
        return 0;
    return since_1601 * FILETIME_PER_SECOND;
}

int64_t bc_time_from_filetime(uint64_t filetime)
{
    return (int64_t)(filetime / FILETIME_PER_SECOND) - SECONDS_1601_TO_1970;
}
