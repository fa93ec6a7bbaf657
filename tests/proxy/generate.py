"""Writes the two sides of the proxy test from the interface facts.

usage: generate.py INTERFACES.JSON OBJECTS.c CALLS.c

OBJECTS.c holds, for every interface, an object whose methods check each argument that arrives and
return values of their own. CALLS.c holds, for every method, a function that calls it with such
arguments and checks all that comes back. Both derive a value from the same key, "Interface::Method
parameter", so that neither has to tell the other; which of a method's calls is meant (null
pointers, a union's tag, failure) is said in shared memory. support.h has what both include."""

import re
import sys

from facts import Facts

NUMBERS = ('DWORD', 'ULONG', 'UINT64', 'BOOL', 'HRESULT', 'byte', 'BYTE')
ELEMENTS = 3

# What stands behind an IUnknown in each place.
UNKNOWNS = {
    'QueryNewJobInterface': 'IBackgroundCopyJob',
    'SetNotificationPointer': 'IBackgroundCopyCallback1',
    'SetServerCertificateValidationInterface':
        'IBackgroundCopyServerCertificateValidationCallback',
}

# The member of BITS_JOB_PROPERTY_VALUE that each id selects.
JOB_PROPERTIES = {'BITS_JOB_PROPERTY_ID_COST_FLAGS': 'Dword',
                  'BITS_JOB_PROPERTY_NOTIFICATION_CLSID': 'ClsID',
                  'BITS_JOB_PROPERTY_DYNAMIC_CONTENT': 'Enable',
                  'BITS_JOB_PROPERTY_HIGH_PERFORMANCE': 'Enable',
                  'BITS_JOB_PROPERTY_MAX_DOWNLOAD_SIZE': 'Uint64',
                  'BITS_JOB_PROPERTY_USE_STORED_CREDENTIALS': 'Target',
                  'BITS_JOB_PROPERTY_MINIMUM_NOTIFICATION_INTERVAL_MS': 'Dword',
                  'BITS_JOB_PROPERTY_ON_DEMAND_MODE': 'Enable'}
FILE_PROPERTIES = {'BITS_FILE_PROPERTY_ID_HTTP_RESPONSE_HEADERS': 'String'}
PROPERTIES = {'BITS_JOB_PROPERTY_ID': JOB_PROPERTIES, 'BITS_FILE_PROPERTY_ID': FILE_PROPERTIES}


class Piece:
    """The code for one parameter, as lists of lines."""

    def __init__(self):
        self.setup = []    # client: locals
        self.argument = '' # client: what is passed
        self.judge = []    # client: what came back, after success
        self.failed = []   # client: what came back, after failure
        self.cleanup = []  # client: in all cases
        self.check = []    # server: what arrived
        self.give = []     # server: what goes back
        self.clear = []    # server: what goes back with a failure


