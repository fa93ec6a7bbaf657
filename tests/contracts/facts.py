"""The interface facts, read for the generators of tests: interfaces with their whole vtables, types
with their fields, and what a parameter's attributes say about it."""

import json
import re


class Parameter:
    def __init__(self, fact):
        self.name = fact['name']
        self.type = fact['type']
        text = ', '.join(fact['attributes'])
        flags = set(fact['attributes'])
        self.is_out = 'out' in flags
        self.is_in = 'in' in flags or not self.is_out
        self.unique = 'unique' in flags
        self.size_is = self._argument(text, 'size_is')
        self.switch_is = self._argument(text, 'switch_is')
        self.iid_is = self._argument(text, 'iid_is')

    @staticmethod
    def _argument(text, attribute):
        """What stands in the brackets of an attribute, or None."""
        start = text.find(attribute + '(')
        if start < 0:
            return None
        start += len(attribute) + 1
        depth = 1
        for end in range(start, len(text)):
            depth += {'(': 1, ')': -1}.get(text[end], 0)
            if depth == 0:
                return text[start:end].strip()
        raise ValueError('unbalanced ' + text)

    def declaration(self, name):
        """The parameter as C declares it, under another name."""
        if self.type.endswith('[]'):
            return f'{self.type[:-2]} {name}[]'
        return f'{self.type} {name}'


class Method:
    def __init__(self, fact):
        self.name = fact['name']
        self.returns = fact['returns']
        self.parameters = [Parameter(p) for p in fact['parameters']]


class Interface:
    def __init__(self, header, name, iid, base):
        self.header = header
        self.name = name
        self.iid = iid
        self.base = base
        self.methods = []


DISPATCH_METHODS = ('GetTypeInfoCount', 'GetTypeInfo', 'GetIDsOfNames', 'Invoke')


class Facts:
    """interfaces by name in order of declaration; enums, structs and unions by name."""

    def __init__(self, path):
        with open(path, encoding='utf-8') as stream:
            self.headers = json.load(stream)
        self.interfaces = {}
        self.enums = {}
        self.types = {}
        for header, content in self.headers.items():
            for enum in content['enums']:
                self.enums[enum['name']] = enum['values']
            for kind in content['types']:
                if kind['kind'] != 'typedef':
                    self.types[kind['name']] = kind
            for fact in content['interfaces']:
                self._add_interface(header, fact)

    def _add_interface(self, header, fact):
        interface = Interface(header, fact['name'], fact['iid'], fact['base'])
        for method in fact['methods']:
            # [call_as] is how a [local] method looks on the wire: it has no place in the vtable.
            if not any('call_as' in a for a in method.get('attributes', [])):
                interface.methods.append(Method(method))
        self.interfaces[interface.name] = interface
        for attribute in fact['attributes']:
            found = re.fullmatch(r'async_uuid\((.*)\)', attribute)
            if found:
                self._add_async(header, interface, found[1])

    def _add_async(self, header, interface, iid):
        """The asynchronous form: Begin_ takes what goes in, Finish_ gives what comes out."""
        twin = Interface(header, 'Async' + interface.name, iid, interface.base)
        for method in interface.methods:
            for prefix, wanted in (('Begin_', 'is_in'), ('Finish_', 'is_out')):
                half = Method({'name': prefix + method.name, 'returns': 'HRESULT',
                               'parameters': []})
                half.parameters = [p for p in method.parameters if getattr(p, wanted)]
                twin.methods.append(half)
        self.interfaces[twin.name] = twin

    def ancestry(self, interface):
        """The interface and its bases of BITS, the oldest first."""
        chain = []
        while interface is not None:
            chain.insert(0, interface)
            interface = self.interfaces.get(interface.base)
        return chain

    def vtable(self, interface):
        """All slots: pairs of the declaring interface and the method's name."""
        chain = self.ancestry(interface)
        slots = [('IUnknown', n) for n in ('QueryInterface', 'AddRef', 'Release')]
        if chain[0].base == 'IDispatch':
            slots += [('IDispatch', n) for n in DISPATCH_METHODS]
        for part in chain:
            slots += [(part.name, m.name) for m in part.methods]
        return slots

    def fields(self, name):
        """The fields of a struct or union: pairs of type and name."""
        pairs = []
        for field in self.types[name]['fields']:
            if field['field']:
                kind, label = field['field'].rsplit(' ', 1)
                pairs.append((kind, label))
        return pairs
