#!/usr/bin/env python3
"""The /GET and /SET commands of bitsadmin.exe, and the families /CACHE, /PEERS, /PEERCACHING, /UTIL:
what is set can be read again, by a command of its own.

usage: test_properties.py BITSADMIN.EXE [TEST...]     in or outside of scripts/test-env
"""

import re

from harness import Case, behaviour, main, pattern

HASH = 'a106b52356d3fbcd1853a41b619358bd00112233'


class Properties(Case):
    def setUp(self):
        super().setUp()
        self.job = self.create()

    def test_round_trips(self):
        for name, values in (
                ('displayname', ['renamed', 'job']),
                ('description', ['a description of five words', '']),
                ('priority', ['FOREGROUND', 'HIGH', 'LOW', 'NORMAL']),
                ('minretrydelay', ['60', '86400']),
                ('noprogresstimeout', ['0', '3600', '4294967295']),
                ('maxdownloadtime', ['0', '7200']),
                ('notifyflags', ['1', '2', '4', '3']),
                ('aclflags', ['OG', 'OGDS', 'D']),
                ('peercachingflags', ['1', '3', '0']),
                ('securityflags', ['0x001f', '0x0100', '0x0a00', '0x0000']),
                ('httpmethod', ['POST', 'GET'])):
            for value in values:
                with self.subTest(name=name, value=value):
                    self.ok(f'/set{name}', self.job, value)
                    self.assertEqual(self.raw(f'/get{name}', self.job), value)

    def test_defaults(self):
        for name, value in (('type', 'DOWNLOAD'), ('state', 'SUSPENDED'), ('priority', 'NORMAL'),
                            ('bytestotal', '0'), ('bytestransferred', '0'), ('filestotal', '0'),
                            ('filestransferred', '0'), ('completiontime', 'UNKNOWN'),
                            ('errorcount', '0'), ('notifyflags', '3'), ('minretrydelay', '600'),
                            ('noprogresstimeout', '1209600'), ('proxyusage', 'PRECONFIG'),
                            ('proxylist', 'NULL'), ('proxybypasslist', 'NULL'), ('aclflags', ''),
                            ('notifyinterface', 'UNREGISTERED'), ('peercachingflags', '0'),
                            ('notifycmdline', "'NULL' 'NULL'"), ('description', ''),
                            ('error', 'The job has no error information.'),
                            ('clientcertificate', 'The job has no client certificate.')):
            with self.subTest(name=name):
                self.assertEqual(self.raw(f'/get{name}', self.job), value)
        self.assertRegex(self.raw('/getowner', self.job), r'\S')
        for name in ('creationtime', 'modificationtime'):
            self.assertRegex(self.raw(f'/get{name}', self.job), r'\d+.*\d+:\d+')

    def test_words_joined(self):
        self.ok('/setdescription', self.job, 'my', 'own', 'words')
        self.assertEqual(self.raw('/getdescription', self.job), 'my own words')

    def test_notify_command_line(self):
        program = r'C:\windows\system32\winver.exe'
        self.ok('/setnotifycmdline', self.job, program, 'winver', r'C:\two words', 'x')
        self.assertEqual(self.raw('/getnotifycmdline', self.job),
                         rf"""'{program}' 'winver "C:\two words" x'""")
        self.ok('/setnotifycmdline', self.job, program, f'{program} parm1 parm2')
        self.assertEqual(self.raw('/getnotifycmdline', self.job),
                         f"'{program}' '{program} parm1 parm2'")
        self.ok('/setnotifycmdline', self.job, program, 'NULL')
        self.assertEqual(self.raw('/getnotifycmdline', self.job), f"'{program}' 'NULL'")
        self.ok('/setnotifycmdline', self.job, 'NULL', 'NULL')
        self.assertEqual(self.raw('/getnotifycmdline', self.job), "'NULL' 'NULL'")

    def test_proxy(self):
        self.ok('/setproxysettings', self.job, 'override', 'one:80,two,three', '<local> *.org')
        self.assertEqual(self.raw('/getproxyusage', self.job), 'OVERRIDE')
        self.assertEqual(self.raw('/getproxylist', self.job), 'one:80 two three')
        self.assertEqual(self.raw('/getproxybypasslist', self.job), '<local> *.org')
        self.ok('/setproxysettings', self.job, 'OVERRIDE', 'one:80', 'NULL')
        self.assertEqual(self.raw('/getproxybypasslist', self.job), 'NULL')
        for usage in ('NO_PROXY', 'AUTODETECT', 'PRECONFIG'):
            self.ok('/setproxysettings', self.job, usage)
            self.assertEqual(self.raw('/getproxyusage', self.job), usage)
            self.assertEqual(self.raw('/getproxylist', self.job), 'NULL')

    def test_custom_headers(self):
        self.ok('/setcustomheaders', self.job, 'X-One: 1', 'X-Two: two words')
        headers = self.raw('/getcustomheaders', self.job)
        self.assertIn('X-One: 1\n', headers)
        self.assertIn('X-Two: two words', headers)
        self.ok('/setcustomheaders', self.job, 'NULL')
        self.assertEqual(self.raw('/getcustomheaders', self.job), '')
        self.ok('/setcustomheaders', self.job, 'X-One: 1')
        self.ok('/makecustomheaderswriteonly', self.job)
        self.refused('/getcustomheaders', self.job, says='Unable to get the custom headers - 0x')

    def test_credentials(self):
        for target in ('SERVER', 'proxy'):
            for scheme in ('BASIC', 'digest', 'NTLM', 'NEGOTIATE'):
                self.ok('/setcredentials', self.job, target, scheme, 'Edward', 'password20')
                self.assertIn('Credentials removed from the job.',
                              self.ok('/removecredentials', self.job, target, scheme).lines)
                self.assertIn('The job has no such credentials.',
                              self.ok('/removecredentials', self.job, target, scheme).lines)

    def test_client_certificate(self):
        for location, number in (('1', 1), ('LOCAL_MACHINE', 2),
                                 ('BG_CERT_STORE_LOCATION_CURRENT_USER', 1)):
            result = self.run_tool('/setclientcertificatebyid', self.job, location, 'MY', HASH)
            if result.code:
                # A service may look for the certificate at once.
                self.assertRegex(result.output, 'Unable to set the client certificate - 0x')
                continue
            shown = self.ok('/getclientcertificate', self.job)
            self.assertIn('STORE NAME: MY', shown.lines)
            self.assertIn(f'CERTIFICATE HASH: {HASH}', shown.lines)
            self.assertRegex(shown.output, rf'(?m)^STORE LOCATION: {number} \(')
        self.ok('/removeclientcertificate', self.job)
        self.assertEqual(self.raw('/getclientcertificate', self.job),
                         'The job has no client certificate.')

    def test_reply(self):
        job = self.create('reply', '/upload-reply')
        (self.folder / 'up').write_bytes(b'x' * 10)
        self.ok('/addfile', job, 'http://127.0.0.1/up', self.windows('up'))
        self.ok('/setreplyfilename', job, self.windows('reply.txt'))
        self.assertEqual(self.raw('/getreplyfilename', job), self.windows('reply.txt'))
        self.assertRegex(self.raw('/getreplyprogress', job), r'^0 / (UNKNOWN|0)$')
        self.refused('/getreplyfilename', self.job, says='Unable to get the reply file name - 0x')

    def test_reply_received(self):
        name = self.folder.name
        job = self.create('reply', '/upload-reply')
        (self.folder / 'up').write_bytes(b'x' * 10)
        self.ok('/setpriority', job, 'FOREGROUND')
        self.ok('/addfile', job, self.upload_url(name, bits_reply=20, seed=7), self.windows('up'))
        self.ok('/setreplyfilename', job, self.windows('reply.bin'))
        self.ok('/resume', job)
        self.assertEqual(self.wait_for_state(job, 'TRANSFERRED', 'ERROR'), 'TRANSFERRED')
        self.assertEqual(self.raw('/getreplyprogress', job), '20 / 20')
        reply = bytes(pattern.data(behaviour.content_seed(7, 0), 0, 20))
        self.assertEqual(self.raw('/getreplydata', job), reply.hex())
        self.assertFalse((self.folder / 'reply.bin').exists())
        self.ok('/complete', job)
        self.assertEqual((self.folder / 'reply.bin').read_bytes(), reply)

    def test_helper_token(self):
        self.assertEqual(self.raw('/gethelpertokensid', self.job), 'none')
        result = self.run_tool('/sethelpertoken', self.job)
        if result.code:
            # Wine's COM has no impersonation yet.
            self.assertIn('Unable to set the helper token - 0x80010123', result.lines)
            self.assertIn('cannot take the token of its caller', result.output)
            self.assertEqual(self.raw('/gethelpertokensid', self.job), 'none')
        else:
            self.assertRegex(self.raw('/gethelpertokensid', self.job), r'^S-1-')
        self.ok('/sethelpertokenflags', self.job, '3')
        self.assertEqual(self.raw('/gethelpertokenflags', self.job), '0x0003')

    def test_take_ownership(self):
        self.assertIn('Took ownership of the job.', self.ok('/takeownership', self.job).lines)

    def test_info(self):
        self.ok('/addfile', self.job, 'http://127.0.0.1/a', self.windows('a'))
        self.ok('/setdescription', self.job, 'described')
        row = f"{self.job} 'job' SUSPENDED 0 / 1 0 / UNKNOWN"
        self.assertEqual(self.ok('/info', 'job').lines[-1], row)
        expected = [rf"GUID: {self.job} DISPLAY: 'job'",
                    r'TYPE: DOWNLOAD STATE: SUSPENDED OWNER: \S.*',
                    r'PRIORITY: NORMAL FILES: 0 / 1 BYTES: 0 / UNKNOWN',
                    r'CREATION TIME: .*\d.* MODIFICATION TIME: .*\d.*',
                    r'COMPLETION TIME: UNKNOWN ACL FLAGS: ',
                    r'NOTIFY INTERFACE: UNREGISTERED NOTIFICATION FLAGS: 3',
                    r'RETRY DELAY: 600 NO PROGRESS TIMEOUT: 1209600 ERROR COUNT: 0',
                    r'PROXY USAGE: PRECONFIG PROXY LIST: NULL PROXY BYPASS LIST: NULL',
                    r'DESCRIPTION: described', r'JOB FILES:',
                    rf'\t0 / UNKNOWN WORKING http://127\.0\.0\.1/a -> '
                    rf'{re.escape(self.windows("a"))}',
                    r'NOTIFICATION COMMAND LINE: none']
        for lines in (self.ok('/info', 'job', '/verbose').lines,
                      self.ok('/list', '/verbose').lines):
            for pattern, line in zip(expected, lines[5:]):
                self.assertRegex(line, f'^{pattern}$')
            self.assertIn('CUSTOM HEADERS: NULL', lines)

    def test_error(self):
        self.ok('/addfile', self.job, self.url('gone', status=404), self.windows('gone'))
        self.ok('/resume', self.job)
        self.wait_for_state(self.job, 'ERROR')
        for args in (('/geterror', self.job), ('/info', self.job, '/verbose')):
            self.assertRegex(self.ok(*args).output,
                             r'(?m)^ERROR FILE:    .*\nERROR CODE:    0x80190194 - .+\n'
                             r'ERROR CONTEXT: 0x00000005 - .+')
        self.assertEqual(self.raw('/geterrorcount', self.job), '1')


