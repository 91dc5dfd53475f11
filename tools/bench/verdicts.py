#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges every recorded history whose verdict is known, and counts where geode-sim agrees.

usage: ./dev bench verdicts [--program build/bin/geode-sim] [--data ../shared/data] [--json]

One row per collection and level: histories judged, verdicts that agree, seconds of all together.
What disagrees is listed below the table. Exit status: 0 all agree, 1 one does not, 2 no data.

Of the checks in Elle's unit tests these are not judged, because they are not about the history
alone:

  :transaction-order       a serial order that the test hands in: nothing of it was recorded
  :sequential-keys? with   takes each process's view of a register for the order of its writes; what
  bare :anomalies          any order of them shows is all that is judged here
  rw-register-043          one process has two transactions at once: no history

:linearizable-keys? and :sequential-keys? beside a level need no such hint: the search tries all
orders. Where Elle says unknown because no transaction depends on another
(:empty-transaction-graph), valid is right; where it trusts reads of what nobody wrote, invalid is.
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


# What registers hold before the first write in some of Elle's tests, and the ones whose verdict
# there trusts reads of what nobody wrote.
ELLE_INITIAL = {'rw-register-030': '0', 'rw-register-041': '1'}
ELLE_GARBAGE = ('rw-register-032',)


def elle_case(root, line):
    """The case that a line of expected.edn is, or nothing."""
    file = re.search(r':file "([^"]+)"', line)[1]
    verdict = re.search(r':valid\? (true|false|:unknown)', line)
    options = re.search(r':opts \{(.*?)\}, :contexts', line)[1]
    level = re.search(r':consistency-models \[:([a-z-]+)\]', options)
    anomalies = re.search(r':anomalies \[([^\]]+)\]', options)
    number = '-'.join(file.split('-')[:3])
    if verdict is None or ':transaction-order' in options or number == 'rw-register-043':
        return None
    if anomalies and ':sequential-keys?' in options:
        return None
    words = []
    if anomalies:
        words += ['--anomalies', ','.join(name.lstrip(':') for name in anomalies[1].split())]
    if number in ELLE_INITIAL:
        words += ['--initial', ELLE_INITIAL[number]]
    unknown = verdict[1] == ':unknown' and ':empty-transaction-graph' in line
    expected = verdict[1] == 'true' or unknown
    return Case('elle-tests', 'rw-register' if file.startswith('rw-') else 'list-append',
                level[1] if level else '', tuple(words), f'{root}/elle-tests/{file}',
                valid(expected and number not in ELLE_GARBAGE))


def elle(root):
    with open(f'{root}/history-sim/expected-sim.edn', encoding='utf-8') as lines:
        for line in lines:
            file, truth = re.search(r':file "([^"]+)"', line), re.search(r':valid\? (\w+)', line)
            level = re.search(r':model :([a-z-]+)', line)
            if file and truth and level:
                yield Case('history-sim', 'list-append', level[1], (),
                           f'{root}/history-sim/{file[1]}', valid(truth[1] == 'true'))
    with open(f'{root}/elle-tests/expected.edn', encoding='utf-8') as lines:
        for line in lines:
            case = elle_case(root, line) if ':file' in line else None
            if case is not None:
                yield case


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
        words_asked = ' '.join((case.level or 'the default', *case.options))
        print(f'disagrees: {case.file} at {words_asked}: expected '
              f'{case.expected}, is {verdict} ({words[:160]})', file=sys.stderr)
    total, agree = sum(row[0] for row in rows.values()), sum(row[1] for row in rows.values())
    print(f'{agree} of {total} verdicts agree', file=sys.stderr if asked.json else sys.stdout)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
