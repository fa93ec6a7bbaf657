/*
 * Error objects without a service: every context has a text, and none is given when memory is
 * short. The COM facade in this process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>
#include <bitsmsg.h>
#include <cmocka.h>

#include "com/com.h"
#include "no_memory.h"

#define ENGLISH 0x409

static IBackgroundCopyError *error_of(BG_ERROR_CONTEXT context)
{
    const struct model_error error = {context, BG_E_HTTP_ERROR_404, MODEL_NO_FILE};
    IBackgroundCopyError *object;

    assert_int_equal(error_object_create(&error, NULL, &object), S_OK);
    return object;
}

static void objects_context_texts(void **state)
{
    WCHAR *texts[BG_ERROR_CONTEXT_SERVER_CERTIFICATE_CALLBACK + 1];

    for (int i = 0; i < (int)ARRAYSIZE(texts); i++) {
        IBackgroundCopyError *error = error_of((BG_ERROR_CONTEXT)i);

        assert_int_equal(IBackgroundCopyError_GetErrorContextDescription(error, ENGLISH, &texts[i]),
                         S_OK);
        assert_true(wcslen(texts[i]) > 10);
        for (int j = 0; j < i; j++)
            assert_true(wcscmp(texts[i], texts[j]));
        IBackgroundCopyError_Release(error);
    }
    for (size_t i = 0; i < ARRAYSIZE(texts); i++)
        CoTaskMemFree(texts[i]);
}

static void objects_no_memory(void **state)
{
    IBackgroundCopyError *error = error_of(BG_ERROR_CONTEXT_REMOTE_FILE);
    WCHAR *text = (WCHAR *)1, *context = (WCHAR *)1;
    HRESULT hr_text, hr_context;

    assert_int_equal(refuse_task_memory(), S_OK);
    hr_text = IBackgroundCopyError_GetErrorDescription(error, ENGLISH, &text);
    hr_context = IBackgroundCopyError_GetErrorContextDescription(error, ENGLISH, &context);
    assert_int_equal(allow_task_memory(), S_OK);
    assert_int_equal(hr_text, E_OUTOFMEMORY);
    assert_null(text);
    assert_int_equal(hr_context, E_OUTOFMEMORY);
    assert_null(context);
    IBackgroundCopyError_Release(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_context_texts),
        cmocka_unit_test(objects_no_memory),
    };

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    return cmocka_run_group_tests_name("objects", tests, NULL, NULL);
}
