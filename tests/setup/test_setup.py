#!/usr/bin/env python3
"""setup_openbits.sh in prefixes of its own: what it puts in, takes out, and refuses.

usage: test_setup.py win64|win32     (inside scripts/test-env; the kind of prefix to make)
"""
import os
import pathlib
import subprocess
import sys
import unittest

OURS = ('qmgr.dll', 'qmgrprxy.dll', 'bitsadmin.exe', 'bitssvc.exe')
WINES = ('qmgr.dll', 'qmgrprxy.dll')
KIND = sys.argv.pop(1) if len(sys.argv) > 1 else 'win64'
DEADLINE = 300

test_dir = pathlib.Path(os.environ.get('OPENBITS_TEST_DIR', '/nonexistent'))
package = pathlib.Path(os.environ.get('OPENBITS_TEST_PACKAGE', '/nonexistent'))
wine_root = os.environ.get('OPENBITS_WINE_ROOT')


def run(prefix, *command):
    inside = ['chroot', wine_root, *command] if wine_root else list(command)
    variables = dict(os.environ, WINEPREFIX=str(prefix), WINEARCH=KIND)
    return subprocess.run(inside, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=DEADLINE, check=False, text=True,
                          errors='replace')


def setup(prefix, *arguments):
    return run(prefix, 'sh', str(package / 'setup_openbits.sh'), *arguments)


@unittest.skipUnless(package.is_dir(), 'needs scripts/test-env')
class Setup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prefix = test_dir / f'setup-{KIND}'
        made = run(cls.prefix, 'wine', 'wineboot', '--init')
        run(cls.prefix, 'wineserver', '-w')
        if not (cls.prefix / 'system.reg').exists():
            raise unittest.SkipTest(f'no {KIND} prefix can be made here: {made.stdout.strip()}')
        windows = cls.prefix / 'drive_c' / 'windows'
        cls.folders = [(windows / 'system32', 'x64' if KIND == 'win64' else 'x86')]
        if (windows / 'syswow64' / 'kernel32.dll').exists():
            cls.folders.append((windows / 'syswow64', 'x86'))
        cls.wines = {folder / name: (folder / name).read_bytes()
                     for folder, _ in cls.folders for name in WINES}

    @classmethod
    def tearDownClass(cls):
        run(cls.prefix, 'wineserver', '-k')

    def tearDown(self):
        setup(self.prefix, 'uninstall')

    def service(self):
        return run(self.prefix, 'wine', 'reg', 'query',
                   r'HKLM\System\CurrentControlSet\Services\BITS').stdout

    def check_ours(self):
        for folder, arch in self.folders:
            for name in OURS:
                self.assertEqual((folder / name).read_bytes(), (package / arch / name).read_bytes())
            for name in WINES:
                self.assertEqual((folder / f'{name}.old').read_bytes(), self.wines[folder / name])

    def check_wines(self):
        for path, contents in self.wines.items():
            self.assertEqual(path.read_bytes(), contents)
        for folder, _ in self.folders:
            left = [path.name for path in folder.iterdir()
                    if path.name.endswith('.old') or path.name in ('bitsadmin.exe', 'bitssvc.exe')]
            self.assertEqual(left, [])

    def test_in_and_out(self):
        before = self.service()
        for _ in range(2):  # the second time changes nothing
            result = setup(self.prefix, 'install')
            self.assertEqual(result.returncode, 0, result.stdout)
            self.assertIn('OpenBITS is installed', result.stdout)
            self.check_ours()
        listed = run(self.prefix, 'wine', 'bitsadmin', '/rawreturn', '/list')
        self.assertEqual(listed.returncode, 0, listed.stdout)
        for _ in range(2):
            result = setup(self.prefix, 'uninstall')
            self.assertEqual(result.returncode, 0, result.stdout)
            self.check_wines()
        self.assertEqual(self.service(), before)
        overrides = run(self.prefix, 'wine', 'reg', 'query', r'HKCU\Software\Wine\DllOverrides')
        self.assertNotIn('qmgr', overrides.stdout)
        started = run(self.prefix, 'wine', 'net', 'start', 'BITS')
        self.assertEqual(started.returncode, 0, started.stdout)

    def test_quiet(self):
        result = setup(self.prefix, 'install', '--quiet')
        self.assertEqual((result.returncode, result.stdout), (0, ''))

    def test_refusals(self):
        folder = test_dir / 'no-prefix'
        folder.mkdir(exist_ok=True)
        for path in (folder, test_dir / 'nowhere'):
            result = setup(path, 'install')
            self.assertEqual(result.returncode, 1)
            self.assertIn('is not a Wine prefix', result.stdout)
        self.assertEqual(list(folder.iterdir()), [])
        for arguments in ((), ('remove',), ('install', 'now')):
            self.assertEqual(setup(self.prefix, *arguments).returncode, 2)
        self.check_wines()


unittest.main(verbosity=2)