class Computer(Case):
    def test_peer_caching(self):
        for flags in ('1', '3', '0'):
            self.ok('/peercaching', '/setconfigurationflags', flags)
            self.assertEqual(self.raw('/peercaching', '/getconfigurationflags'), flags)
        self.create()
        self.ok('/peercaching', '/setconfigurationflags', 'job', '2')
        self.assertEqual(self.raw('/getpeercachingflags', 'job'), '2')
        self.assertEqual(self.raw('/peercaching', '/getconfigurationflags', 'job'), '2')

    def test_peers(self):
        self.assertIn('Discovery of peers started.', self.ok('/peers', '/discover').lines)
        self.assertIn('List of peers cleared.', self.ok('/peers', '/clear').lines)
        self.assertEqual(self.ok('/peers', '/list').lines[-1], 'Listed 0 peers.')

    def test_cache(self):
        before = self.raw('/cache', '/getlimit')
        self.ok('/cache', '/setlimit', '7')
        self.assertEqual(self.raw('/cache', '/getlimit'), '7')
        self.ok('/cache', '/setlimit', before)
        before = self.raw('/cache', '/getexpirationtime')
        self.ok('/cache', '/setexpirationtime', '172800')
        self.assertEqual(self.raw('/cache', '/getexpirationtime'), '172800')
        self.ok('/cache', '/setexpirationtime', before)
        self.ok('/cache', '/clear')
        self.assertEqual(self.ok('/cache', '/list', '/verbose').lines[-1],
                         'Listed 0 cache entries.')
        self.refused('/cache', '/info', '{6511FB02-E195-40A2-B595-E8E2F8F47702}',
                     says='Unable to find the cache entry - 0x')
        self.refused('/cache', '/delete', '{6511FB02-E195-40A2-B595-E8E2F8F47702}',
                     says='Unable to delete the cache entry - 0x')
        self.assertIn('No cache entry is of this URL.',
                      self.ok('/cache', '/deleteurl', 'http://localhost/none').lines)

    def test_version(self):
        self.assertRegex(self.raw('/util', '/version'), r'^\d+\.\d$')
        verbose = self.ok('/util', '/version', '/verbose').output
        self.assertRegex(verbose, r'(?m)^qmgr\.dll ')
        self.assertIn('The BITS service can be started.', verbose)

    def test_repair_service(self):
        self.assertIn('The service runs.', self.ok('/util', '/repairservice').lines)

    def test_ie_proxy(self):
        self.ok('/util', '/setieproxy', 'localsystem', 'MANUAL_PROXY', 'one:80,two', '<local>')
        shown = self.ok('/util', '/getieproxy', 'LOCALSYSTEM').lines
        self.assertIn('Manual proxy       true', shown)
        self.assertIn('Proxy list         one:80;two', shown)
        self.assertIn('Proxy bypass list  <local>', shown)
        self.ok('/util', '/setieproxy', 'localsystem', 'AUTODETECT')
        shown = self.ok('/util', '/getieproxy', 'LOCALSYSTEM').lines
        self.assertIn('Manual proxy       false', shown)
        self.assertIn('Autodetect         true', shown)
        self.assertIn('Proxy list         one:80;two', shown)
        self.ok('/util', '/setieproxy', 'localsystem', 'AUTOSCRIPT', 'http://host/proxy.js')
        shown = self.ok('/util', '/getieproxy', 'LOCALSYSTEM').lines
        self.assertIn('Script URL         http://host/proxy.js', shown)
        self.ok('/util', '/setieproxy', 'localsystem', 'RESET')
        shown = self.ok('/util', '/getieproxy', 'LOCALSYSTEM').lines
        self.assertIn('Proxy list         <empty>', shown)
        self.assertIn('Script URL         <empty>', shown)
        self.refused('/util', '/setieproxy', 'localsystem', 'NO_PROXY', '/conn', 'modem',
                     says='not supported')

    def test_analytic_channel(self):
        self.refused('/util', '/enableanalyticchannel', 'TRUE', says='has no event channel')


if __name__ == '__main__':
    main()
