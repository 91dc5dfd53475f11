#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""geode-jepsen against real processes: every fault it can inject here has an effect, and is judged.

usage: jepsen_test.py GEODE_JEPSEN GEODE_NODE SCHEDULE [--loopback]
Without --loopback the nodes run in network namespaces; skipped by name (status 77) where those
cannot be had. Works in a temporary folder, on addresses that only exist in its own namespaces.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

JEPSEN, NODE, SCHEDULE = sys.argv[1:4]
LOOPBACK = '--loopback' in sys.argv
SKIPPED = 77
# A process is what it always was; these need no network of our own.
ANYWHERE = {'crash', 'pause'}


def run(store, *words):
    words = [JEPSEN, 'run', '--store', store, '--json', *words]
    if LOOPBACK:
        words.append('--loopback')
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)


class Harness(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='geode-jepsen-')

    def tearDown(self):
        shutil.rmtree(self.folder)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def check_store(self, workload):
        latest = self.path('latest')
        self.assertEqual(os.path.realpath(latest),
                         os.path.realpath(self.path('geode-' + workload, 'latest')))
        for name in ('history.edn', 'results.edn', 'results.json', 'schedule.json', 'rate.svg',
                     'latency-raw.svg', 'timeline.html', 'nodes/n1.log'):
            self.assertGreater(os.path.getsize(os.path.join(latest, name)), 0, name)
        self.assertFalse(os.path.exists(os.path.join(latest, 'nodes', 'n1')), 'data of a pass')
        judged = subprocess.run([JEPSEN, 'analyze', latest], capture_output=True, text=True,
                                timeout=60, check=False)
        self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)
        self.assertIn('\tvalid\t', judged.stdout)

    def test_every_fault(self):
        done = run(self.folder, '--schedule', SCHEDULE, '--rate', '100')
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = json.loads(done.stdout)
        self.assertGreater(result['ops']['ok'], 100)
        with open(SCHEDULE, encoding='utf-8') as file:
            asked = {fault['kind'] for fault in json.load(file)['faults']}
        injected = {kind for kind, effect in result['faults'].items() if effect['injected']}
        left_out = set(result['not_injected'])
        self.assertEqual(asked - injected, asked & left_out, 'neither injected nor said to be not')
        self.assertLessEqual(ANYWHERE, injected)
        # Whether a write is torn, or a name new enough to be lost, is a matter of luck.
        silent = {kind for kind in injected if result['faults'][kind]['observed'] == 0}
        self.assertLessEqual(silent, {'torn_write', 'lost_names'}, 'injected without any effect')
        if LOOPBACK:
            self.assertEqual(result['network'], 'loopback')
            self.assertIn('partition', left_out)
        else:
            self.assertEqual(result['network'], 'namespaces')
        self.check_store('register')

    def test_graph(self):
        done = run(self.folder, '--workload', 'graph', '--nodes', '3', '--concurrency', '3',
                   '--duration', '3s', '--faults', 'crash,pause', '--seed', '2', '--rate', '200')
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreater(json.loads(done.stdout)['ops']['ok'], 50)
        self.check_store('graph')

    def test_transactions(self):
        """The one here, the other there: both are the same but for what a transaction does."""
        workload = 'bank' if LOOPBACK else 'append'
        done = run(self.folder, '--workload', workload, '--nodes', '3', '--concurrency', '3',
                   '--duration', '1500ms', '--faults', 'crash,pause', '--seed', '2', '--rate',
                   '200')
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = json.loads(done.stdout)
        self.assertGreater(result['ops']['ok'], 50)
        self.assertEqual(result['anomalies'], [])
        self.check_store(workload)

    def judged(self, script):
        """The verdict on nodes that are a shell script."""
        program = self.path('node.sh')
        with open(program, 'w', encoding='utf-8') as file:
            file.write('#!/bin/sh\n' + script + '\n')
        os.chmod(program, 0o755)
        done = run(self.folder, '--nodes', '3', '--duration', '8s', '--faults', 'none',
                   '--liveness-bound', '1s', '--node-binary', program)
        return done.returncode, json.loads(done.stdout)

    @unittest.skipUnless(LOOPBACK, 'the same in namespaces')
    def test_node_that_dies(self):
        status, result = self.judged(
            f'case "$*" in *"--node-id 2 "*) (sleep 2; kill -ABRT $$) & esac; exec {NODE} "$@"')
        self.assertEqual((status, result['verdict']), (4, 'crash'))
        self.assertIn('n2 ended by itself with signal 6', result['explanation'])
        self.assertTrue(os.path.isdir(self.path('latest', 'nodes', 'n2', 'data')), 'evidence')

    @unittest.skipUnless(LOOPBACK, 'the same in namespaces')
    def test_nodes_that_never_lead(self):
        status, result = self.judged('exec sleep 60')
        self.assertEqual((status, result['verdict']), (3, 'no_liveness'))
        self.assertIn('no leader', result['explanation'])

    def test_interrupted(self):
        """A signal ends the faults, not the judgement; and no process stays behind."""
        words = [JEPSEN, 'run', '--store', self.folder, '--json', '--nodes', '3', '--duration',
                 '10m', '--faults', 'none'] + (['--loopback'] if LOOPBACK else [])
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as harness:
            log = self.path('latest', 'nodes', 'n1.log')
            for _ in range(200):
                if os.path.exists(log) and os.path.getsize(log) > 0:
                    break
                time.sleep(0.05)
            time.sleep(1)
            harness.send_signal(signal.SIGINT)
            said, complaints = harness.communicate(timeout=60)
        self.assertEqual(harness.returncode, 0, said + complaints)
        self.assertNotIn(f'of harness {harness.pid},', self.cleanup())

    def test_killed(self):
        """The nodes of a harness that is killed die with it."""
        words = [JEPSEN, 'run', '--store', self.folder, '--nodes', '1', '--duration', '10m',
                 '--faults', 'none'] + (['--loopback'] if LOOPBACK else [])
        with subprocess.Popen(words, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as harness:
            children = f'/proc/{harness.pid}/task/{harness.pid}/children'
            nodes = []
            for _ in range(200):
                with open(children, encoding='utf-8') as file:
                    nodes = [pid for pid in file.read().split() if self.is_node(pid)]
                if nodes:
                    break
                time.sleep(0.05)
            self.assertTrue(nodes, 'no node was started within 10 s')
            harness.kill()
        for _ in range(100):
            if not any(self.is_node(pid) for pid in nodes):
                return
            time.sleep(0.05)
        self.fail('a node outlived its harness')

    def cleanup(self):
        done = subprocess.run([JEPSEN, 'cleanup'], capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_cleanup(self):
        """A process that says it belongs to a harness which is gone is ended, no other."""
        gone = subprocess.Popen(['true'])
        gone.wait()
        mark = 'GEODE_JEPSEN_HARNESS='
        with subprocess.Popen(['env', f'{mark}{gone.pid}', 'sleep', '60']) as stale, \
                subprocess.Popen(['env', f'{mark}{os.getpid()}', 'sleep', '60']) as owned:
            time.sleep(0.2)
            self.cleanup()
            self.assertEqual(stale.wait(10), -signal.SIGKILL)
            self.assertIsNone(owned.poll())
            owned.kill()

    @staticmethod
    def is_node(pid):
        try:
            with open(f'/proc/{pid}/cmdline', 'rb') as file:
                return b'geode-node' in file.read().split(b'\0')[0]
        except OSError:
            return False

    def test_wrong_usage(self):
        for words in (['--workload', 'queue'], ['--faults', 'earthquake'], ['--duration', 'long'],
                      ['--schedule', self.path('absent.json')], ['--nodes', '0'],
                      ['--node-binary', self.path('absent')]):
            done = run(self.folder, *words)
            self.assertEqual(done.returncode, 2, words)
            self.assertTrue(done.stderr.strip(), words)


def main():
    if not LOOPBACK:
        probe = subprocess.run([JEPSEN, 'probe'], capture_output=True, text=True, timeout=60,
                               check=False)
        lines = dict(line.split(None, 1) for line in probe.stdout.splitlines() if ' ' in line)
        for needed in ('namespaces', 'nftables', 'htb'):
            if not lines.get(needed, '').startswith('yes'):
                print(f'skipped: {needed}: {lines.get(needed)}')
                return SKIPPED
    return 0 if unittest.main(argv=[sys.argv[0]], exit=False).result.wasSuccessful() else 1


if __name__ == '__main__':
    sys.exit(main())
