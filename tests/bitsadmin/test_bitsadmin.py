#!/usr/bin/env python3
"""bitsadmin.exe as a user meets it: runs the program in Wine and looks at what it prints, its exit
code, and what became of the job and the files.

usage: test_bitsadmin.py BITSADMIN.EXE [TEST...]     in or outside of scripts/test-env
"""

import os
import pty
import re
import time

from harness import Case, DEADLINE, GUID, main

BANNER = ['', 'BITSADMIN version 3.0', 'BITS administration utility.']

COMMANDS = '''addfile addfileset addfilewithranges cancel complete create getaclflags getbytestotal
getbytestransferred getclientcertificate getcompletiontime getcreationtime getcustomheaders
getdescription getdisplayname geterror geterrorcount getfilestotal getfilestransferred
gethelpertokenflags gethelpertokensid gethttpmethod getmaxdownloadtime getminretrydelay
getmodificationtime getnoprogresstimeout getnotifycmdline getnotifyflags getnotifyinterface getowner
getpeercachingflags getpriority getproxybypasslist getproxylist getproxyusage getreplydata
getreplyfilename getreplyprogress getsecurityflags getstate gettemporaryname gettype
getvalidationstate info list listfiles makecustomheaderswriteonly monitor removeclientcertificate
removecredentials replaceremoteprefix reset resume setaclflags setclientcertificatebyid
setclientcertificatebyname setcredentials setcustomheaders setdescription setdisplayname
sethelpertoken sethelpertokenflags sethttpmethod setmaxdownloadtime setminretrydelay
setnoprogresstimeout setnotifycmdline setnotifyflags setpeercachingflags setpriority
setproxysettings setreplyfilename setsecurityflags setvalidationstate suspend takeownership
transfer'''.split()

FAMILIES = {
    'cache': 'clear delete deleteurl getexpirationtime getlimit info list setexpirationtime setlimit',
    'peercaching': 'getconfigurationflags setconfigurationflags',
    'peers': 'clear discover list',
    'util': 'enableanalyticchannel getieproxy repairservice setieproxy version'}


