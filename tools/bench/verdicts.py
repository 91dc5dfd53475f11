#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges every recorded history whose verdict is known, and counts where geode-sim agrees.

usage: ./dev bench verdicts [--program build/bin/geode-sim] [--data ../shared/data] [--json]

One row per collection and level: histories judged, verdicts that agree, seconds of all together.
What disagrees is listed below the table. Exit status: 0 all agree, 1 one does not, 2 no data.
Expectations that say more than a model by name (Elle's :transaction-order, :linearizable-keys? or
bare :anomalies) are not judged here; tests/check_txn judges what of them can be.
"""

import argparse
import collections
import glob
import json
import os
import re
import subprocess
import sys
import time

LEVELS = {'rc': 'read-committed', 'ra': 'read-atomic', 'cc': 'causal', 'pc': 'prefix',
          'si': 'snapshot-isolation', 'ser': 'serializable'}

# A case: collection, model, level ('' for the default), further options, file, expected verdict.
Case = collections.namedtuple('Case', 'collection model level options file expected')


def valid(truth):
    return 'valid' if truth else 'invalid'


def single_objects(root):
    folder = f'{root}/porcupine'
    with open(f'{folder}/expected_etcd.txt', encoding='utf-8') as lines:
        for name, verdict in map(str.split, lines):
            yield Case('porcupine/jepsen', 'register', '', (), f'{folder}/jepsen/{name}',
                       valid(verdict == 'ok'))
    for file in sorted(glob.glob(f'{folder}/kv/*.txt')):
        yield Case('porcupine/kv', 'kv', '', (), file, valid(file.endswith('-ok.txt')))
    for model, name in (('register', 'cas-register'), ('multi-register', 'multi-register')):
        for verdict in ('good', 'bad'):
            for file in sorted(glob.glob(f'{root}/knossos/{name}/{verdict}/*.edn')):
                # Knossos starts its registers at 0, but for one family of recordings.
                initial = 'nil' if os.path.basename(file).startswith('rethink-fail') else '0'
                yield Case(f'knossos/{name}', model, '', ('--initial', initial), file,
                           valid(verdict == 'good'))
    for file in sorted(glob.glob(f'{root}/synth-register/*.edn.gz')):
        yield Case('synth-register', 'register', '', (), file, valid('-ok' in file))


def sessions(root):
    """dbcop's and AWDIT's histories, as they are and as EDN: truth by exhaustive search."""
    for collection, below in (('dbcop', ''), ('awdit', 'histories/tests/')):
        with open(f'{root}/{collection}/verdicts_bruteforce.json', encoding='utf-8') as text:
            truths = json.load(text)
        for name, truth in truths.items():
            as_edn = f'{collection}__{os.path.splitext(name)[0].replace("/", "__")}.edn'
            for kind, file in ((collection, f'{root}/{collection}/{below}{name}'),
                               ('registers-as-edn', f'{root}/registers-as-edn/{as_edn}')):
                for short, level in LEVELS.items():
                    if truth.get(short) is not None and os.path.exists(file):
                        yield Case(kind, 'rw-register', level, (), file, valid(truth[short]))
    for file in sorted(glob.glob(f'{root}/polysi/fig7/*/hist-00000/history.bincode.gz')):
        yield Case('polysi/fig7', 'rw-register', 'snapshot-isolation', (), file, 'valid')


def elle(root):
    entry = re.compile(r':file "([^"]+)"')
    for folder, name in (('history-sim', 'expected-sim.edn'), ('elle-tests', 'expected.edn')):
        path = f'{root}/{folder}/{name}'
        with open(path, encoding='utf-8') as lines:
            for line in lines:
                file, truth = entry.search(line), re.search(r':valid\? (true|false)', line)
                if file is None or truth is None:
                    continue
                level = re.search(r':model :([a-z-]+)' if folder == 'history-sim'
                                  else r':opts \{:consistency-models \[:([a-z-]+)\]\}', line)
                if level is None and ':opts {}' not in line:
                    continue
                if file[1].startswith('rw-register-043'):
                    continue  # one process has two transactions at once there: no history
                model = 'rw-register' if file[1].startswith('rw-') else 'list-append'
                yield Case(folder, model, level[1] if level else '', (),
                           f'{root}/{folder}/{file[1]}', valid(truth[1] == 'true'))


def examples(root):
    base = f'{root}/elle-cli/histories'
    for model, file, options, expected in (
            ('list-append', 'elle/paper-example.edn', (), False),
            ('list-append', 'elle/paper-example.json', (), False),
            ('list-append', 'elle/list-append-gh-30.edn', ('--consistency', 'serializable'), False),
            # Called valid there, though nobody wrote the 3 that is read.
            ('rw-register', 'elle/rw-register.edn', (), False),
            ('rw-register', 'elle/rw-register.json', (), False),
            ('counter', 'jepsen/counter.edn', ('--consistency', 'bounds'), True),
            ('counter', 'jepsen/counter.json', ('--consistency', 'bounds'), True),
            ('set', 'jepsen/set.edn', ('--consistency', 'final-read'), True),
            ('set-full', 'jepsen/set_full.edn', (), False),
            ('set-full', 'jepsen/set_full.json', (), False),
            ('bank', 'jepsen/bank.edn', (), True),
            ('bank', 'jepsen/bank.json', (), True),
            ('bank', 'jepsen/bank-tidb.edn', (), False),
            ('bank', 'jepsen/bank-neg.edn', ('--consistency', 'total'), True),
            ('bank', 'jepsen/bank-negative-balances.json', (), False),
            ('long-fork', 'jepsen/long-fork.edn', (), False),
            ('comments', 'custom/comments.edn', (), False)):
        yield Case('elle-cli', model, '', options, f'{base}/{file}', valid(expected))


def judge(program, case):
    words = [program, 'check', '--model', case.model, *case.options]
    if case.level:
        words += ['--consistency', case.level]
    done = subprocess.run([*words, case.file], capture_output=True, text=True, check=False)
    columns = done.stdout.rstrip('\n').split('\t')
    return (columns[1], columns[2]) if len(columns) == 3 else ('error', done.stderr.strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', default='build/bin/geode-sim')
    parser.add_argument('--data', default=os.environ.get('GEODE_DATA', '../shared/data'))
    parser.add_argument('--json', action='store_true', help='one object per row')
    asked = parser.parse_args()
    root = f'{asked.data}/histories'
    if not os.path.isdir(root):
        print(f'skipped: {root} is not there', file=sys.stderr)
        return 2
    rows, wrong = {}, []
    for case in [*single_objects(root), *sessions(root), *elle(root), *examples(root)]:
        if not os.path.exists(case.file):
            continue
        begin = time.monotonic()
        verdict, words = judge(asked.program, case)
        row = rows.setdefault((case.collection, case.model), [0, 0, 0.0])
        row[0] += 1
        row[1] += verdict == case.expected
        row[2] += time.monotonic() - begin
        if verdict != case.expected:
            wrong.append((case, verdict, words))
    if not asked.json:
        print(f'{"collection":20} {"model":16} {"verdicts":>8} {"agree":>6} {"seconds":>8}')
    for (collection, model), (count, agree, seconds) in rows.items():
        if asked.json:
            print(json.dumps({'collection': collection, 'model': model, 'verdicts': count,
                              'agree': agree, 'seconds': round(seconds, 3)}))
        else:
            print(f'{collection:20} {model:16} {count:8} {agree:6} {seconds:8.2f}')
    for case, verdict, words in wrong:
        print(f'disagrees: {case.file} at {case.level or "the default"}: expected '
              f'{case.expected}, is {verdict} ({words[:160]})', file=sys.stderr)
    total, agree = sum(row[0] for row in rows.values()), sum(row[1] for row in rows.values())
    print(f'{agree} of {total} verdicts agree', file=sys.stderr if asked.json else sys.stdout)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
