#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Clojure makes of geode-jepsen: its EDN read, the Clojure project loaded, its client run.

usage: clojure_test.py GEODE_JEPSEN GEODE_NODE GEODE_SIM
Needs Debian's package `clojure`; skipped by name (status 77) without. Jepsen itself is not in
Debian: its namespaces are stand-ins (clojure/stubs), so what needs its behaviour is not tested.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

JEPSEN, NODE, SIM = sys.argv[1:4]
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, '..', '..', 'jepsen', 'clojure', 'src')
JAR = '/usr/share/java/clojure.jar'
SKIPPED = 77


def clojure(script, *words, stubs=False):
    """Runs a script of tests/programs/clojure with the project's sources."""
    path = [JAR, SOURCES, os.path.join(HERE, 'clojure')]
    path += [os.path.join(HERE, 'clojure', 'stubs')] if stubs else []
    # Debian's jar leaves clojure.spec out; it is a package of its own.
    path += [f'/usr/share/java/{name}.jar' for name in ('spec.alpha', 'core.specs.alpha')]
    return subprocess.run(['java', '-cp', ':'.join(path), 'clojure.main',
                           os.path.join(HERE, 'clojure', script), *words], capture_output=True,
                          text=True, timeout=120, check=False)


class Clojure(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='geode-clojure-')

    def tearDown(self):
        shutil.rmtree(self.folder)

    def succeeds(self, done, *expected):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for text in expected:
            self.assertIn(text, done.stdout)

    def test_project_loads(self):
        self.succeeds(clojure('compile_all.clj', stubs=True), 'loaded geode.jepsen.core')

    def test_histories(self):
        workloads = ('register', 'graph', 'append', 'bank')
        for workload in workloads:
            ran = subprocess.run(
                [JEPSEN, 'run', '--loopback', '--store', self.folder, '--workload', workload,
                 '--nodes', '3', '--duration', '1500ms', '--faults', 'crash,pause', '--seed', '2',
                 '--rate', '200'], capture_output=True, text=True, timeout=120, check=False)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        stores = [os.path.join(self.folder, 'geode-' + workload, 'latest')
                  for workload in workloads]
        self.succeeds(clojure('read_history.clj', *stores),
                      *(workload + ' ' for workload in workloads))
        self.assert_bites(stores[0])

    def assert_bites(self, store):
        """The same script refuses the history once its order is broken."""
        path = os.path.join(store, 'history.edn')
        with open(path, encoding='utf-8') as file:
            lines = file.readlines()
        with open(path, 'w', encoding='utf-8') as file:
            file.writelines(lines[1:])
        self.assertEqual(clojure('read_history.clj', store).returncode, 1)

    def test_converted_histories(self):
        # A process that goes on after an unknown outcome, and one that is given up late.
        crash = '''{"process":0,"type":"invoke","f":"F","value":V,"time":1}
{"process":1,"type":"invoke","f":"F","value":V,"time":2}
{"process":1,"type":"info","f":"F","time":3}
{"process":0,"type":"ok","f":"F","value":A,"time":4}
{"process":1,"type":"invoke","f":"F","value":V,"time":5}
{"process":1,"type":"fail","f":"F","time":6}
'''
        written = []
        for model, function, value, answer in (
                ('register', 'cas', '[1,2]', 'null'), ('register', 'read', 'null', '7'),
                ('set', 'read', 'null', '[1,2]'), ('bank', 'read', 'null', '{"0":5,"1":6}'),
                ('bank', 'transfer', '{"from":0,"to":1}', 'null'),
                ('list-append', 'txn', '[["append","x",1]]', '[["append","x",1]]'),
                ('list-append', 'txn', '[["r",1,null]]', '[["r",1,[2,3]]]'),
                ('rw-register', 'txn', '[["w",":k",1]]', '[["w",":k",1]]')):
            events = crash.replace('F', function).replace('V', value).replace('A', answer)
            for notation in ('edn', 'knossos'):
                out = os.path.join(self.folder, f'converted{len(written)}.edn')
                written.append(out)
                done = subprocess.run([SIM, 'convert', '--model', model, '--to', notation, '--out',
                                       out, '-'], input=events, text=True, check=False)
                self.assertEqual(done.returncode, 0)
        self.succeeds(clojure('read_converted.clj', *written),
                      *(f'{out} 6 events read' for out in written))
        with open(written[0], encoding='utf-8') as file:
            broken = file.read().replace(':process 2', ':process 1')
        with open(written[0], 'w', encoding='utf-8') as file:
            file.write(broken)
        self.assertEqual(clojure('read_converted.clj', written[0]).returncode, 1)

    def test_client(self):
        with socket.socket() as one, socket.socket() as other:
            one.bind(('127.0.0.1', 0))
            other.bind(('127.0.0.1', 0))
            client, cluster = one.getsockname()[1], other.getsockname()[1]
        with subprocess.Popen(
                [NODE, '--node-id', '1', '--data-dir', os.path.join(self.folder, 'data'),
                 '--member', f'1=127.0.0.1:{cluster},127.0.0.1:{client}', '--log-level', 'off'],
                stdout=subprocess.DEVNULL) as node:
            try:
                time.sleep(1)
                self.succeeds(clojure('line_client.clj', JEPSEN, f'127.0.0.1:{client}'),
                              'every answer was right')
            finally:
                node.terminate()


def main():
    if not os.path.exists(JAR) or shutil.which('java') is None:
        print('skipped: clojure: ./dev setup clojure installs it')
        return SKIPPED
    return 0 if unittest.main(argv=[sys.argv[0]], exit=False).result.wasSuccessful() else 1


if __name__ == '__main__':
    sys.exit(main())