class CommandLine(Case):
    def test_banner_and_help(self):
        for switch in ('/?', '/HELP', '-help'):
            result = self.ok(switch)
            self.assertEqual(result.lines[:3], BANNER)
            self.assertIn('USAGE: BITSADMIN [/RAWRETURN] [/WRAP | /NOWRAP] command', result.lines)
        for name in COMMANDS:
            self.assertRegex(result.output, rf'(?m)^/{name.upper()} ')

    def test_help_of_families(self):
        for family, names in FAMILIES.items():
            for args in ((f'/{family}',), (f'/{family}', '/?'), (f'/{family.upper()}', '/help')):
                output = self.ok(*args).output
                for name in names.split():
                    self.assertRegex(output, rf'(?m)^/{family.upper()} /{name.upper()} ')

    def test_no_command(self):
        self.refused(says='A command is missing.')
        self.refused('/rawreturn', says='A command is missing.')

    def test_unknown_command(self):
        for args in (['/nosuch'], ['list'], ['/'], ['/cache', '/nosuch'], ['/util', 'version']):
            result = self.refused(*args, says=f'Invalid command: {args[-1]}')
            self.assertIn('USAGE: BITSADMIN', result.output)

    def test_number_of_arguments(self):
        self.refused('/create', says='Too few arguments for /CREATE.')
        result = self.refused('/addfile', 'job', 'http://127.0.0.1/',
                              says='Too few arguments for /ADDFILE.')
        self.assertIn('USAGE: BITSADMIN /ADDFILE <job> <remote_url> <local_name>', result.output)
        self.refused('/cancel', 'a', 'b', says='Too many arguments for /CANCEL.')
        self.refused('/cache', '/setlimit', says='Too few arguments for /CACHE /SETLIMIT.')
        self.refused('/transfer', 'job', says='Too few arguments for /TRANSFER.')

    def test_bad_values(self):
        self.create()
        for args, says in (
                (['/setpriority', 'job', 'URGENT'], '"URGENT" is not a valid priority. '
                 'Use FOREGROUND, HIGH, NORMAL or LOW.'),
                (['/setminretrydelay', 'job', 'soon'], '"soon" is not a valid number of seconds'),
                (['/setminretrydelay', 'job', '-1'], '"-1" is not a valid number of seconds'),
                (['/setminretrydelay', 'job', '4294967296'], 'is not a valid number of seconds'),
                (['/setminretrydelay', 'job', '7x'], '"7x" is not a valid number of seconds'),
                (['/setaclflags', 'job', 'OX'], '"OX" are not valid ACL flags'),
                (['/setcredentials', 'job', 'HOST', 'BASIC', 'u', 'p'], '"HOST" is not a valid'),
                (['/setcredentials', 'job', 'SERVER', 'KERBEROS', 'u', 'p'], '"KERBEROS" is not'),
                (['/setproxysettings', 'job', 'SOMETIMES'], '"SOMETIMES" is not a valid proxy'),
                (['/setproxysettings', 'job', 'OVERRIDE'], 'OVERRIDE needs a list'),
                (['/setproxysettings', 'job', 'NO_PROXY', 'a:1'], 'takes no list'),
                (['/setvalidationstate', 'job', '0', 'maybe'], 'Use TRUE or FALSE.'),
                (['/getvalidationstate', 'job', 'first'], '"first" is not a valid file index'),
                (['/setclientcertificatebyid', 'job', '9', 'MY', 'ab'], '"9" is not a valid store'),
                (['/setclientcertificatebyid', 'job', '1', 'MY', 'abc'], '40 hexadecimal digits'),
                (['/setnotifycmdline', 'job', 'NULL', 'x'], 'without a program'),
                (['/addfilewithranges', 'job', 'http://h/', 'C:\\f', '1:2,3'], 'list of ranges'),
                (['/addfilewithranges', 'job', 'http://h/', 'C:\\f', '1:2,'], 'list of ranges'),
                (['/info', 'job', '/terse'], '"/terse" is not a switch'),
                (['/list', '/terse'], '"/terse" is not a switch'),
                (['/monitor', '/refresh'], '/REFRESH needs a number of seconds.'),
                (['/monitor', '/refresh', '0'], '/REFRESH takes from 1 to'),
                (['/create', '/sideways', 'x'], '"sideways" is not a valid job type'),
                (['/create', 'two', 'names'], 'A job has one name'),
                (['/create', '/download'], 'A job name is missing.'),
                (['/cache', '/setlimit', '101'], 'from 0 to 100'),
                (['/cache', '/info', 'record'], 'a GUID in braces is expected'),
                (['/sethelpertoken', 'job', 'user'], 'A user name needs a password.'),
                (['/util', '/getieproxy', 'ME'], '"ME" is not a valid account')):
            with self.subTest(args=args):
                result = self.refused(*args, says=says)
                self.assertIn('USAGE: BITSADMIN', result.output)
        self.assertEqual(self.raw('/getpriority', 'job'), 'NORMAL')

    def test_raw_and_case(self):
        first = self.raw('-CREATE', 'raw')
        self.assertRegex(first, rf'^{GUID.pattern}$')
        self.assertEqual(self.raw('/GetDisplayName', first), 'raw')
        self.assertEqual(self.raw('/wrap', '/getdisplayname', first.lower()), 'raw')
        result = self.ok('/nowrap', '/getdisplayname', first)
        self.assertEqual(result.lines[:3], BANNER)
        self.assertEqual(result.lines[-1], 'raw')

    def test_unicode(self):
        name = 'Übergröße 日本 ☂'
        self.create(name)
        self.assertEqual(self.raw('/getstate', name), 'SUSPENDED')
        self.assertIn(f"'{name}'", self.ok('/list').output)


