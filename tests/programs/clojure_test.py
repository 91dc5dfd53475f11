#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Clojure makes of geode-jepsen: its EDN read, the Clojure project loaded, its client run.

usage: clojure_test.py GEODE_JEPSEN GEODE_NODE
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

JEPSEN, NODE = sys.argv[1:3]
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, '..', '..', 'jepsen', 'clojure', 'src')
JAR = '/usr/share/java/clojure.jar'
SKIPPED = 77


def clojure(script, *words, stubs=False):
    """Runs a script of tests/programs/clojure with the project's sources."""
    path = [JAR, SOURCES] + ([os.path.join(HERE, 'clojure', 'stubs')] if stubs else [])
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
        for workload in ('register', 'graph'):
            ran = subprocess.run(
                [JEPSEN, 'run', '--loopback', '--store', self.folder, '--workload', workload,
                 '--nodes', '3', '--duration', '3s', '--faults', 'crash,pause', '--seed', '2',
                 '--rate', '100'], capture_output=True, text=True, timeout=120, check=False)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            latest = os.path.join(self.folder, 'latest')
            self.succeeds(clojure('read_history.clj', latest), 'operations')
            self.assert_bites(latest)

    def assert_bites(self, store):
        """The same script refuses the history once its order is broken."""
        broken = os.path.join(self.folder, 'broken')
        shutil.copytree(os.path.realpath(store), broken)
        path = os.path.join(broken, 'history.edn')
        with open(path, encoding='utf-8') as file:
            lines = file.readlines()
        with open(path, 'w', encoding='utf-8') as file:
            file.writelines(lines[1:])
        self.assertEqual(clojure('read_history.clj', broken).returncode, 1)
        shutil.rmtree(broken)

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
