"""Compiles the contract headers the ways a client may: each alone, and all in orders in which every
pair occurs both ways round and every header comes first; as C and as C++; with and without UNICODE,
WIN32_LEAN_AND_MEAN, COBJMACROS and CINTERFACE. Any diagnostic of -Wall -Wextra is a failure.

Nearly all the time goes into <windows.h>. Only each header alone, with no macros, is compiled
without it; for the others it is compiled once for each language and set of macros.

usage: compile_headers.py INCLUDE_DIRS COMPILER [ARGUMENT...]    (directories separated by commas)"""

import concurrent.futures
import os
import subprocess
import sys
import tempfile

HEADERS = ('bits', 'bits1_5', 'bits2_0', 'bits2_5', 'bits3_0', 'bits4_0', 'bits5_0', 'bits10_1',
           'bits10_2', 'bits10_3', 'qmgr', 'bitscfg')
LANGUAGES = ('c', 'c++')
OPTIONS = ((), ('UNICODE', '_UNICODE', 'WIN32_LEAN_AND_MEAN', 'COBJMACROS'),
           ('CINTERFACE', 'COBJMACROS'))
# Of the orders: what makes the most of the headers.
ORDERED = {'c': OPTIONS[2], 'c++': OPTIONS[0]}

# What a client sees that includes only <bits.h>: the last interface, and a code of bitsmsg.h.
NEWEST = {'c': 'extern IBackgroundCopyJobHttpOptions3 *newest;\nextern int n[BG_E_EMPTY < 0];\n',
          'c++': 'const IID *newest = &__uuidof(IBackgroundCopyJobHttpOptions3);\n'}


def programs():
    """Every translation unit: a title, the language, the macros, whether <windows.h> comes first, and
    the text."""
    for language in LANGUAGES:
        for options in OPTIONS:
            for header in HEADERS:
                yield header, language, options, options != (), f'#include <{header}.h>\n'
            yield ('bits.h brings all', language, options, options != (),
                   '#include <bits.h>\n' + (NEWEST[language] if 'CINTERFACE' not in options
                                            else NEWEST['c']))
        yield 'bitsmsg', language, (), False, '#include <bitsmsg.h>\n'
    for start, first in enumerate(HEADERS):
        order = HEADERS[start:] + HEADERS[:start]
        for language, names in zip(LANGUAGES, (order, order[:1] + order[:0:-1])):
            text = ''.join(f'#include <{name}.h>\n' for name in names)
            yield f'all from {first}', language, ORDERED[language], True, text


def compile_text(command, what, text, *arguments):
    """None, or what went wrong."""
    done = subprocess.run([*command, '-Wall', '-Wextra', '-Werror', *arguments], input=text,
                          capture_output=True, text=True, check=False)
    if done.returncode == 0 and not done.stderr:
        return None
    return f'{what}:\n{done.stderr}'


def write(path, text):
    with open(path, 'w', encoding='ascii') as file:
        file.write(text)


def compile_group(command, group):
    """Programs of one language and set of macros, those with <windows.h> or those without. What went
    wrong, None for each good one."""
    (language, options, after_windows), members = group
    command = command + ['-D' + option for option in options]
    what = f'as {language} with {options}'
    with tempfile.TemporaryDirectory() as folder:
        first = []
        if after_windows:
            header = os.path.join(folder, 'windows_first.h')
            write(header, '#include <windows.h>\n')
            result = compile_text(command, 'windows.h ' + what, None,
                                  '-x', language + '-header', header, '-o', header + '.gch')
            if result:
                return [result]
            write(header, '#error "this is not the compiled one"\n')
            first = ['-Winvalid-pch', '-include', header]
        return [compile_text(command, f'{title} {what}', text,
                             '-x', language, '-fsyntax-only', *first, '-')
                for title, text in members]


def main():
    command = sys.argv[2:] + ['-I' + directory for directory in sys.argv[1].split(',')]
    groups = {}
    for title, language, options, after_windows, text in programs():
        key = language, options, after_windows
        # Those without take long enough to be shared out.
        number = len(groups) if not after_windows else 0
        groups.setdefault((key, number), []).append((title, text))
    work = sorted(((key, members) for (key, _), members in groups.items()), key=lambda g: -len(g[1]))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = [result for group in pool.map(lambda g: compile_group(command, g), work)
                   for result in group]
    failures = [result for result in results if result]
    print('\n'.join(failures))
    print(f'{len(results)} programs compiled, {len(failures)} failed')
    return 1 if failures or not results else 0


if __name__ == '__main__':
    sys.exit(main())