class Jobs(Case):
    def test_create_and_list(self):
        result = self.ok('/create', 'one')
        match = re.search(rf'^Created job ({GUID.pattern})\.$', result.output, re.M)
        self.assertTrue(match, result)
        one, two = match.group(1), self.create('two', '/upload')
        listed = self.ok('/list')
        self.assertIn(f"{one} 'one' SUSPENDED 0 / 0 0 / 0", listed.lines)
        self.assertIn(f"{two} 'two' SUSPENDED 0 / 0 0 / 0", listed.lines)
        self.assertEqual(listed.lines[-1], 'Listed 2 job(s).')
        self.assertEqual(self.raw('/gettype', one), 'DOWNLOAD')
        self.assertEqual(self.raw('/gettype', two), 'UPLOAD')
        self.assertEqual(self.raw('/gettype', self.create('three', '/upload-reply')),
                         'UPLOAD-REPLY')

    def test_lookup(self):
        self.refused('/getstate', 'nobody', says='There is no job "nobody".')
        self.refused('/getstate', '{00000000-0000-0000-0000-000000000001}',
                     says='Unable to find the job - 0x80200001')
        ids = {self.create('twin'), self.create('twin')}
        self.create('other')
        result = self.refused('/cancel', 'twin', says='The name "twin" is ambiguous: 2 jobs have it.')
        self.assertEqual(set(m.group(0) for m in GUID.finditer(result.output)), ids)
        self.assertEqual(self.ok('/list').lines[-1], 'Listed 3 job(s).')
        self.ok('/cancel', ids.pop())
        self.ok('/cancel', 'twin')
        self.assertEqual(self.ok('/list').lines[-1], 'Listed 1 job(s).')

    def test_life(self):
        name = 'life'
        self.create()
        added = self.ok('/addfile', 'job', self.url(name, size=70000), self.windows('life.bin'))
        self.assertIn(f'Added {self.url(name, size=70000)} -> {self.windows("life.bin")} to job.',
                      added.lines)
        self.assertIn('Job resumed.', self.ok('/resume', 'job').lines)
        self.wait_for_state('job', 'TRANSFERRED')
        self.assertFalse((self.folder / 'life.bin').exists())
        self.assertEqual(self.raw('/getbytestotal', 'job'), '70000')
        self.assertEqual(self.raw('/getbytestransferred', 'job'), '70000')
        self.assertEqual(self.raw('/getfilestotal', 'job'), '1')
        self.assertEqual(self.raw('/getfilestransferred', 'job'), '1')
        self.assertNotEqual(self.raw('/getcompletiontime', 'job'), 'UNKNOWN')
        self.assertIn('Job completed.', self.ok('/complete', 'job').lines)
        self.assert_content('life.bin', name, 70000)
        self.assertEqual(self.ok('/list').lines[-1], 'Listed 0 job(s).')

    def test_suspend_and_cancel(self):
        self.create()
        self.ok('/addfile', 'job', self.url('slow', size=1000000, rate=20000),
                self.windows('slow.bin'))
        self.ok('/resume', 'job')
        self.wait_for_state('job', 'TRANSFERRING')
        self.assertIn('Job suspended.', self.ok('/suspend', 'job').lines)
        self.assertEqual(self.raw('/getstate', 'job'), 'SUSPENDED')
        self.assertIn('Job canceled.', self.ok('/cancel', 'job').lines)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_reset(self):
        ids = [self.create('a'), self.create('b')]
        result = self.ok('/reset')
        for job in ids:
            self.assertIn(f'{job} canceled.', result.lines)
        self.assertEqual(result.lines[-1], '2 out of 2 jobs canceled.')
        self.assertEqual(self.ok('/list').lines[-1], 'Listed 0 job(s).')

    def test_errors_of_the_service(self):
        self.create()
        result = self.refused('/addfile', 'job', 'http://127.0.0.1/x', 'relative.bin',
                              says='Unable to add file to job - 0x')
        self.assertRegex(result.output, r'(?m)^Unable to add file to job - 0x80[0-9a-f]{6}\n.+')
        self.refused('/resume', 'job', says='Unable to resume the job - 0x80200003')

    def test_monitor(self):
        job = self.create('watched')
        monitor = self.start('/monitor', '/allusers', '/refresh', '1')
        try:
            rows = [monitor.stdout.readline().decode().rstrip() for _ in range(13)]
        finally:
            monitor.terminate()
            monitor.wait(DEADLINE)
            monitor.stdout.close()
        self.assertEqual(rows.count(f"{job} 'watched' SUSPENDED 0 / 0 0 / 0"), 4, rows)
        self.assertEqual(rows.count('MONITORING BACKGROUND COPY MANAGER(1 second refresh)'), 4)


