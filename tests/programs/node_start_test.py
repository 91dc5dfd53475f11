#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""geode-node and geode at start and end: what is refused, how, and that nothing was changed.

usage: node_start_test.py GEODE_NODE GEODE
Works in a temporary folder, on loopback, with ports the kernel picks; ends only what it started.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

NODE, SHELL = sys.argv[1:3]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(('127.0.0.1', 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def contents(folder):
    """Every path below `folder` with its bytes."""
    found = {}
    for top, folders, files in os.walk(folder):
        for name in files:
            with open(os.path.join(top, name), 'rb') as file:
                found[os.path.relpath(os.path.join(top, name), folder)] = file.read()
        for name in folders:
            found[os.path.relpath(os.path.join(top, name), folder)] = None
    return found


class NodeStart(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='geode-start-')
        self.data = os.path.join(self.folder, 'data')
        self.client, self.cluster = free_ports(2)
        self.running = []

    def tearDown(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()
            process.stderr.close()
        shutil.rmtree(self.folder)

    def arguments(self, node=1, data=None, client=None, extra=()):
        client = client or self.client
        return [NODE, '--node-id', str(node), '--data-dir', data or self.data, '--member',
                f'{node}=127.0.0.1:{self.cluster},127.0.0.1:{client}', '--log-level', 'off',
                *extra]

    def start(self, **how):
        process = subprocess.Popen(self.arguments(**how), stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.PIPE)
        self.running.append(process)
        self.assertIn('serves clients', process.stdout.readline())
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)

    def shell(self, *words):
        return subprocess.run([SHELL, '--endpoints', f'127.0.0.1:{self.client}', *words],
                              capture_output=True, text=True, timeout=60, check=False)

    def wait_for_leader(self):
        for _ in range(200):
            if self.shell('primary').returncode == 0:
                return
            time.sleep(0.05)
        self.fail('no leader within 10 s')

    def refused(self, words, *expected):
        """Exit 2, one line, and it says what was expected."""
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        for text in expected:
            self.assertIn(text, done.stderr)

    def test_wrong_configuration(self):
        path = os.path.join(self.folder, 'node.yaml')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('cluster:\n  node_id: 1\n  heartbeat: 5\n')
        self.refused([NODE, '--config', path], 'node.yaml:3', 'heartbeat')
        self.refused([NODE, '--config', path + '.absent'], 'node.yaml.absent')
        self.refused([NODE, '--data-dir', self.data], 'node id')
        self.assertFalse(os.path.exists(self.data))

    def test_busy_port(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.refused(self.arguments(client=port), str(port))
        self.assertEqual(contents(self.data), {})

    def test_foreign_directory(self):
        os.mkdir(self.data)
        with open(os.path.join(self.data, 'holiday.jpg'), 'wb') as file:
            file.write(b'not ours')
        before = contents(self.data)
        self.refused(self.arguments(), self.data)
        self.assertEqual(contents(self.data), before)

    def test_directory_of_another_node(self):
        self.stop(self.start())
        before = contents(self.data)
        self.refused(self.arguments(node=2), self.data)
        self.refused(self.arguments(extra=['--cluster-name', 'other']), self.data)
        self.assertEqual(contents(self.data), before)

    def test_directory_in_use(self):
        self.start()
        self.client, self.cluster = free_ports(2)
        self.refused(self.arguments(), 'in use')

    def test_unusable_directory(self):
        path = os.path.join(self.folder, 'file')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('a file, not a directory')
        self.refused(self.arguments(data=path), path)
        self.refused(self.arguments(data=os.path.join(self.folder, 'a', 'b')), 'a/b')

    def test_writes_survive_a_kill_and_a_drain(self):
        csv = os.path.join(self.folder, 'graph')
        os.mkdir(csv)
        with open(os.path.join(csv, 'nodes.csv'), 'w', encoding='utf-8') as file:
            file.write('~id,~label,name:string\n1,person,Ada\n2,person,Grace\n')
        with open(os.path.join(csv, 'edges.csv'), 'w', encoding='utf-8') as file:
            file.write('~id,~from,~to,~label,since:int\n1,1,2,knows,1952\n')
        process = self.start()
        self.wait_for_leader()
        self.assertEqual(self.shell('load', csv, '--no-progress').returncode, 0)
        process.kill()
        process.wait()
        self.assertEqual(self.shell('--timeout', '0.5', 'health').returncode, 2)
        process = self.start()
        self.wait_for_leader()
        self.assertEqual(self.shell('health').returncode, 0)
        self.assertIn('Ada', self.shell('get', '1').stdout)
        incoming = self.shell('neighbors', '2', '--direction', 'in')
        self.assertIn('knows', incoming.stdout)
        self.assertEqual(self.shell('get', '99').returncode, 1)
        self.stop(process)
        self.assertEqual(self.shell('--timeout', '0.5', 'primary').stdout, '')


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
