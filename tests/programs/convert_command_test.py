#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""geode-sim convert and run --history from outside: files, folders, notes, refusals; recorded
histories keep their verdicts in every notation.

usage: convert_command_test.py GEODE_SIM
"""

import glob
import gzip
import json
import os
import subprocess
import sys
import tempfile
import unittest

EVENTS = '''{:process 0 :type :invoke :value [[:w x 1]]}
{:process 0 :type :ok :value [[:w x 1]]}
{:process 1 :type :invoke :value [[:r x nil]]}
{:process 1 :type :ok :value [[:r x 1]]}
'''
HISTORIES = os.path.join(os.environ.get('GEODE_DATA', '../shared/data'), 'histories')
# Of each collection every so many, with the levels at which verdicts are compared. The notations of
# sessions have no real time.
RECORDED = (('register', 'porcupine/jepsen/*.log', 10, ('',)),
            ('kv', 'porcupine/kv/c01*.txt', 1, ('',)),
            ('register', 'knossos/cas-register/*/*.edn', 25, ('',)),
            ('multi-register', 'knossos/multi-register/*/*.edn', 1, ('',)),
            ('rw-register', 'dbcop/*.hist', 10, ('causal', 'serializable')),
            ('rw-register', 'registers-as-edn/*.edn', 20, ('causal', 'serializable')),
            ('rw-register', 'awdit/histories/tests/*/*.txt', 4, ('causal', 'serializable')),
            ('rw-register', 'polysi/fig7/*/hist-00000/*.gz', 20, ('snapshot-isolation',)),
            ('list-append', 'elle-tests/list-*.edn', 4, ('read-committed', 'serializable', '')),
            ('list-append', 'history-sim/sim*', 3, ('snapshot-isolation', '')),
            ('set-full', 'elle-cli/histories/jepsen/set_full*', 1, ('',)),
            ('bank', 'elle-cli/histories/jepsen/bank*', 2, ('',)))


def run(*arguments, stdin=''):
    done = subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def notations():
    """model -> what it is written as"""
    found, model = {}, ''
    for line in run('list', 'models')[1].splitlines():
        words = line.split()
        if not line.startswith(' '):
            model = words[0]
        elif words[:2] == ['written', 'as']:
            found[model] = words[2:]
    return found


class ConvertCommand(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.events = self.path('events.edn')
        with open(self.events, 'w', encoding='utf-8') as file:
            file.write(EVENTS)

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_to_stdout_with_notes_on_stderr(self):
        status, out, err = run('convert', '--model', 'rw-register', '--to', 'dbcop', self.events)
        self.assertEqual((status, out), (0, '[x:=1]\n---\n[x==1]\n'))
        self.assertEqual(err, f'geode-sim: {self.events}: real time is not told\n')
        status, out, err = run('convert', '--model', 'rw-register', '--to', 'edn', '-',
                               stdin=EVENTS)
        self.assertEqual((status, err), (0, ''))
        self.assertEqual(out.count('\n'), 4)

    def test_to_a_packed_file(self):
        packed = self.path('events.hist.gz')
        self.assertEqual(run('convert', '--model', 'rw-register', '--to', 'dbcop', '--out', packed,
                             self.events)[0], 0)
        with gzip.open(packed, 'rt') as file:
            self.assertEqual(file.read(), '[x:=1]\n---\n[x==1]\n')
        self.assertEqual(run('check', '--model', 'rw-register', packed)[0], 0)

    def test_cobra_goes_to_a_folder_that_is_new_or_empty(self):
        words = ('convert', '--model', 'rw-register', '--to', 'cobra', self.events)
        status, out, err = run(*words)
        self.assertEqual((status, out), (2, ''))
        self.assertIn('--out', err)
        logs = self.path('logs')
        self.assertEqual(run(*words, '--out', logs)[0], 0)
        self.assertEqual(sorted(os.listdir(logs)), ['T0.log', 'T1.log'])
        self.assertEqual(run('check', '--model', 'rw-register', logs)[0], 0)
        status, _, err = run(*words, '--out', logs)
        self.assertEqual(status, 2)
        self.assertIn('new or empty', err)

    def test_what_cannot_be_done_is_said(self):
        for words, expected in (
                (('--model', 'tape', '--to', 'edn'), 'unknown model "tape"'),
                (('--model', 'rw-register', '--to', 'jepsen-log'), 'cannot write the model'),
                (('--model', 'rw-register', '--to', 'edn', '--format', 'x'), 'unknown format'),
                (('--model', 'register', '--to', 'edn', '--initial', '0'), 'only rw-register'),
                (('--model', 'list-append', '--to', 'edn'), ':1: expected a micro-operation'),
                (('--model', 'rw-register', '--to', 'edn', '--out', '/nowhere/x'),
                 'cannot write /nowhere/x')):
            status, out, err = run('convert', *words, self.events)
            self.assertEqual((status, out), (2, ''), words)
            self.assertIn(expected, err)
        both = self.path('both')
        os.mkdir(both)
        for name in ('a.edn', 'b.edn'):
            os.symlink(self.events, os.path.join(both, name))
        status, _, err = run('convert', '--model', 'rw-register', '--to', 'edn', both)
        self.assertEqual(status, 2)
        self.assertIn('expected one history, not 2', err)

    def test_the_initial_value_is_nil_afterwards(self):
        read = '{:type :ok :value [[:r 1 0]]}'
        words = ('convert', '--model', 'rw-register', '--initial', '0', '-', '--to')
        self.assertEqual(run(*words, 'plume', stdin=read)[1], 'r(1,0,0,0)\n')
        self.assertIn('[[:r 1 nil]]', run(*words, 'edn', stdin=read)[1])
        self.assertIn('[[:r 1 0]]', run(*words[:3], *words[5:], 'edn', stdin=read)[1])

    def test_the_initial_value_that_was_written_too(self):
        history = '[y:=0 x:=1]\n---\n[f==0 y==0]\n'
        check = ('check', '--model', 'rw-register', '-')
        words = ('convert', '--model', 'rw-register', '-', '--to', 'edn')
        self.assertEqual(run(*check, stdin=history)[1], '-\tvalid\t\n')
        status, out, err = run(*words, stdin=history)
        self.assertEqual(status, 0)
        self.assertIn('[[:r "f" nil] [:r "y" 0]]', out)
        self.assertIn('to be checked with --initial 0: 1\n', err)
        self.assertEqual(run(*check, '--initial', '0', stdin=out)[1], '-\tvalid\t\n')
        out = run(*words, stdin='[y:=0]\n---\n[f==0]\n')[1]
        self.assertEqual(run(*check, stdin=out)[1], '-\tvalid\t\n')

    def test_a_simulated_run_writes_its_history(self):
        for workload, model in (('register', 'register'), ('append', 'list-append'),
                                ('bank', 'bank')):
            out = self.path(workload + '.edn')
            status, told, err = run('run', '--seed', '7', '--duration', '10s', '--workload',
                                    workload, '--history', out, '--json')
            self.assertEqual(status, 0, err)
            self.assertEqual(run('check', '--model', model, out)[0], 0)
            with open(out, encoding='utf-8') as file:
                invoked = sum(':type :invoke' in line for line in file)
            # Every operation of a client, and the last reads.
            self.assertGreater(invoked, sum(json.loads(told)['ops'].values()))
        status, _, err = run('run', '--seed', '7', '--duration', '2s', '--workload', 'bank',
                             '--history', '/dev/full')
        self.assertEqual(status, 2)
        self.assertIn('--history: cannot write /dev/full', err)
        for words, expected in ((('--workload', 'graph'), 'records no history'),
                                (('--verify',), '--verify')):
            status, _, err = run('run', '--seed', '7', '--history', out, *words)
            self.assertEqual(status, 2)
            self.assertIn(expected, err)

    def test_recorded_histories_keep_their_verdicts(self):
        if not os.path.isdir(HISTORIES):
            self.skipTest(f'{HISTORIES} is not there')
        written = notations()
        compared = 0
        for model, pattern, stride, levels in RECORDED:
            for file in sorted(glob.glob(os.path.join(HISTORIES, pattern)))[::stride]:
                compared += self.compare(model, file, levels, written[model])
        self.assertGreater(compared, 300)

    def compare(self, model, file, levels, formats):
        initial = ('--initial', '0') if '/knossos/' in file else ()
        compared = 0
        expected = {level: self.verdict(model, level, initial, file) for level in levels}
        for name in formats:
            out = tempfile.mktemp(dir=self.folder)
            status, _, err = run('convert', '--model', model, '--to', name, '--out', out, file)
            if status != 0:
                self.assertIn(f'{file}: cannot be written as {name}: ', err)
                continue
            for level in levels:
                self.assertEqual(self.verdict(model, level, initial, out), expected[level],
                                 (file, name, level))
                compared += 1
        return compared

    def verdict(self, model, level, initial, file):
        consistency = ('--consistency', level) if level else ()
        status, out, err = run('check', '--model', model, *consistency, *initial, file)
        self.assertIn(status, (0, 1), err)
        return out.split('\t')[1]


if __name__ == '__main__':
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