class Files(Case):
    def test_list_files(self):
        self.create()
        self.ok('/addfile', 'job', 'http://127.0.0.1/a', self.windows('a'))
        self.ok('/addfile', 'job', 'http://127.0.0.1/b', self.windows('b'))
        self.assertEqual(self.ok('/listfiles', 'job').lines[-2:],
                         [f'0 / UNKNOWN WORKING http://127.0.0.1/a -> {self.windows("a")}',
                          f'0 / UNKNOWN WORKING http://127.0.0.1/b -> {self.windows("b")}'])
        self.assertIn('Remote prefix replaced.',
                      self.ok('/replaceremoteprefix', 'job', 'http://127.0.0.1/a',
                              'http://localhost/c').lines)
        self.assertIn('http://localhost/c -> ', self.ok('/listfiles', 'job').output)
        self.assertIn('No file of the job has a URL with that prefix.',
                      self.ok('/replaceremoteprefix', 'job', 'ftp://', 'http://').lines)

    def add_set(self, text, encoding='utf-8'):
        (self.folder / 'set.txt').write_bytes(text.encode(encoding))
        return self.run_tool('/addfileset', 'job', self.windows('set.txt'))

    def test_file_set(self):
        self.create()
        text = (f'# a comment\r\nhttp://127.0.0.1/1\t{self.windows("1")}\r\n\r\n'
                f'  http://127.0.0.1/2 "{self.windows("zwei ä")}"  \n'
                f'http://127.0.0.1/3 {self.windows("3")}')
        for encoding in ('utf-8', 'utf-8-sig', 'utf-16'):
            result = self.add_set(text, encoding)
            self.assertEqual(result.code, 0, result)
            self.ok('/cancel', 'job')
            self.create()
        self.add_set(text)
        self.assertEqual(self.raw('/getfilestotal', 'job'), '3')
        self.assertIn(f'http://127.0.0.1/2 -> {self.windows("zwei ä")}',
                      self.ok('/listfiles', 'job').output)

    def test_bad_file_set(self):
        self.create()
        good = f'http://127.0.0.1/1 {self.windows("1")}\n'
        for text, says in ((good + 'http://127.0.0.1/2\n', 'line 2: '),
                           (good + good.strip() + ' extra\n', 'line 2: '),
                           ('http://127.0.0.1/2 "C:\\open\n', 'line 1: '),
                           ('# nothing\n', 'names no files'), ('', 'names no files')):
            result = self.add_set(text)
            self.assertNotEqual(result.code, 0)
            self.assertIn(says, result.output)
        self.refused('/addfileset', 'job', self.windows('missing.txt'),
                     says='Unable to read the list of files - 0x80070002')
        self.assertEqual(self.raw('/getfilestotal', 'job'), '0')

    def test_ranges(self):
        self.create()
        self.ok('/addfilewithranges', 'job', self.url('ranges', size=9000),
                self.windows('ranges.bin'), '0:100,2000:50,8990:EOF')
        self.ok('/resume', 'job')
        self.wait_for_state('job', 'TRANSFERRED')
        self.ok('/complete', 'job')
        self.assertEqual((self.folder / 'ranges.bin').stat().st_size, 160)
        self.create('overlap')
        self.refused('/addfilewithranges', 'overlap', 'http://127.0.0.1/', self.windows('o'),
                     '100:5,102:5', says='0x8020002c')

    def test_one_file(self):
        self.create()
        self.ok('/addfile', 'job', self.url('one', size=100), self.windows('one.bin'))
        self.refused('/gettemporaryname', 'job', '1', says='has no file with index 1')
        self.ok('/resume', 'job')
        self.wait_for_state('job', 'TRANSFERRED')
        self.assertRegex(self.raw('/gettemporaryname', 'job', '0'), r'\\BIT[0-9A-Fa-f]+\.tmp$')
        self.ok('/setvalidationstate', 'job', '0', 'true')
        self.assertEqual(self.raw('/getvalidationstate', 'job', '0'), 'TRUE')
        self.assertRegex(self.raw('/getpeerstats', 'job', '0'), r'^\d+ 0$')


