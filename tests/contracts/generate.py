"""Writes a C test that holds the built headers against the facts in data/.

usage: generate.py INTERFACES.JSON MESSAGES.TSV OUTPUT.c

What the compiler can judge (slots, signatures, values, layouts, symbols) becomes _Static_assert;
GUIDs are compared when the test runs. Expected layouts come from the small model of the Windows
ABI below, not from the headers."""

import re
import sys

from facts import Facts

# Size and alignment of the scalar types; P is the size of a pointer.
SCALARS = {'UINT64': 8, 'ULONG': 4, 'DWORD': 4, 'BOOL': 4}
POINTERS = ('LPWSTR', 'BSTR')


class Layouts:
    """Sizes, alignments and offsets as the Windows ABI has them, for one size of pointers."""

    def __init__(self, facts, pointer):
        self.facts = facts
        self.pointer = pointer

    def measure(self, kind):
        """Size and alignment of a type."""
        if kind in SCALARS:
            return SCALARS[kind], SCALARS[kind]
        if kind in POINTERS:
            return self.pointer, self.pointer
        if kind in self.facts.enums:
            return 4, 4
        if kind == 'FILETIME':
            return 8, 4
        if kind == 'GUID':
            return 16, 4
        size, align, _ = self.place(kind)
        return size, align

    def place(self, name):
        """Size, alignment and the offsets of the fields of a struct or union."""
        union = self.facts.types[name]['kind'] == 'union'
        end, align, offsets = 0, 1, {}
        for kind, label in self.facts.fields(name):
            size, need = self.measure(kind)
            start = 0 if union else -(-end // need) * need
            offsets[label] = start
            end = max(end, start + size)
            align = max(align, need)
        return -(-end // align) * align, align, offsets


def initializer(text):
    """A GUID in C's form."""
    d = text.replace('-', '')
    tail = ', '.join('0x' + d[i:i + 2] for i in range(16, 32, 2))
    return f'{{0x{d[:8]}, 0x{d[8:12]}, 0x{d[12:16]}, {{{tail}}}}}'


def claim(condition, text):
    return f'_Static_assert({condition}, "{text}");'


def signature(interface, method):
    arguments = [interface + ' *'] + [p.declaration('') for p in method.parameters]
    return f'HRESULT (STDMETHODCALLTYPE *)({", ".join(arguments)})'


def vtables(facts):
    for interface in facts.interfaces.values():
        table = interface.name + 'Vtbl'
        slots = facts.vtable(interface)
        methods = {(i.name, m.name): m for i in facts.ancestry(interface) for m in i.methods}
        yield claim(f'sizeof({table}) == {len(slots)} * sizeof(void *)', f'{table}: size')
        for index, (owner, name) in enumerate(slots):
            yield claim(f'offsetof({table}, {name}) == {index} * sizeof(void *)',
                        f'{table}.{name}: slot')
            if (owner, name) in methods:
                kind = signature(interface.name, methods[owner, name])
                yield claim(f'__builtin_types_compatible_p(__typeof__((({table} *)0)->{name}), '
                            f'{kind})', f'{table}.{name}: signature')
            yield from symbol(f'{interface.name}_{name}')


def symbol(name):
    """A claim that the preprocessor knows the name."""
    return [f'#ifndef {name}', f'#error {name} is missing', '#endif']


def enums(facts):
    for name, values in facts.enums.items():
        yield claim(f'sizeof({name}) == 4', f'{name}: size')
        for label, value in values.items():
            yield claim(f'(unsigned int){label} == {value}u', label)


def structures(facts):
    for bits, pointer in (('#ifdef _WIN64', 8), ('#else', 4)):
        yield bits
        layouts = Layouts(facts, pointer)
        for name in facts.types:
            size, align, offsets = layouts.place(name)
            yield claim(f'sizeof({name}) == {size}', f'{name}: size')
            yield claim(f'_Alignof({name}) == {align}', f'{name}: alignment')
            for kind, label in facts.fields(name):
                yield claim(f'offsetof({name}, {label}) == {offsets[label]}', f'{name}.{label}')
                yield claim(f'__builtin_types_compatible_p(__typeof__((({name} *)0)->{label}), '
                            f'{kind})', f'{name}.{label}: type')
    yield '#endif'


def constants(facts):
    known = {}
    for content in facts.headers.values():
        for name, text in content['constants'].items():
            value = text.replace('(UINT64)(-1)', str(2**64 - 1))
            value = re.sub(r'[A-Z]\w*', lambda found: str(known[found[0]]), value.lower()
                           if value.startswith('0x') else value)
            known[name] = eval(value, {'__builtins__': {}})  # numbers and | only
            yield from symbol(name)
            yield claim(f'(UINT64)({name}) == {known[name]}ull', name)


def messages(path):
    with open(path, encoding='utf-8') as stream:
        for line in stream.read().splitlines()[1:]:
            name, value = line.split('\t')
            yield from symbol(name)
            yield claim(f'(DWORD){name} == {value}u', name)


def guids(facts):
    """Name and value of every IID, CLSID and LIBID."""
    for interface in facts.interfaces.values():
        yield 'IID_' + interface.name, interface.iid
    for content in facts.headers.values():
        yield 'LIBID_' + content['library']['name'], content['library']['libid']
        for coclass in content['coclasses']:
            yield 'CLSID_' + coclass['name'], coclass['clsid']


def main():
    facts = Facts(sys.argv[1])
    lines = ['#ifdef TEST_INITGUID', '#include <initguid.h>', '#endif',
             '#include <stdarg.h>', '#include <stddef.h>', '#include <setjmp.h>',
             '#include <stdint.h>', '#include <cmocka.h>',
             '#include <bits.h>', '#include <qmgr.h>', '#include <bitscfg.h>', '']
    lines += vtables(facts)
    lines += enums(facts)
    lines += structures(facts)
    lines += constants(facts)
    lines += messages(sys.argv[2])
    lines += ['', 'static const struct {', '    const char *name;', '    const GUID *built;',
              '    GUID fact;', '} guids[] = {']
    lines += [f'    {{"{n}", &{n}, {initializer(v)}}},' for n, v in guids(facts)]
    lines += ['};', '', 'static void guids_equal_the_facts(void **state)', '{', '    size_t i;', '',
              '    for (i = 0; i < sizeof(guids) / sizeof(guids[0]); i++)',
              '        if (!IsEqualGUID(guids[i].built, &guids[i].fact))',
              '            fail_msg("%s has another value", guids[i].name);', '}', '',
              'int main(void)', '{', '    const struct CMUnitTest tests[] = {',
              '        cmocka_unit_test(guids_equal_the_facts),', '    };', '',
              '    return cmocka_run_group_tests(tests, NULL, NULL);', '}']
    with open(sys.argv[3], 'w', encoding='utf-8') as stream:
        stream.write('\n'.join(lines) + '\n')


if __name__ == '__main__':
    main()