class Generator:
    def __init__(self, facts):
        self.facts = facts
        self.indexes = {name: i for i, name in enumerate(facts.interfaces)}

    # Values of one scalar place.

    def equal(self, kind, place, key):
        """An expression: the place holds the value of the key."""
        if kind in ('LPWSTR', 'LPCWSTR', 'const WCHAR*'):
            return f'same_text({place}, {key})'
        if kind == 'BSTR':
            return f'same_bstr({place}, {key})'
        if kind == 'GUID':
            return f'same_guid(&{place}, {key})'
        return f'{place} == {self.value(kind, key)}'

    def value(self, kind, key):
        if kind in self.facts.enums:
            values = sorted(self.facts.enums[kind].values())
            return f'({kind}){values[len(key) % len(values)]}'
        if kind == 'GUID':
            return f'guid_value({key})'
        if kind in ('LPWSTR', 'LPCWSTR', 'const WCHAR*'):
            return f'task_text({key})'
        if kind == 'BSTR':
            return f'bstr_text({key})'
        return f'({kind})number({key})'

    def leaves(self, kind, place):
        """The scalar places within a place: pairs of type and expression."""
        if kind == 'FILETIME':
            return [('DWORD', place + '.dwLowDateTime'), ('DWORD', place + '.dwHighDateTime')]
        if kind in self.facts.types:
            pairs = []
            for inner, label in self.facts.fields(kind):
                pairs += self.leaves(inner, f'{place}.{label}')
            return pairs
        return [(kind, place)]

    def fill(self, kind, place, key, suffix=''):
        """Lines that put values into a place."""
        return [f'{p} = {self.value(k, self.leaf_key(key, p, suffix))};'
                for k, p in self.leaves(kind, place)]

    def compare(self, kind, place, key, suffix=''):
        """Lines that check the values of a place."""
        return [f'expect({self.equal(k, p, self.leaf_key(key, p, suffix))}, {key});'
                for k, p in self.leaves(kind, place)]

    def release(self, kind, place):
        """Lines that free what the values of a place own."""
        lines = []
        for k, p in self.leaves(kind, place):
            if k == 'LPWSTR':
                lines.append(f'CoTaskMemFree({p});')
            elif k == 'BSTR':
                lines.append(f'SysFreeString({p});')
        return lines

    @staticmethod
    def leaf_key(key, place, suffix):
        label = place.rsplit('.', 1)[1] if '.' in place else ''
        return key[:-1] + (('.' + label) if label else '') + suffix + '"'

    # Parameters.

    def piece(self, interface, method, parameter):
        """The code for a parameter, by the first rule that fits it."""
        key = f'"{interface.name}::{method.name} {parameter.name}"'
        name = 'a_' + parameter.name
        kind = parameter.type
        sizes = {p.size_is for p in method.parameters if p.size_is}
        piece = Piece()
        piece.argument = name
        base = kind.rstrip('*[]').replace('const ', '')
        if kind == 'PUINT64':
            base = 'UINT64'
        if base in ('REFGUID', 'REFIID'):
            self.reference(piece, method, name, key)
        elif kind == 'VARIANT*':
            self.variant(piece, parameter, name, key)
        elif parameter.switch_is:
            self.union(piece, method, parameter, name, key)
        elif base == 'BG_AUTH_CREDENTIALS':
            self.credentials(piece, name, key)
        elif base in self.facts.interfaces or base == 'IUnknown':
            self.pointer(piece, method, base, parameter, name, key)
        elif parameter.is_in and parameter.is_out:
            self.in_out(piece, base, parameter, name, key)
        elif parameter.is_out and parameter.size_is:
            self.out_array(piece, method, base, parameter, name, key)
        elif parameter.is_out:
            self.out(piece, base, parameter, sizes, name, key)
        elif parameter.size_is:
            self.in_array(piece, base, parameter, name, key)
        else:
            self.scalar(piece, base, parameter, sizes, name, key)
        return piece

    def reference(self, piece, method, name, key):
        iid = {'QueryNewJobInterface': 'IBackgroundCopyJob',
               'SetNotificationPointer': 'IBackgroundCopyCallback1',
               'GetCleanupTask': 'IBackgroundCopyCallback'}.get(method.name)
        value = f'IID_{iid}' if iid else f'guid_value({key})'
        piece.setup = [f'GUID {name} = {value};']
        piece.argument = '&' + name
        piece.check = [f'expect(IsEqualGUID({name}, &IID_{iid}), {key});' if iid else
                       f'expect(same_guid({name}, {key}), {key});']

    def scalar(self, piece, base, parameter, sizes, name, key):
        kind = parameter.type.replace('const WCHAR*', 'const WCHAR *')
        is_text = parameter.type in ('LPCWSTR', 'const WCHAR*')
        if parameter.name in sizes:
            piece.setup = [f'{kind} {name} = {ELEMENTS};']
            piece.check = [f'expect({name} == {ELEMENTS}, {key});']
        elif base in PROPERTIES:
            piece.setup = [f'{kind} {name} = ({kind})TAG(call);']
            piece.check = [f'expect({name} == ({kind})TAG(call), {key});']
        elif is_text or base == 'BSTR':
            value = self.value('BSTR' if base == 'BSTR' else 'LPWSTR', key)
            if parameter.unique:
                value = f'call == CALL_NULLS ? NULL : {value}'
            piece.setup = [f'{"BSTR" if base == "BSTR" else "WCHAR *"} {name} = {value};']
            piece.cleanup = [f'SysFreeString({name});' if base == 'BSTR'
                             else f'CoTaskMemFree({name});']
            equal = self.equal(parameter.type, name, key)
            if parameter.unique:
                equal = f'call == CALL_NULLS ? {name} == NULL : {equal}'
            piece.check = [f'expect({equal}, {key});']
        else:
            piece.setup = [f'{kind} {name} = {self.value(base, key)};']
            piece.check = [f'expect({self.equal(base, name, key)}, {key});']

    def variant(self, piece, parameter, name, key):
        """Filled or empty: a string or a number by turns."""
        piece.setup = [f'VARIANT {name};']
        piece.argument = '&' + name
        piece.cleanup = [f'VariantClear(&{name});']
        fill = f'variant_fill(%s, {key}, call == CALL_NULLS);'
        check = f'expect(variant_same(%s, {key}, call == CALL_NULLS), {key});'
        if parameter.is_out:
            piece.setup.append(f'poison(&{name}, sizeof({name}));')
            piece.give = [fill % name]
            piece.clear = [f'VariantInit({name});']
            piece.judge = [check % ('&' + name)]
        else:
            piece.setup.append(fill % ('&' + name))
            piece.check = [check % name]

    def union(self, piece, method, parameter, name, key):
        """One member for each tag."""
        base = parameter.type.rstrip('*')
        ids = next(p.type for p in method.parameters if p.type in PROPERTIES)
        kinds = {label: kind for kind, label in self.facts.fields(base)}

        def switch(place, action):
            lines = ['switch (TAG(call)) {']
            for tag, label in PROPERTIES[ids].items():
                lines += [f'case {tag}:']
                lines += ['    ' + l for l in action(kinds[label], f'{place}.{label}', key)]
                lines += ['    break;']
            return lines + ['}']

        piece.setup = [f'{base} {name};']
        if parameter.is_out:
            piece.argument = '&' + name
            piece.setup.append(f'poison(&{name}, sizeof({name}));')
            piece.give = switch(f'(*{name})', self.fill)
            piece.clear = [f'memset({name}, 0, sizeof(*{name}));']
            piece.judge = switch(name, self.compare)
            if base == 'BITS_FILE_PROPERTY_VALUE':
                piece.failed = [f'expect({name}.String == NULL, {key});']
                piece.cleanup = [f'CoTaskMemFree({name}.String);']
        else:
            piece.setup += [f'memset(&{name}, 0, sizeof({name}));']
            piece.setup += switch(name, self.fill)
            piece.check = switch(name, self.compare)
            if base == 'BITS_FILE_PROPERTY_VALUE':
                piece.cleanup = [f'CoTaskMemFree({name}.String);']

    def credentials(self, piece, name, key):
        """Every scheme, and a nameless one."""
        user, word = key[:-1] + '.user"', key[:-1] + '.password"'
        piece.setup = [
            f'BG_AUTH_CREDENTIALS {name};',
            f'{name}.Target = BG_AUTH_TARGET_PROXY;',
            f'{name}.Scheme = TAG(call) ? (BG_AUTH_SCHEME)TAG(call) : BG_AUTH_SCHEME_BASIC;',
            f'{name}.Credentials.Basic.UserName = call == CALL_NULLS ? NULL : task_text({user});',
            f'{name}.Credentials.Basic.Password = task_text({word});']
        piece.argument = '&' + name
        piece.cleanup = [f'CoTaskMemFree({name}.Credentials.Basic.UserName);',
                         f'CoTaskMemFree({name}.Credentials.Basic.Password);']
        piece.check = [
            f'expect({name}->Target == BG_AUTH_TARGET_PROXY, {key});',
            f'expect((LONG){name}->Scheme == (TAG(call) ? TAG(call) : BG_AUTH_SCHEME_BASIC), '
            f'{key});',
            f'expect(call == CALL_NULLS ? {name}->Credentials.Basic.UserName == NULL'
            f' : same_text({name}->Credentials.Basic.UserName, {user}), {key});',
            f'expect(same_text({name}->Credentials.Basic.Password, {word}), {key});']

    def pointer(self, piece, method, base, parameter, name, key):
        """Interfaces: the receiver calls back through what it got."""
        behind = base
        if base == 'IUnknown':
            behind = UNKNOWNS.get(method.name, 'IBackgroundCopyCallback')
        iid = f'&IID_{behind}'
        if parameter.size_is:
            piece.setup = [f'{base} *{name}[ENUM_ROOM];', f'poison({name}, sizeof({name}));']
            piece.judge = ['for (i = 0; i < enum_given(call); i++) {',
                           f'    probe((IUnknown *){name}[i], {iid}, {key});',
                           f'    release_object((IUnknown *){name}[i]);', '}']
            piece.give = ['for (i = 0; i < enum_given(call); i++)',
                          f'    {name}[i] = ({base} *)new_object({iid});']
            piece.clear = ['if (!a_pceltFetched)', f'    {name}[0] = NULL;']
        elif parameter.is_out:
            piece.setup = [f'{base} *{name};', f'poison(&{name}, sizeof({name}));']
            piece.argument = '&' + name
            piece.judge = [f'probe((IUnknown *){name}, {iid}, {key});']
            piece.failed = [f'expect({name} == NULL, {key});']
            piece.cleanup = [f'release_object((IUnknown *){name});']
            piece.give = [f'*{name} = ({base} *)new_object({iid});']
            piece.clear = [f'*{name} = NULL;']
        else:
            piece.setup = [f'{base} *{name} = call == CALL_NULLS ? NULL : '
                           f'({base} *)new_object({iid});']
            piece.cleanup = [f'release_object((IUnknown *){name});']
            piece.check = ['if (call == CALL_NULLS)', f'    expect({name} == NULL, {key});',
                           'else', f'    probe((IUnknown *){name}, {iid}, {key});']

    def in_out(self, piece, base, parameter, name, key):
        piece.argument = '&' + name
        if parameter.name == 'pceltFetched':
            piece.setup = [f'ULONG {name} = 0;']
            piece.argument = f'call == CALL_NULLS ? NULL : &{name}'
            piece.check = [f'expect(({name} == NULL) == (call == CALL_NULLS), {key});']
            piece.give = [f'if ({name})', f'    *{name} = enum_given(call);']
            piece.clear = [f'if ({name})', f'    *{name} = 0;']
            piece.judge = [f'expect(call == CALL_NULLS || {name} == enum_given(call), {key});']
            piece.failed = [f'expect({name} == 0, {key});']
        elif parameter.unique:
            piece.setup = [f'{base} {name} = ({base})number({key});']
            piece.argument = f'call == CALL_NULLS ? NULL : &{name}'
            piece.check = [f'expect(call == CALL_NULLS ? {name} == NULL : '
                           f'*{name} == ({base})number({key}), {key});']
            piece.give = [f'if ({name})', f'    *{name} = {ELEMENTS};']
            piece.clear = [f'if ({name})', f'    *{name} = 0;']
            piece.judge = [f'expect(call == CALL_NULLS || {name} == {ELEMENTS}, {key});']
        else:
            piece.setup = [f'{base} {name};'] + self.fill(base, name, key, ' in')
            piece.check = self.compare(base, f'(*{name})', key, ' in')
            piece.give = self.fill(base, f'(*{name})', key, ' out')
            piece.judge = self.compare(base, name, key, ' out')

    def out(self, piece, base, parameter, sizes, name, key):
        is_count = any(parameter.name in s for s in sizes) or parameter.name == 'pceltFetched'
        if base == 'LPWSTR':
            piece.setup = [f'LPWSTR {name};']
        else:
            piece.setup = [f'{base} {name};']
        piece.setup.append(f'poison(&{name}, sizeof({name}));')
        piece.argument = '&' + name
        piece.clear = [f'memset({name}, 0, sizeof(*{name}));']
        if is_count:
            count = 'enum_given(call)' if parameter.name == 'pceltFetched' else str(ELEMENTS)
            piece.give = [f'*{name} = {count};']
            piece.judge = [f'expect({name} == {count}, {key});']
            return
        piece.give = self.fill(base, f'(*{name})', key)
        piece.judge = self.compare(base, name, key)
        freed = self.release(base, name)
        piece.cleanup = freed
        if freed and base in ('LPWSTR', 'BSTR'):
            piece.failed = [f'expect({name} == NULL, {key});']

    def out_array(self, piece, method, base, parameter, name, key):
        if base == 'GUID':
            piece.setup = [f'GUID {name}[ENUM_ROOM];']
            piece.give = ['for (i = 0; i < enum_given(call); i++)',
                          f'    {name}[i] = guid_value_at({key}, i);']
            piece.judge = ['for (i = 0; i < enum_given(call); i++)',
                           f'    expect(same_guid_at(&{name}[i], {key}, i), {key});']
            return
        counter = [p for p in method.parameters if re.search(rf'\b{p.name}\b', parameter.size_is)]
        given = str(ELEMENTS) if counter else parameter.size_is.lstrip(' ,')
        if counter and counter[0].unique:
            given = f'(call == CALL_NULLS ? 0 : {given})'
        piece.setup = [f'{base} *{name};', f'poison(&{name}, sizeof({name}));']
        piece.argument = '&' + name
        piece.give = [f'*{name} = ({base} *)task_bytes({key}, {given} * sizeof({base}));']
        piece.clear = [f'*{name} = NULL;']
        piece.judge = [f'expect(same_bytes({name}, {key}, {given} * sizeof({base})), {key});']
        piece.failed = [f'expect({name} == NULL, {key});']
        piece.cleanup = [f'CoTaskMemFree({name});']

    def in_array(self, piece, base, parameter, name, key):
        if base == 'BG_FILE_INFO':
            piece.setup = [f'BG_FILE_INFO {name}[{ELEMENTS}];']
            for i in range(ELEMENTS):
                piece.setup += self.fill(base, f'{name}[{i}]', key, f' {i}')
                piece.check += self.compare(base, f'{name}[{i}]', key, f' {i}')
                piece.cleanup += self.release(base, f'{name}[{i}]')
        elif base == 'FILESETINFO':
            piece.setup = [f'FILESETINFO {name}_rows[{ELEMENTS}];',
                           f'FILESETINFO *{name}[{ELEMENTS}];']
            for i in range(ELEMENTS):
                piece.setup += self.fill(base, f'{name}_rows[{i}]', key, f' {i}')
                piece.setup += [f'{name}[{i}] = &{name}_rows[{i}];']
                piece.check += self.compare(base, f'(*{name}[{i}])', key, f' {i}')
                piece.cleanup += self.release(base, f'{name}_rows[{i}]')
        else:
            count = 20 if parameter.size_is == '20' else ELEMENTS
            size = f'{count} * sizeof({base})'
            piece.setup = [f'{base} *{name} = ({base} *)task_bytes({key}, {size});']
            piece.check = [f'expect(same_bytes({name}, {key}, {size}), {key});']
            piece.cleanup = [f'CoTaskMemFree({name});']

    # Methods.

    def code(self, interface, method):
        """The HRESULT by which a method tells that it was this one that was called."""
        slot = next(i for i, s in enumerate(self.facts.vtable(interface))
                    if s == (interface.name, method.name))
        return f'METHOD_CODE({self.indexes[interface.name]}, {slot})'

    def calls(self, method):
        """The calls of a method that are worth making."""
        calls = ['CALL_PLAIN']
        kinds = [p.type for p in method.parameters]
        tags = [k for k in kinds if k in PROPERTIES]
        if tags:
            calls = [f'CALL_TAG({tag})' for tag in PROPERTIES[tags[0]]]
        if 'BG_AUTH_CREDENTIALS*' in kinds:
            calls += [f'CALL_TAG({tag})' for tag in self.facts.enums['BG_AUTH_SCHEME']]
        nullable = any(p.unique or p.type == 'VARIANT*' or p.type == 'BG_AUTH_CREDENTIALS*' or
                       (p.is_in and not p.is_out and p.type.endswith('*') and
                        p.type[:-1] in list(self.facts.interfaces) + ['IUnknown'])
                       for p in method.parameters)
        if nullable:
            calls.append('CALL_NULLS')
        if method.name == 'Next':
            calls.append('CALL_FULL')
        return calls + [calls[0] + ' | CALL_FAIL']

    def pieces(self, interface, method):
        pieces = [self.piece(interface, method, p) for p in method.parameters]
        if method.name == 'Next':
            celt = pieces[0]
            celt.setup = ['ULONG a_celt = enum_asked(call);']
            celt.check = ['expect(a_celt == enum_asked(call), '
                          f'"{interface.name}::Next celt");']
        return pieces

    def object_method(self, interface, method):
        pieces = self.pieces(interface, method)
        parameters = ', '.join([f'{interface.name} *This'] + [
            p.declaration('a_' + p.name) for p in method.parameters])
        code = [l for p in pieces for l in p.check + p.give]
        yield f'static HRESULT STDMETHODCALLTYPE {interface.name}_{method.name}_do({parameters})'
        yield '{'
        if any('call' in l for l in code):
            yield '    LONG call = current_call();'
        if any('for (i' in l for l in code):
            yield '    ULONG i;'
        for piece in pieces:
            yield from ('    ' + l for l in piece.check)
        yield '    if (failure_wanted()) {'
        for piece in pieces:
            yield from ('        ' + l for l in piece.clear)
        yield '        return CALL_FAILURE;'
        yield '    }'
        for piece in pieces:
            yield from ('    ' + l for l in piece.give)
        yield f'    return {self.code(interface, method)};'
        yield '}'
        yield ''

    def call_method(self, interface, method):
        pieces = self.pieces(interface, method)
        code = [l for p in pieces for l in p.setup + [p.argument] + p.judge + p.failed + p.cleanup]
        yield f'static void call_{interface.name}_{method.name}({interface.name} *object, LONG how)'
        yield '{'
        if any('call' in l for l in code):
            yield '    LONG call = how & ~CALL_FAIL;'
        if any('for (i' in l for l in code):
            yield '    ULONG i;'
        yield '    LONG before;'
        yield '    HRESULT hr;'
        for piece in pieces:
            yield from ('    ' + l for l in piece.setup)
        yield '    before = begin_call(how);'
        arguments = ', '.join(['object'] + [p.argument for p in pieces])
        yield f'    hr = object->lpVtbl->{method.name}({arguments});'
        yield f'    if (!end_call("{interface.name}::{method.name}", hr, how, before, ' \
              f'{self.code(interface, method)}))'
        yield '        return;'
        judge = [l for p in pieces for l in p.judge]
        failed = [l for p in pieces for l in p.failed]
        if judge:
            yield '    if (!(how & CALL_FAIL)) {'
            yield from ('        ' + l for l in judge)
            yield '    }'
        if failed:
            yield '    if (how & CALL_FAIL) {'
            yield from ('        ' + l for l in failed)
            yield '    }'
        for piece in pieces:
            yield from ('    ' + l for l in piece.cleanup)
        yield '}'
        yield ''

    def objects(self):
        for interface in self.facts.interfaces.values():
            for method in interface.methods:
                yield from self.object_method(interface, method)
        for interface in self.facts.interfaces.values():
            slots = self.facts.vtable(interface)
            yield f'static const void *const {interface.name}_table[] = {{'
            for owner, name in slots:
                function = f'object_{name}' if owner == 'IUnknown' else \
                    f'dispatch_{name}' if owner == 'IDispatch' else f'{owner}_{name}_do'
                yield f'    (const void *){function},'
            yield '};'
            yield f'_Static_assert(sizeof({interface.name}_table) == ' \
                  f'sizeof({interface.name}Vtbl), "slots");'
            chain = [i.name for i in self.facts.ancestry(interface)]
            if interface.base == 'IDispatch':
                chain.insert(0, 'IDispatch')
            yield f'static const IID *const {interface.name}_iids[] = {{' + \
                ', '.join(f'&IID_{n}' for n in chain) + ', NULL};'
            yield ''
        yield 'const struct object_class object_classes[] = {'
        for interface in self.facts.interfaces.values():
            yield f'    {{"{interface.name}", &IID_{interface.name}, {interface.name}_table, ' \
                  f'{interface.name}_iids}},'
        yield '};'
        yield f'const unsigned int object_class_count = {len(self.facts.interfaces)};'

    def client(self):
        for interface in self.facts.interfaces.values():
            for method in interface.methods:
                yield from self.call_method(interface, method)
            yield f'static void call_{interface.name}(void *object)'
            yield '{'
            for part in self.facts.ancestry(interface):
                for method in part.methods:
                    for call in self.calls(method):
                        yield f'    call_{part.name}_{method.name}(object, {call});'
            yield '}'
            yield ''
            first = self.facts.ancestry(interface)[0]
            yield f'static void touch_{interface.name}(void *object)'
            yield '{'
            yield f'    call_{first.name}_{first.methods[0].name}(object, CALL_PLAIN);'
            yield '}'
            yield ''
        yield 'const struct call_list call_lists[] = {'
        for name in self.facts.interfaces:
            yield f'    {{&IID_{name}, call_{name}, touch_{name}}},'
        yield '};'


def main():
    generator = Generator(Facts(sys.argv[1]))
    head = ['#include "support.h"', '']
    for path, lines in ((sys.argv[2], generator.objects()), (sys.argv[3], generator.client())):
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write('\n'.join(head + list(lines)) + '\n')


if __name__ == '__main__':
    main()
