"""Compiles the contract headers the ways a client may: each alone, and all in orders in which every
pair occurs both ways round and every header comes first; as C and as C++; with and without UNICODE,
WIN32_LEAN_AND_MEAN, COBJMACROS and CINTERFACE. Any diagnostic of -Wall -Wextra is a failure.

usage: compile_headers.py INCLUDE_DIRS COMPILER [ARGUMENT...]    (directories separated by commas)"""

import concurrent.futures
import os
import subprocess
import sys

HEADERS = ('bits', 'bits1_5', 'bits2_0', 'bits2_5', 'bits3_0', 'bits4_0', 'bits5_0', 'bits10_1',
           'bits10_2', 'bits10_3', 'qmgr', 'bitscfg')
LANGUAGES = ('c', 'c++')
OPTIONS = ((), ('UNICODE', '_UNICODE', 'WIN32_LEAN_AND_MEAN', 'COBJMACROS'),
           ('CINTERFACE', 'COBJMACROS'))

# What a client sees that includes only <bits.h>: the last interface, and a code of bitsmsg.h.
NEWEST = {'c': 'extern IBackgroundCopyJobHttpOptions3 *newest;\nextern int n[BG_E_EMPTY < 0];\n',
          'c++': 'const IID *newest = &__uuidof(IBackgroundCopyJobHttpOptions3);\n'}


def programs():
    """Every translation unit: a title, the language, the macros and the text."""
    for language in LANGUAGES:
        for options in OPTIONS:
            for header in HEADERS:
                yield header, language, options, f'#include <{header}.h>\n'
            yield ('bits.h brings all', language, options,
                   '#include <bits.h>\n' + (NEWEST[language] if 'CINTERFACE' not in options
                                            else NEWEST['c']))
        yield ('bitsmsg', language, (), '#include <bitsmsg.h>\n')
        yield ('after windows.h', language, (), '#include <windows.h>\n#include <bits.h>\n')
    for start, first in enumerate(HEADERS):
        order = HEADERS[start:] + HEADERS[:start]
        for language, names in zip(LANGUAGES, (order, order[:1] + order[:0:-1])):
            text = ''.join(f'#include <{name}.h>\n' for name in names)
            yield f'all from {first}', language, ('COBJMACROS',), text


def compile_one(command, program):
    """None, or what went wrong."""
    title, language, options, text = program
    arguments = command + ['-x', language, '-fsyntax-only', '-Wall', '-Wextra', '-Werror']
    arguments += ['-D' + option for option in options] + ['-']
    done = subprocess.run(arguments, input=text, capture_output=True, text=True, check=False)
    if done.returncode == 0 and not done.stderr:
        return None
    return f'{title} as {language} with {options}:\n{done.stderr}'


def main():
    command = sys.argv[2:] + ['-I' + directory for directory in sys.argv[1].split(',')]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda program: compile_one(command, program), programs()))
    failures = [result for result in results if result]
    print('\n'.join(failures))
    print(f'{len(results)} programs compiled, {len(failures)} failed')
    return 1 if failures or not results else 0


if __name__ == '__main__':
    sys.exit(main())
