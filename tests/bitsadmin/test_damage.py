#!/usr/bin/env python3
"""A damaged queue, as a user meets it: the service puts the file aside and begins anew, and
bitsadmin.exe says so on standard error until somebody has taken the file away.

usage: test_damage.py BITSADMIN.EXE [TEST...]     in or outside of scripts/test-env
"""

import os
import pathlib
import subprocess

from harness import Case, DEADLINE, WINE_RUN, main, turned_away

STORE = 'drive_c/ProgramData/Microsoft/Network/Downloader'
KEY = r'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\BITS'


class Damage(Case):
    def setUp(self):
        super().setUp()
        self.store = pathlib.Path(os.environ['WINEPREFIX']) / STORE
        self.remove()

    def tearDown(self):
        self.remove()
        super().tearDown()

    def damaged(self):
        return sorted(self.store.glob('qmgr.db.damaged-*'))

    def remove(self):
        for path in self.damaged():
            path.unlink()

    def wine(self, *args):
        def once():
            done = subprocess.run([WINE_RUN, *args], stdin=subprocess.DEVNULL, timeout=DEADLINE,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                                  text=True, errors='replace')
            return done, done.returncode, done.stdout

        return turned_away.run(once)

    def stop_service(self):
        self.assertEqual(self.wine('net', 'stop', 'BITS').returncode, 0)

    def listing(self):
        """What /list prints, and what it warns of."""
        result = self.ok('/rawreturn', '/list')
        return result.output, result.errors

    def test_warning(self):
        self.create('lost')
        before, warning = self.listing()
        self.assertIn('lost', before)
        self.assertNotIn('WARNING', warning)
        self.stop_service()
        (self.store / 'qmgr.db').write_bytes(b'no queue at all ' * 1000)
        for name in ('qmgr.db-wal', 'qmgr.db-shm'):
            (self.store / name).unlink(missing_ok=True)
        after, warning = self.listing()
        self.assertNotIn('lost', after)
        # Standard output has the shape that programs expect.
        self.assertNotIn('WARNING', after)
        files = self.damaged()
        self.assertEqual([path.read_bytes()[:16] for path in files], [b'no queue at all '])
        self.assertRegex(warning, r'^WARNING: The job queue was damaged\.')
        self.assertIn(files[0].name, warning)
        # It stays while the file does, over a new start of the service.
        self.stop_service()
        self.assertIn(files[0].name, self.listing()[1])
        self.assertEqual(self.damaged(), files)
        self.remove()
        self.assertNotIn('WARNING', self.listing()[1])
        self.assertEqual(self.wine('reg', 'query', KEY, '/v', 'DamagedQueue', '/reg:64').returncode, 0)
        self.stop_service()
        self.assertNotIn('WARNING', self.listing()[1])
        self.assertNotEqual(self.wine('reg', 'query', KEY, '/v', 'DamagedQueue', '/reg:64').returncode, 0)


if __name__ == '__main__':
    main()