class Transfer(Case):
    def test_download(self):
        result = self.ok('/transfer', 'job', '/download', '/priority', 'foreground',
                         self.url('t', size=3000000), self.windows('t.bin'))
        self.assertEqual(result.lines[:3], BANNER)
        self.assertEqual(result.lines[-3:], [
            "DISPLAY: 'job' TYPE: DOWNLOAD STATE: TRANSFERRED",
            'PRIORITY: FOREGROUND FILES: 1 / 1 BYTES: 3000000 / 3000000 (100%)',
            'Transfer complete.'])
        self.assert_content('t.bin', 't', 3000000)
        self.assertEqual(self.ok('/list').lines[-1], 'Listed 0 job(s).')

    def test_several_files(self):
        names = ['p', 'q', 'r']
        pairs = [part for name in names
                 for part in (self.url(name, size=5000), self.windows(name))]
        self.ok('-transfer', 'job', '-Priority', 'HIGH', *pairs)
        for name in names:
            self.assert_content(name, name, 5000)

    def test_upload(self):
        (self.folder / 'up.bin').write_bytes(b'x' * 300000)
        name = self.folder.name
        result = self.ok('/transfer', 'job', '/upload', '/priority', 'foreground',
                         self.upload_url(name), self.windows('up.bin'))
        self.assertEqual(result.lines[-3:], [
            "DISPLAY: 'job' TYPE: UPLOAD STATE: TRANSFERRED",
            'PRIORITY: FOREGROUND FILES: 1 / 1 BYTES: 300000 / 300000 (100%)',
            'Transfer complete.'])
        facts = self.uploads(name)
        self.assertEqual((facts['size'], facts['name'], facts['closed'], facts['open']),
                         (300000, 'up.bin', 1, 0))
        self.assertEqual(self.ok('/list').lines[-1], 'Listed 0 job(s).')
        result = self.refused('/transfer', 'job', '/upload', '/priority', 'foreground',
                              self.upload_url(name, status=403), self.windows('up.bin'),
                              says='Unable to complete the transfer.')
        self.assertEqual(result.code, 0x93)

    def test_not_found(self):
        result = self.refused('/transfer', 'job', self.url('gone', status=404),
                              self.windows('gone.bin'), says='Unable to complete the transfer.')
        self.assertEqual(result.code, 0x94)
        self.assertIn(f'ERROR FILE:    {self.url("gone", status=404)} -> '
                      f'{self.windows("gone.bin")}', result.lines)
        self.assertRegex(result.output, r'(?m)^ERROR CODE:    0x80190194 - .+')
        self.assertRegex(result.output, r'(?m)^ERROR CONTEXT: 0x00000005 - .+')
        self.assertEqual(self.ok('/list').lines[-1], 'Listed 0 job(s).')
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_bad_arguments_make_no_job(self):
        pair = [self.url('x', size=1), self.windows('x')]
        for args, says in ((['job', '/priority', 'URGENT', *pair], 'is not a valid priority'),
                           (['job', '/priority'] + pair[:1], 'is not a valid priority'),
                           (['job', '/sideways', *pair], '"/sideways" is not a switch'),
                           (['job', '/upload-reply', *pair], '"/upload-reply" is not a switch'),
                           (['job', '/aclflags', 'Q', *pair], 'are not valid ACL flags'),
                           (['job', *pair, pair[0]], 'has no local name to go with it'),
                           (['job', '/download', '/dynamic'], 'are missing'),
                           (['/download', *pair, 'x'], 'The job name comes first'),
                           (['job', *pair, pair[0], 'relative'], 'Unable to add file - 0x')):
            with self.subTest(args=args):
                self.refused('/transfer', *args, says=says)
                self.assertEqual(self.ok('/list').lines[-1], 'Listed 0 job(s).')

    def test_interrupt(self):
        process = self.start('/transfer', 'stopped', '/priority', 'foreground',
                             self.url('endless', size=1000000, rate=10000), self.windows('e.bin'))
        self.wait_until_listed('stopped')
        self.interrupt(process)
        output, _ = process.communicate(timeout=DEADLINE)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn(b'The transfer is being canceled.', output)
        self.assertEqual(self.ok('/list').lines[-1], 'Listed 0 job(s).')
        self.assertEqual(list(self.folder.iterdir()), [])

    def wait_until_listed(self, name):
        deadline = time.monotonic() + DEADLINE
        while not re.search(rf"'{name}' TRANSFERRING", self.ok('/list').output):
            self.assertLess(time.monotonic(), deadline)

    def test_canceled_by_another(self):
        process = self.start('/transfer', 'stopped', '/priority', 'foreground',
                             self.url('endless', size=1000000, rate=10000), self.windows('e.bin'))
        self.wait_until_listed('stopped')
        self.ok('/cancel', 'stopped')
        output, _ = process.communicate(timeout=DEADLINE)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn(b'The job was canceled by another program.', output)

    def test_progress_on_a_console(self):
        """A terminal sees the block of two lines again and again, in place."""
        leader, follower = pty.openpty()
        process = self.start('/transfer', 'shown', '/priority', 'foreground',
                             self.url('shown', size=300000, rate=200000), self.windows('s.bin'),
                             stdout=follower)
        os.close(follower)
        seen = b''
        try:
            while chunk := os.read(leader, 65536):
                seen += chunk
        except OSError:  # the last writer is gone
            pass
        os.close(leader)
        self.assertEqual(process.wait(DEADLINE), 0)
        text = seen.decode('utf-8', 'replace')
        self.assertIn('Transfer complete.', text)
        self.assertIn("DISPLAY: 'shown' TYPE: DOWNLOAD STATE: TRANSFERRED", text)


if __name__ == '__main__':
    main()
