#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""geode-sim check from outside: lines, exit statuses, gzip, stdin, JSON and pictures.

usage: check_command_test.py GEODE_SIM
"""

import gzip
import json
import os
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest
import xml.etree.ElementTree

GOOD = '''{:process 0 :type :invoke :f :write :value 1}
{:process 0 :type :ok :f :write :value 1}
{:process 1 :type :invoke :f :read}
{:process 1 :type :ok :f :read :value 1}
'''
BAD = GOOD.replace(':read :value 1', ':read :value 2')


def check(*arguments, stdin=''):
    done = subprocess.run([PROGRAM, 'check', *arguments], input=stdin, capture_output=True,
                          text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


class CheckCommand(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.good = self.write('good.edn', GOOD.encode())
        self.bad = self.write('bad.edn', BAD.encode())

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(data)
        return path

    def test_one_line_per_file_and_status_1_if_any_is_invalid(self):
        status, out, _ = check('--model', 'register', self.good, self.bad)
        lines = [line.split('\t') for line in out.splitlines()]
        self.assertEqual(status, 1)
        self.assertEqual([line[:2] for line in lines],
                         [[self.good, 'valid'], [self.bad, 'invalid']])
        self.assertIn('nobody writes that value', lines[1][2])
        self.assertEqual(check('--model', 'register', self.good)[0], 0)

    def test_bad_input_is_status_2_and_does_not_stop_the_rest(self):
        broken = self.write('broken.edn', b'{:process 0 :type :dance}')
        status, out, err = check('--model', 'register', broken, self.good)
        self.assertEqual(status, 2)
        self.assertEqual(out, f'{self.good}\tvalid\t\n')
        self.assertIn(f'{broken}:1: expected ', err)

    def test_wrong_words_are_refused_before_a_file_is_read(self):
        for words, expected in ((['--model', 'tape'], 'unknown model "tape"; there are: register'),
                                (['--model', 'register', '--consistency', 'x'], 'linearizable'),
                                (['--model', 'register', '--format', 'x'], 'auto'),
                                (['--model', 'list-append', '--anomalies', 'G0,x'], 'G1c'),
                                (['--model', 'list-append', '--consistency', 'serializable',
                                  '--anomalies', 'G0'], 'excludes'),
                                (['--model', 'register', '--memory', '3X'], '512M')):
            status, out, err = check(*words, self.good)
            self.assertEqual((status, out), (2, ''))
            self.assertIn(expected, err)

    def test_a_model_of_ones_own(self):
        model = self.write('flip.model', b'initial 0\n0 write -> 1\n1 read = 1 -> same\n')
        self.assertEqual(check('--model', 'file', '--model-file', model, self.good)[0], 0)
        self.assertEqual(check('--model', 'file', '--model-file', model, self.bad)[0], 1)
        status, _, err = check('--model', 'file', self.good)
        self.assertEqual(status, 2)
        self.assertIn('--model-file', err)
        wrong = self.write('wrong.model', b'initial 0\n0 write 1\n')
        status, _, err = check('--model', 'file', '--model-file', wrong, self.good)
        self.assertEqual(status, 2)
        self.assertIn(':2: expected', err)

    def test_anomalies_by_name(self):
        skew = self.write('skew.edn', b'''{:type :ok :value [[:r :x []] [:append :y 1]]}
{:type :ok :value [[:r :y []] [:append :x 1]]}
''')
        self.assertEqual(check('--model', 'list-append', '--anomalies', 'G0,G1', skew)[0], 0)
        status, out, _ = check('--model', 'list-append', '--anomalies', 'G1,G2-item', skew)
        self.assertEqual(status, 1)
        self.assertIn('\tinvalid\tG2-item: write skew', out)

    def test_gzip_and_stdin(self):
        packed = self.write('bad.edn.gz', gzip.compress(BAD.encode()))
        self.assertEqual(check('--model', 'register', packed)[0], 1)
        self.assertEqual(check('--model', 'register', '-', stdin=BAD)[0], 1)
        cut = self.write('cut.edn.gz', gzip.compress(BAD.encode())[:-9])
        status, _, err = check('--model', 'register', cut)
        self.assertEqual(status, 2)
        self.assertIn('cut short', err)

    def test_folders_and_archives_hold_histories_and_cobra_logs_make_one(self):
        def log(*events):
            return b''.join(bytes([tag]) + struct.pack(f'>{len(numbers)}q', *numbers)
                            for tag, *numbers in events)
        initial = 0xbebeebee
        skew = {f'hist/T{session}.log':
                log((ord('S'), session), (ord('R'), initial, initial, session, 0),
                    (ord('W'), 1, 1 - session, 5), (ord('C'), session)) for session in (0, 1)}
        for name, data in skew.items():
            os.makedirs(os.path.join(self.folder, 'folder/hist'), exist_ok=True)
            self.write(f'folder/{name}', data)
        packed = os.path.join(self.folder, 'packed.tar.gz')
        with tarfile.open(packed, 'w:gz') as archive:
            archive.add(os.path.join(self.folder, 'folder/hist'), 'hist')
            archive.add(self.good, 'good.edn')
        folder = os.path.join(self.folder, 'folder')
        for path in (folder, os.path.join(folder, 'hist')):
            status, out, _ = check('--model', 'rw-register', path)
            self.assertEqual((status, out.split('\t')[:2]), (1, [folder + '/hist', 'invalid']))
            self.assertIn('G2-item', out)
            self.assertEqual(check('--model', 'rw-register', '--consistency',
                                   'snapshot-isolation', path)[0], 0)
        status, out, err = check('--model', 'register', packed)
        self.assertEqual((status, out), (2, f'{packed}/good.edn\tvalid\t\n'))
        self.assertIn(f'{packed}/hist: expected one file', err)

    def test_json_names_the_operations(self):
        status, out, _ = check('--model', 'register', '--json', self.good, self.bad)
        good, bad = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(status, 1)
        self.assertEqual((good['verdict'], good['anomaly'], good['anomalies']), ('valid', '', []))
        self.assertEqual(bad['anomalies'][0]['operations'], [1])
        self.assertIn(1, [operation['index'] for operation in bad['operations']])

    def test_the_budget_is_counted_and_exceeding_it_is_told(self):
        # Two writes of one value keep the zone check away, so that there is something to search.
        events = ''.join(f'{{:process {process} :type :{kind} :f :write :value 1}}\n'
                         for kind in ('invoke', 'ok') for process in range(6))
        wide = self.write('wide.edn', events.encode())
        status, out, _ = check('--model', 'register', '--steps', '2', wide)
        self.assertEqual(status, 1)
        self.assertIn('\tunknown\t', out)
        self.assertIn('the limit of 2 steps', out)

    def test_pictures_are_well_formed_and_do_not_overwrite_each_other(self):
        pictures = os.path.join(self.folder, 'pictures')
        check('--model', 'register', '--draw', pictures, self.good, self.bad, self.bad)
        self.assertEqual(sorted(os.listdir(pictures)), ['bad.edn-2.svg', 'bad.edn.svg'])
        tree = xml.etree.ElementTree.parse(os.path.join(pictures, 'bad.edn.svg'))
        self.assertEqual(tree.getroot().tag, '{http://www.w3.org/2000/svg}svg')


if __name__ == '__main__':
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
